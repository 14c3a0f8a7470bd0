#include <opad/evaluate/mini_world.hpp>
#include <opad/evaluate/sprite_attributes.hpp>
#include <opad/pretrain/teacher.hpp>
#include <opad/pretrain/vae.hpp>
#include <opad/text/clip_tokenizer.hpp>
#include <opad/text/word_tokenizer.hpp>

#include "programs/program.hpp"
#include "support/catch.hpp"

using namespace opad;

TEST_CASE("save_word_tokenizer gives every word one token, and spells what it does not know", "[pretrain][text]") {
  const ScratchFolder scratch;
  const auto words = sprite_vocabulary();
  const auto size = save_word_tokenizer(scratch / "tokenizer", words, 32);
  const auto tokenizer = ClipTokenizer::from_pretrained(scratch / "tokenizer");
  REQUIRE(tokenizer.size() == size);
  std::set<std::int64_t> ids;
  for (const auto& word : words) {
    INFO(word);
    const auto found = tokenizer.tokenize(word);
    REQUIRE(found.size() == 1);
    ids.insert(found[0]);
  }
  REQUIRE(ids.size() == words.size());
  REQUIRE(tokenizer.tokenize("zeppelin").size() > 1);
  REQUIRE(tokenizer({"a photo of a cat"}).sizes() == at::IntArrayRef{1, 32});
}

TEST_CASE("Every caption and evaluation prompt of the mini world fits into its context", "[pretrain][text]") {
  const ScratchFolder scratch;
  save_word_tokenizer(scratch / "tokenizer", sprite_vocabulary(), 32);
  const auto tokenizer = ClipTokenizer::from_pretrained(scratch / "tokenizer");
  Stream stream = Random(1).stream("captions");
  for (int i = 0; i < 2000; ++i) {
    const auto caption = sprites::caption(sprites::sample_sprite(stream), stream);
    INFO(caption);
    REQUIRE(tokenizer.tokenize(caption).size() <= 30);
  }
}

TEST_CASE("PatchCodec's latents are the patches' principal components, scaled by variance^-1/4", "[pretrain][vae]") {
  const Tensor images = render_batch(sample_sprites(64, Random(3).stream("sprites"), sprites::Edition::First));
  const auto whole = PatchCodec::fit(images, 4, 48);
  const Tensor latents = whole.encode(images).permute({0, 2, 3, 1}).reshape({-1, 48}).to(torch::kFloat64);
  const Tensor centred = latents - latents.mean(0),
               covariance = centred.t().mm(centred) / static_cast<double>(latents.size(0));
  const Tensor variances = at::diag(covariance);
  SECTION("channels are uncorrelated") {
    const Tensor off = covariance - at::diag(variances);
    REQUIRE(off.abs().max().item<double>() < 1e-3 * variances.max().item<double>());
  }
  SECTION("variances are square roots of those of the components, which add up to the patches' own") {
    const Tensor patches = at::pixel_unshuffle(images, 4).permute({0, 2, 3, 1}).reshape({-1, 48}).to(torch::kFloat64);
    const double total = (patches - patches.mean(0)).square().sum(1).mean().item<double>();
    REQUIRE(std::abs(variances.square().sum().item<double>() / total - 1) < 1e-4);
  }
  SECTION("all channels together give the picture back") {
    REQUIRE((whole.decode(whole.encode(images)) - images).abs().max().item<double>() < 1e-3);
  }
  SECTION("fewer channels are the first of them") {
    REQUIRE(at::allclose(PatchCodec::fit(images, 4, 5).encode(images).abs(), whole.encode(images).narrow(1, 0, 5).abs(),
                         1e-4, 1e-4));
  }
}

TEST_CASE("The learning rate of a pretraining rises, stays, and falls to zero", "[pretrain]") {
  PretrainSettings s{.steps = 100, .warmup = 9, .decay_share = 0.5};
  REQUIRE(s.rate(0) == Approx(0.1));
  REQUIRE(s.rate(20) == 1.0);
  REQUIRE(s.rate(75) == Approx(0.5));
  REQUIRE(s.rate(99) < 0.001);
}

