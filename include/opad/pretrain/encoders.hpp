#pragma once
#include <opad/adversarial/augmentation/noise.hpp>
#include <opad/adversarial/augmentation/translation.hpp>
#include <opad/encoder/dino.hpp>
#include <opad/encoder/identity_encoder.hpp>
#include <opad/evaluate/sprite_attributes.hpp>
#include <opad/pretrain/mini_world.hpp>
#include <opad/pretrain/pretraining.hpp>
#include <opad/pretrain/sprite_batch.hpp>
#include <opad/space/features.hpp>

namespace opad {

namespace detail {

/// Pictures in [-1, 1] as an encoder of the training wants them: through the mean and deviation of its Backbone.
template <class B>
Tensor normalised_for(const Tensor& image) {
  return Normalised::apply<B>(image);
}

/// What pictures go through on their way to an encoder in training, so that its features do not hang on single pixels:
/// a shift by up to 2 pixels, noise.  [B, 3, H, W]
inline Tensor roughened(const Tensor& image, const PretrainStep& step, const std::string& name) {
  return augment(Translation{.share = 0.0625, .reflect = true}, Noise{.sigma = 0.1})(
      image, [&](std::string_view change) { return step.stream(c10::str(name, "/", change)); });
}

/// Two pictures of each of `count` things, in different places: [2 count, 3, H, W], first views first, and their
/// sprites.
inline std::pair<Tensor, std::vector<sprites::Sprite>> two_views(std::int64_t count, Stream stream,
                                                                 sprites::Edition edition) {
  std::vector<sprites::Sprite> first, second;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto thing = sprites::sample_identity(stream, edition);
    first.push_back(sprites::sample_view(thing, stream, edition));
    second.push_back(sprites::sample_view(thing, stream, edition));
  }
  first.insert(first.end(), second.begin(), second.end());
  return {render_batch(first), first};
}

/// Cross-entropy of finding each row's partner among all rows of the other side, both ways.  a, b [N, D], of unit
/// length
inline Tensor matching_loss(const Tensor& a, const Tensor& b, const Tensor& scale) {
  const Tensor logits = scale * a.mm(b.t()),
               own = torch::arange(a.size(0), torch::TensorOptions().dtype(torch::kInt64).device(a.device()));
  return 0.5 * (at::cross_entropy_loss(logits, own) + at::cross_entropy_loss(logits.t(), own));
}

inline Tensor unit(const Tensor& x) { return x / x.norm(2, -1, true).clamp_min(1e-6); }

/// preprocessor_config.json of an encoder that takes the mini world's pictures as they are.
template <class B>
Json preprocessor_config(std::int64_t resolution) {
  const Json side = {{"height", resolution}, {"width", resolution}};
  return {{"size", {{"shortest_edge", resolution}}},
          {"crop_size", side},
          {"resample", 3},
          {"image_mean", B::mean},
          {"image_std", B::deviation}};
}

/// The share of rows whose partner is the most similar one.
inline double matched(const Tensor& a, const Tensor& b) {
  const Tensor best = unit(a).mm(unit(b).t()).argmax(1);
  return best.eq(torch::arange(a.size(0), best.options())).to(torch::kFloat64).mean().item<double>();
}

/// The features' three main directions as colours, patch by patch: what an encoder tells apart.
inline Tensor pictures_beside(const Tensor& images, const Tensor& tokens, std::int64_t patches) {
  const Tensor flat = tokens.flatten(0, 1), centred = flat - flat.mean(0);
  const auto [u, s, v] = at::linalg_svd(centred, false);
  const Tensor three = centred.mm(v.narrow(0, 0, 3).t());
  const Tensor shown = (three / (2 * three.std(0, true, true)))
                           .clamp(-1, 1)
                           .view({images.size(0), patches, patches, 3})
                           .permute({0, 3, 1, 2});
  const Tensor large = at::upsample_nearest2d(shown, {images.size(2), images.size(3)});
  std::vector<PreviewRow> rows;
  for (std::int64_t i = 0; i < images.size(0); i += 8) {
    rows.push_back({images.narrow(0, i, 8), "", {}});
    rows.push_back({large.narrow(0, i, 8), "", {}});
  }
  return preview(rows, "patch features, first three components");
}

}  // namespace detail

