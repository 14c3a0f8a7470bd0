#pragma once
#include <opad/adapter/ip_adapter.hpp>
#include <opad/models/autoencoder_kl.hpp>
#include <opad/models/image_preprocessing.hpp>
#include <opad/pretrain/encoders.hpp>
#include <opad/pretrain/teacher.hpp>

namespace opad {

/// Pretrains the mini world's IP-Adapter, the baseline that takes a picture as a prompt: on the frozen teacher, the
/// thing of one picture, seen through the identity encoder's image tower, is to appear in another picture with a
/// caption of its own. Loss: the teacher's. Captions are left out more often than its authors do it (0.05), because
/// here they say nearly everything that the picture shows.
struct IpAdapterPretraining {
  static constexpr std::string_view name = "ip-adapter",
                                    description = "Trains the mini world's IP-Adapter on the frozen teacher.";
  std::int64_t tokens = 4;
  double text_dropout = 0.3, image_dropout = 0.1, guidance = 3.0;

  static PretrainSettings defaults() { return {.steps = 4000, .batch_size = 48, .learning_rate = 1e-3, .ema = 0.99}; }
  std::unique_ptr<Pretraining> build(const PretrainSettings& settings) const;
};

namespace detail {

class IpAdapterTask : public Pretraining {
 public:
  IpAdapterTask(const IpAdapterPretraining& options, const PretrainSettings& s)
      : options_(options),
        settings_(s),
        device_(s.device),
        tokenizer_(ClipTokenizer::from_pretrained(s.models / "teacher" / "tokenizer")),
        vae_(AutoencoderKL::from_pretrained(s.models / "teacher" / "vae")),
        unet_(UNet2DConditionModel::from_pretrained(s.models / "teacher" / "unet")),
        text_(CLIPTextModel::from_pretrained(s.models / "teacher" / "text_encoder")),
        vision_(CLIPVisionModelWithProjection::from_pretrained(s.models / "identity-encoder" / "image_encoder")),
        diffusion_(SchedulerConfig::from_json(mini_scheduler("DDIMScheduler"), "mini world")) {
    const Random random(s.seed);
    vae_->to(device_), unet_->to(device_), text_->to(device_), vision_->to(device_);
    adapter_.emplace(IpAdapter::create(*unet_, vision_->config.projection_dim, options.tokens, random));
    adapter_->image_proj->to(device_);
    sheet_pictures_ = two_views(12, random.stream("ip-adapter/sheet"), s.edition()).first.narrow(0, 0, 12);
    sheet_noise_ =
        random.stream("ip-adapter/sheet-noise").normal({12, vae_->config.latent_channels, side(), side()}).to(device_);
  }
  NamedTensors parameters() const override {
    NamedTensors out = adapter_->parameters();
    for (auto& [name, parameter] : out) parameter.requires_grad_(true);
    return out;
  }
  Tensor loss(const PretrainStep& step) override {
    const auto [images, sprites] = two_views(step.batch_size, step.stream("ip-adapter/views"), settings_.edition());
    const auto halves = images.to(device_).chunk(2);  // what is shown, what is to be made
    std::vector<std::string> captions =
        sample_captions({sprites.begin() + step.batch_size, sprites.end()}, step.stream("ip-adapter/captions"));
    Stream drop = step.stream("ip-adapter/drop");
    Tensor shown = torch::ones({step.batch_size, 1});
    for (std::int64_t i = 0; i < step.batch_size; ++i) {
      if (drop.bernoulli(options_.text_dropout)) captions[static_cast<std::size_t>(i)].clear();
      if (drop.bernoulli(options_.image_dropout)) shown[i] = 0;
    }
    Tensor x0, embedding, text;
    {
      torch::NoGradGuard no_grad;
      x0 = vae_->encode(halves[1]).mean * vae_->config.scaling_factor;
      embedding = look(halves[0]) * shown.to(device_);
      text = text_->forward(tokenizer_(captions).to(device_));
    }
    const Tensor noise = step.normal("ip-adapter/noise", x0.sizes());
    const Tensor timestep =
        step.stream("ip-adapter/timestep").integers(0, diffusion_.steps(), {step.batch_size}).to(device_);
    return velocity_errors(*unet_, diffusion_, settings_, x0, noise, timestep,
                           [&] { return adapter_->condition(text, embedding); })
        .mean();
  }
  void save() const override {
    Tensors tensors;
    for (const auto& [name, parameter] : adapter_->parameters()) tensors.emplace(name, parameter.detach().cpu());
    std::filesystem::create_directories(settings_.models / "ip-adapter");
    save_safetensors(settings_.models / "ip-adapter" / "ip-adapter.safetensors", tensors);
  }
  Tensor sheet() override {
    const std::vector<std::string> prompts(12, "in the snow");
    const Tensor text = text_->forward(tokenizer_(prompts).to(device_)), embedding = look(sheet_pictures_.to(device_));
    const Tensor none = text_->forward(tokenizer_({""}).to(device_)),
                 unseen = torch::zeros_like(embedding.narrow(0, 0, 1));
    const Tensor latent = sample_multistep(unet_, sheet_noise_, adapter_->condition(text, embedding),
                                           adapter_->condition(none, unseen), options_.guidance, 12);
    const Tensor made = vae_->decode(latent / vae_->config.scaling_factor).cpu();
    return preview({{.images = sheet_pictures_, .label = "shown", .captions = {}},
                    {.images = made, .label = "in the snow", .captions = {}}},
                   "IP-Adapter, teacher, 12 steps");
  }

 private:
  std::int64_t side() const { return settings_.resolution / vae_->downscale(); }
  Tensor look(const Tensor& image) const { return vision_->forward(normalised_for<IdentityEncoder>(image)); }

  IpAdapterPretraining options_;
  PretrainSettings settings_;
  torch::Device device_;
  ClipTokenizer tokenizer_;
  std::shared_ptr<AutoencoderKL> vae_;
  std::shared_ptr<UNet2DConditionModel> unet_;
  std::shared_ptr<CLIPTextModel> text_;
  std::shared_ptr<CLIPVisionModelWithProjection> vision_;
  Diffusion diffusion_;
  std::optional<IpAdapter> adapter_;
  Tensor sheet_pictures_, sheet_noise_;
};

}  // namespace detail

inline std::unique_ptr<Pretraining> IpAdapterPretraining::build(const PretrainSettings& settings) const {
  return std::make_unique<detail::IpAdapterTask>(*this, settings);
}

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::IpAdapterPretraining, tokens, text_dropout, image_dropout, guidance);
