#pragma once
#include <opad/adapter/add_lora.hpp>
#include <opad/adapter/ip_adapter.hpp>
#include <opad/adapter/trained_folder.hpp>
#include <opad/core/random.hpp>
#include <opad/models/clip_text_model.hpp>
#include <opad/models/image_preprocessing.hpp>
#include <opad/pipeline/denoise.hpp>
#include <opad/pipeline/fit.hpp>
#include <opad/pipeline/parts.hpp>
#include <opad/sampler/any_sampler.hpp>
#include <opad/space/networks.hpp>
#include <opad/text/clip_tokenizer.hpp>

namespace opad {

/// How a one-step model is asked: (student, its scheduler, noise, condition) -> clean latents.
using AskStudent = std::function<Tensor(const Denoiser&, const SchedulerConfig&, const Tensor&, const Tensor&)>;

/// What is put on a model beside trained folders, from files of any program.
struct PipelineExtras {
  std::vector<WeightedLora> loras;  // added to U-Net and text encoder, on top of the folders' adapter
  std::vector<LearnedEmbedding> embeddings;
};

/// A model that makes pictures, with what was trained for it: behind `generate`, scored pictures and class pictures.
class Pipeline {
 public:
  /// trained   folders with adapters and learned tokens, as runs leave them; later ones win
  /// own       loads the adapter among them, where its type is known (adapter/trained_folder.hpp)
  /// Throws for whatever does not fit the model.
  Pipeline(const PipelineFolders& folders, const std::vector<std::filesystem::path>& trained, torch::Device device,
           const LoadAdapter& own = {}, const PipelineExtras& extras = {});

  /// From here on every prompt has a picture beside it, through an IP-Adapter: the mean embedding of several.
  ///   file      the IP-Adapter (adapter/ip_adapter.hpp), or a folder that holds one
  ///   encoder   CLIP image encoder's folder;   pictures   uint8 [H, W, 3];   scale   weight of the picture beside the
  ///   text
  void look_at(const std::filesystem::path& file, const std::filesystem::path& encoder,
               const std::vector<Tensor>& pictures, double scale);

  /// Side of the pictures that the model was made for; 0 where its config does not say.
  std::int64_t resolution() const { return denoiser_.unet->config.sample_size * networks_.downscale(); }

  /// What the model starts from.  [n, 4, h, w]
  Tensor noise(Stream stream, std::int64_t n, std::int64_t resolution) const {
    const std::int64_t factor = networks_.downscale(), side = resolution / factor;
    require(side > 0 && resolution % factor == 0, "--resolution ", resolution, ": this model's pictures have sides of ",
            factor, ", ", 2 * factor, ", ... pixels; give a multiple of ", factor);
    return stream.normal({n, networks_.vae_config().latent_channels, side, side}).to(device_);
  }

  /// What is worth a word about a prompt: that its end is not seen. Empty: nothing.
  std::string remark(const std::string& prompt) const { return lost_words_note(tokenizer_, rows_->expand(prompt)); }

  /// c of a prompt  [1, 77 and a picture's tokens, C]
  Tensor encode(const std::string& prompt) const;

  /// Pictures [n, 3, H, W] of one prompt, one for each row of noise: as a one-step model is asked.
  Tensor ask(const AskStudent& ask, const std::string& prompt, const Tensor& noise);
  /// The same by a sampler, with guidance away from a negative prompt where a scale is given.
  Tensor sample(AnySampler& sampler, const std::string& prompt, const Tensor& noise, std::optional<double> guidance,
                const std::string& negative = "", const FreshNoise& fresh = {});

  const SchedulerConfig& scheduler() const { return scheduler_; }

 private:
  Tensor decode(const Tensor& latent);