/// Pretrains a VisionTransformer of the DINO layout on pairs of pictures of one thing in two places: find the partner
/// among all pictures of the batch (SimCLR with renders as views), on a projection and on the feature itself.
struct VitPretraining {
  static constexpr std::string_view name = "vit",
                                    description =
                                        "Trains a small vision transformer of DINO's layout on pairs of sprites.";
  std::string folder = "dino";
  std::int64_t patch_size = 4, width = 96, depth = 4;
  bool layer_scale = false;

  static PretrainSettings defaults() {
    return {.steps = 700, .batch_size = 64, .learning_rate = 1e-3, .weight_decay = 0.05, .ema = 0.99};
  }
  std::unique_ptr<Pretraining> build(const PretrainSettings& settings) const;
};

namespace detail {

/// Linear, GELU, linear: what contrastive losses are computed behind, and what is thrown away after the training.
struct Projector : torch::nn::Module {
  std::shared_ptr<LinearLayer> first, second;
  Projector(std::int64_t in, std::int64_t hidden, std::int64_t out)
      : first(register_module("first", std::make_shared<LinearLayer>(in, hidden))),
        second(register_module("second", std::make_shared<LinearLayer>(hidden, out))) {}
  Tensor forward(const Tensor& x) const { return second->forward(at::gelu(first->forward(x))); }
};

class VitTask : public Pretraining {
 public:
  VitTask(const VitPretraining& options, const PretrainSettings& s)
      : options_(options),
        settings_(s),
        device_(s.device) {
    VisionTransformerConfig c;
    c.img_size = {s.resolution, s.resolution};
    c.patch_size = options.patch_size, c.embed_dim = options.width, c.depth = options.depth,
    c.num_heads = options.width / 32;
    c.mlp_ratio = 3;
    if (options.layer_scale) c.init_values = 1.0;
    vit_ = std::make_shared<VisionTransformer>(c);
    projector_ = std::make_shared<Projector>(options.width, 2 * options.width, 128);
    const Random random(s.seed);
    fill_random(*vit_, random), fill_random(*projector_, random);
    vit_->to(device_), projector_->to(device_);
    held_out_ = two_views(128, random.stream("vit/held-out"), s.edition()).first.to(device_);
  }
  NamedTensors parameters() const override {
    NamedTensors out;
    add_trainable(out, "vit", *vit_);
    add_trainable(out, "projector", *projector_);
    return out;
  }
  Tensor loss(const PretrainStep& step) override {
    const Tensor images = two_views(step.batch_size, step.stream("vit/views"), settings_.edition()).first.to(device_);
    Tensor feature, projected;
    {
      const Autocast autocast(settings_.dtype == "bfloat16", device_.type());
      feature = vit_->forward(normalised_for<Dino>(roughened(images, step, "vit/rough")));
      projected = projector_->forward(feature).to(torch::kFloat32);
      feature = feature.to(torch::kFloat32);
    }
    const Tensor sharp = torch::full({}, 12.0, projected.options()), soft = torch::full({}, 8.0, projected.options());
    const auto both = [](const Tensor& x, const Tensor& scale) {
      const auto h = unit(x).chunk(2);
      return matching_loss(h[0], h[1], scale);
    };
    const Tensor a = both(projected, sharp), b = both(feature, soft);
    step.log("projected", a), step.log("feature", b);
    return a + 0.3 * b;
  }
  void save() const override {
    vit_->save_pretrained(settings_.models / options_.folder);
    write_json(settings_.models / options_.folder / "preprocessor_config.json",
               preprocessor_config<Dino>(settings_.resolution));
  }
  Tensor sheet() override {
    const Tensor images = held_out_.narrow(0, 0, 24), all = vit_->forward_features(normalised_for<Dino>(images));
    const std::int64_t side = settings_.resolution / options_.patch_size;
    return pictures_beside(images.cpu(), all.narrow(1, all.size(1) - side * side, side * side).cpu(), side);
  }
  Readings measure() override {
    const auto halves = vit_->forward(normalised_for<Dino>(held_out_)).chunk(2);
    return {{"partner-found-of-128", matched(halves[0], halves[1])}};
  }

 private:
  VitPretraining options_;
  PretrainSettings settings_;
  torch::Device device_;
  std::shared_ptr<VisionTransformer> vit_;
  std::shared_ptr<Projector> projector_;
  Tensor held_out_;
};

}  // namespace detail

