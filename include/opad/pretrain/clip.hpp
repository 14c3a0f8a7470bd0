#pragma once
#include <opad/encoder/identity_encoder.hpp>
#include <opad/models/clip_text_model.hpp>
#include <opad/models/image_projection.hpp>
#include <opad/pretrain/encoders.hpp>

namespace opad {

/// Pretrains CLIP's two towers on sprites and captions. With identity > 0 the image embedding, projected to four tokens
/// as IP-Adapter does, also learns to find the other picture of the same thing: the identity encoder. Without, it is
/// the evaluation's CLIP.
struct ClipPretraining {
  static constexpr std::string_view
      name = "clip",
      description = "Trains a small CLIP on sprites and captions; with identity > 0, the identity encoder.";
  std::string folder = "identity-encoder";
  double identity = 0.5;
  std::int64_t patch_size = 4, width = 96, depth = 4, projection = 64, token_width = 128;

  static PretrainSettings defaults() {
    return {.steps = 700, .batch_size = 64, .learning_rate = 1e-3, .weight_decay = 0.05, .beta2 = 0.98, .ema = 0.99};
  }
  std::unique_ptr<Pretraining> build(const PretrainSettings& settings) const;
};

namespace detail {

class ClipTask : public Pretraining {
 public:
  ClipTask(const ClipPretraining& options, const PretrainSettings& s)
      : options_(options),
        settings_(s),
        device_(s.device),
        tokenizer_(ClipTokenizer::from_pretrained(s.models / "teacher" / "tokenizer")) {
    CLIPVisionConfig v;
    v.hidden_size = options.width, v.intermediate_size = 3 * options.width, v.projection_dim = options.projection;
    v.num_hidden_layers = options.depth, v.num_attention_heads = options.width / 32;
    v.image_size = s.resolution, v.patch_size = options.patch_size, v.hidden_act = "gelu";
    vision_ = std::make_shared<CLIPVisionModelWithProjection>(v);
    text_ = std::make_shared<CLIPTextModel>(mini_text(tokenizer_, 96, 2, options.projection), /*with_projection=*/true);
    projection_ = std::make_shared<ImageProjModel>(options.projection, 4, options.token_width);
    scale_ = torch::full({1}, std::log(10.0));
    const Random random(s.seed);
    fill_random(*vision_, random), fill_random(*text_, random), fill_random(*projection_, random);
    vision_->to(device_), text_->to(device_), projection_->to(device_);
    scale_ = scale_.to(device_).requires_grad_(true);
    auto [images, sprites] = two_views(128, random.stream("clip/held-out"), s.edition());
    held_out_ = images.to(device_);
    held_out_captions_ = sample_captions(sprites, random.stream("clip/held-out-captions"));
  }
  NamedTensors parameters() const override {
    NamedTensors out;
    add_trainable(out, "vision", *vision_);
    add_trainable(out, "text", *text_);
    if (options_.identity > 0) add_trainable(out, "projection", *projection_);
    out.emplace_back("logit_scale", scale_);
    return out;
  }
  Tensor loss(const PretrainStep& step) override {
    auto [images, sprites] = two_views(step.batch_size, step.stream("clip/views"), settings_.edition());
    const Tensor ids = tokenizer_(sample_captions(sprites, step.stream("clip/captions"))).to(device_);
    Tensor picture, text, tokens;
    {
      const Autocast autocast(settings_.dtype == "bfloat16", device_.type());
      picture = vision_->forward(normalised_for<IdentityEncoder>(roughened(images.to(device_), step, "clip/rough")));
      text = text_->text_embeds(ids).to(torch::kFloat32);
      if (options_.identity > 0) tokens = projection_->forward(picture).to(torch::kFloat32);
      picture = picture.to(torch::kFloat32);
    }
    const Tensor clip = matching_loss(unit(picture), unit(text), scale_.exp().clamp_max(60));
    step.log("clip", clip);
    if (options_.identity <= 0) return clip;
    const auto views = (unit(tokens).flatten(1) / 2).chunk(2);  // of unit length, like each of the four tokens
    const Tensor same = matching_loss(views[0], views[1], torch::full({}, 15.0, picture.options()));
    step.log("identity", same);
    return clip + options_.identity * same;
  }
  void save() const override {
    const auto folder = settings_.models / options_.folder;
    vision_->save_pretrained(folder / "image_encoder");
    if (options_.identity > 0) {
      save_safetensors(folder / "ip_adapter.safetensors", parameters_of(*projection_, "image_proj."));
      return;
    }
    text_->save_pretrained(folder / "text_encoder");
    std::filesystem::create_directories(folder / "tokenizer");
    for (const char* file : {"vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"})
      write_atomically(folder / "tokenizer" / file, read_file(settings_.models / "teacher" / "tokenizer" / file));
    write_json(folder / "image_encoder" / "preprocessor_config.json",
               preprocessor_config<IdentityEncoder>(settings_.resolution));
  }
  Tensor sheet() override {
    const Tensor images = held_out_.narrow(0, 0, 24);
    const Tensor tokens = vision_->last_hidden_state(normalised_for<IdentityEncoder>(images));
    const std::int64_t side = settings_.resolution / options_.patch_size;
    return pictures_beside(images.cpu(), tokens.narrow(1, 1, side * side).cpu(), side);
  }
  Readings measure() override {
    const Tensor picture = vision_->forward(normalised_for<IdentityEncoder>(held_out_)),
                 text = text_->text_embeds(tokenizer_(held_out_captions_).to(device_));
    Readings out{{"caption-found-of-256", matched(picture, text)}};
    if (options_.identity > 0) {
      const auto views = unit(projection_->forward(picture)).flatten(1).chunk(2);
      out.emplace_back("partner-found-of-128", matched(views[0], views[1]));
    }
    return out;
  }

 private:
  ClipPretraining options_;
  PretrainSettings settings_;
  torch::Device device_;
  ClipTokenizer tokenizer_;
  std::shared_ptr<CLIPVisionModelWithProjection> vision_;
  std::shared_ptr<CLIPTextModel> text_;
  std::shared_ptr<ImageProjModel> projection_;
  Tensor scale_, held_out_;
  std::vector<std::string> held_out_captions_;
};

}  // namespace detail

inline std::unique_ptr<Pretraining> ClipPretraining::build(const PretrainSettings& settings) const {
  return std::make_unique<detail::ClipTask>(*this, settings);
}

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::ClipPretraining, folder, identity, patch_size, width, depth, projection, token_width);
