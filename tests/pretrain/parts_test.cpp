#include <opad/evaluate/mini_world.hpp>
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
