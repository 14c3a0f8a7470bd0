#pragma once
#include <opad/models/autoencoder_kl.hpp>
#include <opad/pretrain/mini_world.hpp>
#include <opad/pretrain/pretraining.hpp>
#include <opad/pretrain/sprite_batch.hpp>
#include <opad/schedule/diffusion.hpp>

namespace opad {

/// Pretrains the mini world's multi-step teacher, U-Net and text encoder together from nothing, on latents of sprites
/// and their captions. Loss: mean squared error of the predicted velocity, timesteps uniform; a share of the captions
/// is dropped for guidance.
///   layers   residual blocks (with attention) of each level on the way down
///   min_snr  0: all timesteps count alike; else the weight of a timestep is min(SNR, min_snr) / (SNR + 1), divided by
///            its mean over all timesteps (Hang et al., "Efficient Diffusion Training via Min-SNR Weighting Strategy",
///            ICCV 2023, arXiv 2303.09556, for predicted velocities; 5 there), but at least `min_weight` of the
///            largest: the noisiest timesteps are where a one-step student begins
///   from     a finished teacher's folder (unet/, text_encoder/) to begin from instead of random weights; its widths
///            must be these
struct TeacherPretraining {
  static constexpr std::string_view name = "teacher",
                                    description = "Trains the mini world's multi-step teacher: U-Net and text encoder.";
  std::int64_t width = 64, layers = 1, text_width = 128, text_layers = 2, pictures = 60000;
  double text_dropout = 0.1, guidance = 3.0, min_snr = 0, min_weight = 0.1;
  std::filesystem::path from;

  static PretrainSettings defaults() {
    return {.steps = 12000, .batch_size = 48, .warmup = 200, .learning_rate = 1.2e-3, .ema = 0.999};
  }
  std::unique_ptr<Pretraining> build(const PretrainSettings& settings) const;
};

namespace detail {

/// Prompts of the sheets of teacher and student: what the scores of the model card are about, too.
inline const std::vector<std::string>& sheet_prompts() {
  static const std::vector<std::string> prompts{"a photo of a red cat in the snow",
                                                "a photo of a blue striped car in the meadow",
                                                "a pencil sketch of a robot on the beach",
                                                "a photo of a yellow duck under water",
                                                "a photo of a green boat at night",
                                                "a photo of a white dog in the kitchen",
                                                "a poster of a mug in the desert",
                                                "a photo of a large purple robot in the city",
                                                "a photo of a fish in space",
                                                "a photo of a cat with a hat by a brick wall",
                                                "a photo of a pink backpack in the forest",
                                                "a photo of a dotted teapot in the studio",
                                                "a watercolor painting of a rocket in the forest",
                                                "a neon sign of a car at night",
                                                "a photo of a brown clock on the beach",
                                                "a photo of a small orange dog in the snow",
                                                "a photo of a checkered fish under water",
                                                "a photo of a mug with a star on a plain background",
                                                "a photo of a duck with a scarf in the city",
                                                "a photo of a cyan rocket in space",
                                                "a poster of a clock in the kitchen",
                                                "a photo of a pink teapot in the meadow",
                                                "a pencil sketch of a cat in the city",
                                                "a photo of a black backpack in the desert"};
  return prompts;
}

/// Latents of many sprites, made once and kept in a file: encoding them anew would cost as much as training on them.
class LatentBank {
 public:
  LatentBank(const std::filesystem::path& file, std::int64_t count, const Random& random, sprites::Edition edition,
             AutoencoderKL& vae, torch::Device device)
      : random_(random),
        edition_(edition) {
    if (std::filesystem::exists(file)) latents_ = SafeTensors(file).tensors().at("latents");
    if (latents_.defined() && latents_.size(0) == count) return;
    torch::NoGradGuard no_grad;
    std::vector<Tensor> parts;
    Progress progress("latents", count);
    for (std::int64_t first = 0; first < count; first += 250) {
      std::vector<sprites::Sprite> batch;
      for (std::int64_t i = first; i < std::min(first + 250, count); ++i) batch.push_back(sprite(i));
      parts.push_back(
          (vae.encode(render_batch(batch).to(device)).mean * vae.config.scaling_factor).cpu().to(torch::kFloat16));
      progress.update(first);
    }
    latents_ = at::cat(parts);
    save_safetensors(file, {{"latents", latents_}});
  }
  std::int64_t size() const { return latents_.size(0); }
  sprites::Sprite sprite(std::int64_t i) const {
    Stream stream = random_.stream("bank/sprites", i);
    return sprites::sample_sprite(stream, edition_);
  }
  Tensor latents(const Tensor& indices) const { return latents_.index_select(0, indices).to(torch::kFloat32); }