  ClipTokenizer tokenizer_;
  std::shared_ptr<CLIPTextModel> text_encoder_;
  SchedulerConfig scheduler_;
  Networks networks_;
  Denoiser denoiser_;
  torch::Device device_;
  std::optional<TokenRows> rows_;
  std::optional<IpAdapter> ip_adapter_;
  Tensor embedding_;  // of the picture beside every prompt, [1, width]
};

OPAD_ONCE Pipeline::Pipeline(const PipelineFolders& folders, const std::vector<std::filesystem::path>& trained,
                             torch::Device device, const LoadAdapter& own, const PipelineExtras& extras)
    : tokenizer_(ClipTokenizer::from_pretrained(folders.tokenizer)),
      text_encoder_(CLIPTextModel::from_pretrained(folders.text_encoder)),
      scheduler_(SchedulerConfig::from_pretrained(folders.scheduler)),
      networks_(AutoencoderKL::from_pretrained(folders.vae)),
      denoiser_{"unet", UNet2DConditionModel::from_pretrained(folders.unet), Diffusion(scheduler_),
                &networks_.passes()},
      device_(device) {
  require_rows(tokenizer_, text_encoder_->token_table().size(0), folders.tokenizer.parent_path().string());
  require_fit(*denoiser_.unet, folders.unet, *text_encoder_, folders.text_encoder, networks_.vae(), folders.vae,
              "give --base the model that this one shares text encoder and VAE with");
  auto embeddings = load_trained_weights(trained, *denoiser_.unet, own);
  embeddings.insert(embeddings.end(), extras.embeddings.begin(), extras.embeddings.end());
  const std::int64_t width = text_encoder_->token_table().size(1);
  for (const auto& [token, rows] : embeddings)
    require(rows.size(1) == width, "the embedding of '", token, "' has ", rows.size(1),
            " numbers, but the text encoder ", folders.text_encoder.string(), " takes ", width,
            "; was it made for another base model?");
  rows_.emplace(tokenizer_, embeddings);
  for (const auto& lora : extras.loras) add_lora(*denoiser_.unet, *text_encoder_, lora);
  text_encoder_->to(device), networks_.to(device), denoiser_.unet->to(device), rows_->to(device);
  denoiser_.diffusion.to(device);
}

OPAD_ONCE void Pipeline::look_at(const std::filesystem::path& file, const std::filesystem::path& encoder,
                                 const std::vector<Tensor>& pictures, double scale) {
  require(!pictures.empty(), "IP-Adapter: no picture to look at");
  torch::NoGradGuard no_grad;
  const auto vision = CLIPVisionModelWithProjection::from_pretrained(encoder);
  vision->to(device_);
  const ImagePreprocessing prepare =
      ImagePreprocessing::of_folder(encoder, ImagePreprocessing::clip(vision->config.image_size));
  std::vector<Tensor> seen;
  for (const Tensor& picture : pictures) seen.push_back(vision->forward(prepare(picture).unsqueeze(0).to(device_)));
  ip_adapter_.emplace(IpAdapter::load(*denoiser_.unet, find_ip_adapter(file), scale));
  ip_adapter_->image_proj->to(device_), denoiser_.unet->to(device_);
  embedding_ = at::cat(seen).mean(0, true);
}

OPAD_ONCE Tensor Pipeline::encode(const std::string& prompt) const {
  torch::NoGradGuard no_grad;
  const Tensor ids = tokenizer_({rows_->expand(prompt)});
  const Tensor text = text_encoder_->encode(rows_->embed(text_encoder_->token_table(), ids));
  return ip_adapter_ ? ip_adapter_->condition(text, prompt.empty() ? torch::zeros_like(embedding_) : embedding_) : text;
}

OPAD_ONCE Tensor Pipeline::ask(const AskStudent& ask, const std::string& prompt, const Tensor& noise) {
  torch::NoGradGuard no_grad;
  return decode(ask(denoiser_, scheduler_, noise, encode(prompt).expand({noise.size(0), -1, -1})));
}

OPAD_ONCE Tensor Pipeline::sample(AnySampler& sampler, const std::string& prompt, const Tensor& noise,
                                  std::optional<double> guidance, const std::string& negative,
                                  const FreshNoise& fresh) {
  torch::NoGradGuard no_grad;
  const Wish wish{.condition = encode(prompt).expand({noise.size(0), -1, -1}),
                  .null_condition = guidance ? encode(negative) : Tensor(),
                  .guidance = guidance};
  return decode(denoise(denoiser_, sampler, noise * sampler.init_noise_sigma(), wish, fresh));
}

/// One at a time: a batch of large pictures would not fit.
OPAD_ONCE Tensor Pipeline::decode(const Tensor& latent) {
  std::vector<Tensor> pictures;
  for (const Tensor& one : latent.split(1)) pictures.push_back(networks_.decode(one).cpu());
  return at::cat(pictures);
}

}  // namespace opad