inline std::unique_ptr<Pretraining> VitPretraining::build(const PretrainSettings& settings) const {
  return std::make_unique<detail::VitTask>(*this, settings);
}

/// Pretrains the attribute reader (evaluate/attribute_reader.hpp) on sprites and what is known about them.
///   width  channels of the first of its levels; each other has twice as many as the one before it
struct ReaderPretraining {
  static constexpr std::string_view name = "reader",
                                    description = "Trains the attribute reader on sprites and their known attributes.";
  std::string folder = "evaluation/attribute-reader";
  std::int64_t width = 64, levels = 3;

  static PretrainSettings defaults() {
    return {.steps = 3000, .batch_size = 64, .learning_rate = 1e-3, .weight_decay = 0.05, .ema = 0.99};
  }
  std::unique_ptr<Pretraining> build(const PretrainSettings& settings) const;
};

namespace detail {

class ReaderTask : public Pretraining {
 public:
  ReaderTask(const ReaderPretraining& options, const PretrainSettings& s)
      : options_(options),
        settings_(s),
        device_(s.device) {
    AttributeReaderConfig c;
    c.img_size = s.resolution, c.channels.clear();
    for (std::int64_t level = 0; level < options.levels; ++level) c.channels.push_back(options.width << level);
    reader_ = std::make_shared<AttributeReader>(c, sprite_attribute_words());
    const Random random(s.seed);
    fill_random(*reader_, random);
    reader_->to(device_);
    const auto sprites = sample_sprites(512, random.stream("reader/held-out"), s.edition());
    held_out_ = render_batch(sprites).to(device_), held_out_labels_ = labels(sprites);
  }
  NamedTensors parameters() const override {
    NamedTensors out;
    add_trainable(out, "reader", *reader_);
    return out;
  }
  Tensor loss(const PretrainStep& step) override {
    const auto sprites = sample_sprites(step.batch_size, step.stream("reader/sprites"), settings_.edition());
    const Autocast autocast(settings_.dtype == "bfloat16", device_.type());
    return reader_->loss(roughened(render_batch(sprites).to(device_), step, "reader/rough"), labels(sprites))
        .to(torch::kFloat32);
  }
  void save() const override { reader_->save_pretrained(settings_.models / options_.folder); }
  Tensor sheet() override {
    const Tensor images = held_out_.narrow(0, 0, 16).cpu();
    const auto outputs = reader_->logits(held_out_.narrow(0, 0, 16));
    std::vector<std::string> captions(16);
    for (std::size_t a = 0; a < outputs.size(); ++a)
      for (std::int64_t i = 0; i < 16; ++i)
        captions[static_cast<std::size_t>(i)] +=
            (a ? " " : "") +
            reader_->words[a].second[static_cast<std::size_t>(outputs[a][i].argmax().item<std::int64_t>())];
    return preview_grid(images, 8, captions, "what the reader sees");
  }
  Readings measure() override {
    Readings out;
    const auto outputs = reader_->logits(held_out_);
    for (std::size_t a = 0; a < outputs.size(); ++a)
      out.emplace_back(reader_->words[a].first, outputs[a]
                                                    .argmax(1)
                                                    .eq(held_out_labels_.select(1, static_cast<std::int64_t>(a)))
                                                    .to(torch::kFloat64)
                                                    .mean()
                                                    .item<double>());
    return out;
  }

 private:
  Tensor labels(const std::vector<sprites::Sprite>& sprites) const {  // [B, attributes]
    std::vector<Tensor> rows;
    for (const auto& sprite : sprites) rows.push_back(torch::tensor(sprite_labels(sprite), torch::kInt64));
    return at::stack(rows).to(device_);
  }
  ReaderPretraining options_;
  PretrainSettings settings_;
  torch::Device device_;
  std::shared_ptr<AttributeReader> reader_;
  Tensor held_out_, held_out_labels_;
};

}  // namespace detail

inline std::unique_ptr<Pretraining> ReaderPretraining::build(const PretrainSettings& settings) const {
  return std::make_unique<detail::ReaderTask>(*this, settings);
}

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::VitPretraining, folder, patch_size, width, depth, layer_scale);
BOOST_HANA_ADAPT_STRUCT(opad::ReaderPretraining, folder, width, levels);
