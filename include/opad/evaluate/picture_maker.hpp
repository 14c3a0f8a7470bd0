#pragma once
#include <opad/adapter/ip_adapter.hpp>
#include <opad/adapter/load_adapters.hpp>
#include <opad/core/random.hpp>
#include <opad/evaluate/preprocessing.hpp>
#include <opad/models/autoencoder_kl.hpp>
#include <opad/models/clip_text_model.hpp>
#include <opad/sampler/ddim.hpp>
#include <opad/sampler/euler.hpp>
#include <opad/text/clip_tokenizer.hpp>

namespace opad {

/// Makes the pictures that are scored: a student as it was trained, in one or a few Euler steps without guidance, or a
/// teacher in DDIM steps with guidance (method.md §10: one step; 25 and 7.5).
class PictureMaker {
 public:
  /// base      diffusers folder with text_encoder, tokenizer and vae
  /// model     diffusers folder with unet and scheduler
  /// adapters  what was trained, as a run leaves it: adapters, learned tokens, or a whole U-Net in unet/; empty: the
  /// model as it is
  PictureMaker(const std::filesystem::path& base, const std::filesystem::path& model,
               const std::filesystem::path& adapters, torch::Device device)
      : tokenizer_(ClipTokenizer::from_pretrained(base / "tokenizer")),
        text_encoder_(CLIPTextModel::from_pretrained(base / "text_encoder")),
        vae_(AutoencoderKL::from_pretrained(base / "vae")),
        unet_(UNet2DConditionModel::from_pretrained(
            (std::filesystem::exists(adapters / "unet" / "config.json") ? adapters : model) / "unet")),
        scheduler_(SchedulerConfig::from_pretrained(model / "scheduler")),
        device_(device) {
    if (!adapters.empty()) rows_.emplace(load_adapters({adapters}, *unet_, tokenizer_));
    text_encoder_->to(device), vae_->to(device), unet_->to(device);
    if (rows_) rows_->to(device);
  }

  /// From here on every prompt has a picture beside it, through an IP-Adapter: the mean embedding of several.
  ///   file   the IP-Adapter (adapter/ip_adapter.hpp);  encoder  CLIP image encoder's folder;  pictures  uint8 [H, W,
  ///   3] each scale  weight of the picture beside the text
  void look_at(const std::filesystem::path& file, const std::filesystem::path& encoder,
               const std::vector<Tensor>& pictures, double scale) {
    require(!pictures.empty(), "IP-Adapter: no picture to look at");
    torch::NoGradGuard no_grad;
    const auto vision = CLIPVisionModelWithProjection::from_pretrained(encoder);
    vision->to(device_);
    const ImagePreprocessing prepare =
        ImagePreprocessing::of_folder(encoder, ImagePreprocessing::clip(vision->config.image_size));
    std::vector<Tensor> seen;
    for (const Tensor& picture : pictures) seen.push_back(vision->forward(prepare(picture).unsqueeze(0).to(device_)));
    ip_adapter_.emplace(IpAdapter::load(*unet_, file, scale));
    ip_adapter_->image_proj->to(device_), unet_->to(device_);
    embedding_ = at::cat(seen).mean(0, true);
  }

  /// Side of the pictures that the model was made for; 0 where its config does not say.
  std::int64_t resolution() const { return unet_->config.sample_size * vae_->downscale(); }

  /// What the model starts from.  [n, 4, h, w]
  Tensor noise(Stream stream, std::int64_t n, std::int64_t resolution) const {
    const std::int64_t side = resolution / vae_->downscale();
    return stream.normal({n, vae_->config.latent_channels, side, side}).to(device_);
  }

  /// One picture for each row of noise, all of one prompt.  -> uint8 [H, W, 3] each
  std::vector<Tensor> one_step(const std::string& prompt, const Tensor& noise, std::int64_t steps = 1) {
    torch::NoGradGuard no_grad;
    Euler sampler(scheduler_, steps);
    const Tensor condition = encode(prompt).expand({noise.size(0), -1, -1});
    Tensor x = noise * sampler.init_noise_sigma();
    for (std::int64_t k = 0; k < steps; ++k)
      x = sampler
              .step(
                  unet_->forward(sampler.scale_model_input(x, k), timesteps(sampler.timesteps(), k, noise), condition),
                  k, x)
              .prev_sample;
    return decode(x);
  }

  std::vector<Tensor> many_steps(const std::string& prompt, const Tensor& noise, std::int64_t steps, double guidance) {
    torch::NoGradGuard no_grad;
    Ddim sampler(scheduler_, steps);
    const Tensor conditions =
        at::cat({encode("").expand({noise.size(0), -1, -1}), encode(prompt).expand({noise.size(0), -1, -1})});
    Tensor x = noise * sampler.init_noise_sigma();
    for (std::int64_t k = 0; k < static_cast<std::int64_t>(sampler.timesteps().size()); ++k) {
      const Tensor input = sampler.scale_model_input(x, k), timestep = timesteps(sampler.timesteps(), k, noise);
      const auto halves = unet_->forward(at::cat({input, input}), at::cat({timestep, timestep}), conditions).chunk(2);
      x = sampler.step(halves[0] + guidance * (halves[1] - halves[0]), k, x).prev_sample;
    }
    return decode(x);
  }

 private:
  static Tensor timesteps(const std::vector<double>& grid, std::int64_t k, const Tensor& noise) {
    return at::full({noise.size(0)}, grid[static_cast<std::size_t>(k)], noise.options());
  }

  Tensor encode(const std::string& prompt) const {  // -> [1, 77 and the picture's tokens, C]
    const Tensor text = encode_text(prompt);
    return ip_adapter_ ? ip_adapter_->condition(text, prompt.empty() ? torch::zeros_like(embedding_) : embedding_)
                       : text;
  }
  Tensor encode_text(const std::string& prompt) const {
    if (!rows_) return text_encoder_->forward(tokenizer_({prompt}).to(device_));
    return text_encoder_->encode(
        rows_->embed(text_encoder_->token_table(), tokenizer_({rows_->expand(prompt)}).to(device_)));
  }

  std::vector<Tensor> decode(const Tensor& latent) const {
    std::vector<Tensor> pictures;
    for (std::int64_t i = 0; i < latent.size(0); ++i) {
      const Tensor image =
          vae_->decode(latent.narrow(0, i, 1) / vae_->config.scaling_factor)[0].cpu().to(torch::kFloat32).nan_to_num(0);
      pictures.push_back(((image + 1) * 127.5).round().clamp(0, 255).permute({1, 2, 0}).to(torch::kUInt8).contiguous());
    }
    return pictures;
  }

  ClipTokenizer tokenizer_;
  std::shared_ptr<CLIPTextModel> text_encoder_;
  std::shared_ptr<AutoencoderKL> vae_;
  std::shared_ptr<UNet2DConditionModel> unet_;
  SchedulerConfig scheduler_;
  torch::Device device_;
  std::optional<TokenRows> rows_;
  std::optional<IpAdapter> ip_adapter_;
  Tensor embedding_;  // of the picture beside every prompt, [1, width]
};

}  // namespace opad