 private:
  Random random_;
  sprites::Edition edition_;
  Tensor latents_;  // [N, C, h, w] float16
};

/// The weight of each timestep in the loss of velocities; see TeacherPretraining.  alpha_bar [T] -> [T], mean 1
inline Tensor min_snr_weights(const Tensor& alpha_bar, double min_snr, double min_weight) {
  const Tensor a = alpha_bar.to(torch::kFloat64), snr = a / (1 - a), weight = snr.clamp_max(min_snr) / (snr + 1);
  const Tensor raised = at::maximum(weight, min_weight * weight.max());
  return (raised / raised.mean()).to(torch::kFloat32);
}

/// Mean squared error of the U-Net's velocity at x0 with noise, of each sample.
///   x0, noise [B, C, h, w], timestep [B] -> [B]
inline Tensor velocity_errors(UNet2DConditionModel& unet, const Diffusion& diffusion, const PretrainSettings& settings,
                              const Tensor& x0, const Tensor& noise, const Tensor& timestep,
                              const std::function<Tensor()>& condition) {
  Tensor prediction;
  {
    const Autocast autocast(settings.dtype == "bfloat16", x0.device().type());
    prediction = unet.forward(diffusion.add_noise(x0, noise, timestep), timestep, condition()).to(torch::kFloat32);
  }
  return (prediction - diffusion.velocity(x0, noise, timestep)).square().mean({1, 2, 3});
}

class TeacherTask : public Pretraining {
 public:
  TeacherTask(const TeacherPretraining& options, const PretrainSettings& s)
      : options_(options),
        settings_(s),
        device_(s.device),
        tokenizer_(ClipTokenizer::from_pretrained(s.models / "teacher" / "tokenizer")),
        vae_(AutoencoderKL::from_pretrained(s.models / "teacher" / "vae")),
        diffusion_(SchedulerConfig::from_json(mini_scheduler("DDIMScheduler"), "mini world")) {
    const Random random(s.seed);
    const std::int64_t channels = vae_->config.latent_channels, side = s.resolution / vae_->downscale();
    unet_ = std::make_shared<UNet2DConditionModel>(
        mini_unet(channels, side, options.width, options.text_width, options.layers));
    text_ = std::make_shared<CLIPTextModel>(
        mini_text(tokenizer_, options.text_width, options.text_layers, options.text_width));
    fill_random(*unet_, random, 0.58), fill_random(*text_, random, 0.58);
    if (!options.from.empty()) {
      load_parameters(*unet_, read_weights(options.from / "unet", "diffusion_pytorch_model"),
                      (options.from / "unet").string());
      load_parameters(*text_, read_weights(options.from / "text_encoder", "model"),
                      (options.from / "text_encoder").string());
    }
    vae_->to(device_), unet_->to(device_), text_->to(device_);
    if (options.min_snr > 0) {
      const Tensor all = torch::arange(diffusion_.steps());
      weights_ = min_snr_weights(diffusion_.alpha_bar(all), options.min_snr, options.min_weight).to(device_);
    }
    bank_.emplace(s.output.string() + ".latents.safetensors", options.pictures, random, s.edition(), *vae_, device_);
    sheet_noise_ = random.stream("sheet/noise")
                       .normal({static_cast<std::int64_t>(sheet_prompts().size()), channels, side, side})
                       .to(device_);
  }
  NamedTensors parameters() const override {
    NamedTensors out;
    add_trainable(out, "unet", *unet_);
    add_trainable(out, "text_encoder", *text_);
    return out;
  }
  Tensor loss(const PretrainStep& step) override {
    const Tensor indices = step.stream("teacher/pictures").integers(0, bank_->size(), {step.batch_size});
    std::vector<std::string> captions;
    Stream words = step.stream("teacher/captions"), drop = step.stream("teacher/drop");
    for (std::int64_t i = 0; i < step.batch_size; ++i) {
      captions.push_back(sprites::caption(bank_->sprite(indices[i].item<std::int64_t>()), words));
      if (drop.bernoulli(options_.text_dropout)) captions.back().clear();
    }
    const Tensor x0 = bank_->latents(indices).to(device_), noise = step.normal("teacher/noise", x0.sizes());
    const Tensor timestep =
        step.stream("teacher/timestep").integers(0, diffusion_.steps(), {step.batch_size}).to(device_);
    const Tensor ids = tokenizer_(captions).to(device_);
    const Tensor errors =
        velocity_errors(*unet_, diffusion_, settings_, x0, noise, timestep, [&] { return text_->forward(ids); });
    if (!weights_.defined()) return errors.mean();
    step.log("unweighted", errors.mean());
    return (weights_.index_select(0, timestep) * errors).mean();
  }
  void save() const override {
    const auto folder = settings_.models / "teacher";
    unet_->save_pretrained(folder / "unet");
    text_->save_pretrained(folder / "text_encoder");
    write_json(folder / "scheduler" / "scheduler_config.json", mini_scheduler("DDIMScheduler"));
    write_json(folder / "model_index.json", {{"_class_name", "StableDiffusionPipeline"},
                                             {"_diffusers_version", "0.42.1"},
                                             {"feature_extractor", {nullptr, nullptr}},
                                             {"image_encoder", {nullptr, nullptr}},
                                             {"requires_safety_checker", false},
                                             {"safety_checker", {nullptr, nullptr}},
                                             {"scheduler", {"diffusers", "DDIMScheduler"}},
                                             {"text_encoder", {"transformers", "CLIPTextModel"}},
                                             {"tokenizer", {"transformers", "CLIPTokenizer"}},
                                             {"unet", {"diffusers", "UNet2DConditionModel"}},
                                             {"vae", {"diffusers", "AutoencoderKL"}}});
  }
  Tensor sheet() override {
    const Tensor condition = text_->forward(tokenizer_(sheet_prompts()).to(device_)),
                 null_condition = text_->forward(tokenizer_({""}).to(device_));
    const Tensor latent = sample_multistep(unet_, sheet_noise_, condition, null_condition, options_.guidance, 12);
    return preview_grid(vae_->decode(latent / vae_->config.scaling_factor).cpu(), 8, sheet_prompts(),
                        c10::str("teacher, 12 steps, guidance ", options_.guidance));
  }

 private:
  TeacherPretraining options_;
  PretrainSettings settings_;
  torch::Device device_;
  ClipTokenizer tokenizer_;
  std::shared_ptr<AutoencoderKL> vae_;
  std::shared_ptr<UNet2DConditionModel> unet_;
  std::shared_ptr<CLIPTextModel> text_;
  Diffusion diffusion_;
  std::optional<LatentBank> bank_;
  Tensor sheet_noise_, weights_;
};

}  // namespace detail

inline std::unique_ptr<Pretraining> TeacherPretraining::build(const PretrainSettings& settings) const {
  return std::make_unique<detail::TeacherTask>(*this, settings);
}

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::TeacherPretraining, width, layers, text_width, text_layers, pictures, text_dropout,
                        guidance, min_snr, min_weight, from);