TEST_CASE("From 64 pixels on the mini world has the second edition's concepts, drawn so", "[pretrain][sprites]") {
  const ScratchFolder scratch;
  for (const auto& [resolution, part, count] : {std::tuple{32, MiniWorldPart::Development, 6},
                                                {32, MiniWorldPart::Evaluation, 6},
                                                {64, MiniWorldPart::Development, 8},
                                                {64, MiniWorldPart::Evaluation, 24}}) {
    const auto folder = scratch / c10::str(resolution, "-", count, "-", static_cast<int>(part));
    const Protocol protocol = mini_world(part, folder, resolution);
    CAPTURE(resolution, static_cast<int>(part));
    REQUIRE(protocol.subjects.size() == static_cast<std::size_t>(count));
    const auto edition = sprites::edition_of(resolution);
    for (const auto& subject : protocol.subjects) {
      const auto& thing = sprites::held_out_named(subject.name, edition);
      REQUIRE(thing.evaluation == (part == MiniWorldPart::Evaluation));
      REQUIRE(at::equal(read_image(subject.folder / "01.png"), sprites::render(photographs(thing)[0], resolution)));
    }
  }
}

TEST_CASE("The faster type of this machine is measured, and leaves no trace", "[pretrain][core]") {
  for (const bool half : {false, true}) {
    const TypeCost cost = measured_cost(half, 1);
    REQUIRE((cost.convolution > 0 && cost.product > 0));
    REQUIRE((cost.convolution < 60 && cost.product < 60));
  }
  const auto type = fastest_type(torch::kCPU);
  REQUIRE((type == "float32" || type == "bfloat16"));
  REQUIRE_FALSE(at::autocast::is_autocast_enabled(torch::kCPU));
  REQUIRE(fastest_type(torch::kCUDA) == "bfloat16");
}

TEST_CASE("A pretraining's type is measured once: a run that goes on keeps its own", "[pretrain][core]") {
  const ScratchFolder scratch;
  PretrainSettings s{.output = scratch / "run", .resume = true};
  s.choose_dtype();
  REQUIRE((s.dtype == "float32" || s.dtype == "bfloat16"));
  for (const std::string type : {"float32", "bfloat16"}) {
    write_json(scratch / "run" / "config.json", {{"options", {{"dtype", type}}}});
    PretrainSettings again{.output = scratch / "run", .resume = true};
    again.choose_dtype();
    REQUIRE(again.dtype == type);
  }
  PretrainSettings told{.dtype = "float32"};
  told.choose_dtype();
  REQUIRE(told.dtype == "float32");
}

TEST_CASE("Min-SNR weights of velocities: min(SNR, gamma) / (SNR + 1), mean 1, never below a share of the largest",
          "[pretrain][teacher]") {
  const Tensor alpha_bar = torch::tensor({0.9, 0.5, 0.001}, torch::kFloat64);  // SNR 9, 1, 0.001
  const Tensor weights = opad::detail::min_snr_weights(alpha_bar, 5, 0);
  REQUIRE(weights.mean().item<double>() == Approx(1));
  REQUIRE(weights[0].item<double>() / weights[1].item<double>() == Approx((5. / 10) / (1. / 2)));
  REQUIRE(weights[2].item<double>() / weights[1].item<double>() == Approx(0.001 / 0.5));
  const Tensor raised = opad::detail::min_snr_weights(alpha_bar, 5, 0.1);
  REQUIRE(raised[2].item<double>() / raised[1].item<double>() == Approx(0.1));
}

TEST_CASE("A finished decoder's loss of features is zero on equal pictures and has a gradient", "[pretrain][vae]") {
  AttributeReaderConfig c;
  c.img_size = 64, c.channels = {8, 16};
  AttributeReader eye(c, sprite_attribute_words());
  fill_random(eye, Random(1));
  const Tensor images = render_batch(sample_sprites(3, Random(3).stream("sprites"), sprites::Edition::Second));
  REQUIRE(images.sizes() == Shape{3, 3, 64, 64});
  REQUIRE(opad::detail::perceptual_distance(eye, images, images).item<double>() == 0);
  const Tensor blurred = at::avg_pool2d(images, 3, 1, 1).requires_grad_(true);
  const Tensor distance = opad::detail::perceptual_distance(eye, blurred, images);
  REQUIRE(distance.item<double>() > 0);
  distance.backward();
  REQUIRE(blurred.grad().abs().sum().item<double>() > 0);
}
