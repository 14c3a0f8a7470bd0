#pragma once
#include <Eigen/Eigenvalues>

#include <opad/evaluate/attribute_reader.hpp>
#include <opad/models/autoencoder_kl.hpp>
#include <opad/pretrain/patch_critic.hpp>
#include <opad/pretrain/pretraining.hpp>
#include <opad/pretrain/sprite_batch.hpp>

namespace opad {

/// The best linear codec of pictures: principal components of their f x f patches, each divided by its standard
/// deviation to the power 1/2, so that no latent channel drowns another.  [B, 3, H, W] -> [B, channels, H / f, W / f]
struct PatchCodec {
  Tensor mean, basis;  // [3 f f], [channels, 3 f f]
  std::int64_t factor;

  static PatchCodec fit(const Tensor& images, std::int64_t factor, std::int64_t channels) {
    const Tensor patches = at::pixel_unshuffle(images, factor)
                               .permute({0, 2, 3, 1})
                               .reshape({-1, 3 * factor * factor})
                               .to(torch::kFloat64);
    const Tensor mean = patches.mean(0), centred = patches - mean;
    const Tensor covariance = (centred.t().mm(centred) / static_cast<double>(patches.size(0))).contiguous();
    const auto n = covariance.size(0);
    require(channels <= n, "PatchCodec: ", channels, " channels of patches with ", n, " numbers; give at most as many");
    const Eigen::Map<Eigen::MatrixXd> matrix(covariance.data_ptr<double>(), n, n);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(matrix);  // eigenvalues ascend
    Tensor basis = torch::empty({channels, n}, torch::kFloat64);
    for (std::int64_t c = 0; c < channels; ++c)
      for (std::int64_t i = 0; i < n; ++i)
        basis[c][i] = solver.eigenvectors()(i, n - 1 - c) / std::pow(solver.eigenvalues()(n - 1 - c), 0.25);
    return {mean.to(torch::kFloat32), basis.to(torch::kFloat32), factor};
  }
  Tensor encode(const Tensor& images) const {
    const Tensor patches = at::pixel_unshuffle(images, factor) - mean.view({1, -1, 1, 1});
    return at::conv2d(patches, basis.view({basis.size(0), basis.size(1), 1, 1}));
  }
  /// The picture that the latents tell of.
  Tensor decode(const Tensor& latents) const {
    const Tensor rows = basis / basis.square().sum(1, true);
    const Tensor patches = at::conv2d(latents, rows.t().reshape({basis.size(1), basis.size(0), 1, 1}));
    return at::pixel_shuffle(patches + mean.view({1, -1, 1, 1}), factor);
  }
};

/// Pretrains the mini world's AutoencoderKL on sprites. Loss: L1 + MSE + L1 of the picture's differences, a slight KL
/// term, and a pull of the latents' means towards the patch codec, strong at first: the decoder learns on good latents
/// from the first step on, and the latents stay close to linear in the picture, which a diffusion model finds easy.
///
/// With `from`, the decoder alone is finished, as Stable Diffusion's was: the encoder, and with it the latents, stay as
/// they are, and two terms join that forgive a decoder less than a mean of pictures does:
///   perceptual    distance of the features of an attribute reader (`eye`, a folder of the world), level by level, each
///                 pixel's features of unit length: LPIPS (Zhang et al., CVPR 2018, arXiv 1801.03924) without weights
///   adversarial   hinge loss against a critic of picture regions (Esser et al., "Taming Transformers", CVPR 2021,
///                 arXiv 2012.09841), which joins after `alone` updates of the critic
///   noise         largest deviation, in scaled latents, of noise that the decoder learns to see through: a share of
///                 it, drawn for each picture. A student's latents are off, too.
///   blend         the share of the finished weights in those that are kept, the rest are those of `from`: a mean of
///                 weights takes back most of the fidelity that the two terms cost and little of the sharpness
///                 (Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022, arXiv 2109.01903)
///   downscale     pixels per latent along a side, 4 or 8; channels are width x (1, 2, 2) or width x (1, 2, 4, 8)
struct VaePretraining {
  static constexpr std::string_view name = "vae",
                                    description =
                                        "Trains the mini world's picture autoencoder (AutoencoderKL) on sprites.";
  std::int64_t latent_channels = 16, width = 32, downscale = 4;
  double kl = 1e-5, pull = 0.02, gradient = 1.0;
  std::filesystem::path from;
  double perceptual = 0, adversarial = 0, noise = 0, blend = 1;
  std::string eye = "eye";
  std::int64_t critic_width = 32, alone = 100;

  void check() const { require_number(0 <= blend && blend <= 1, "Vae", "blend", blend, "0 to 1"); }
  static PretrainSettings defaults() { return {.steps = 3000, .batch_size = 48, .learning_rate = 2e-3, .ema = 0.995}; }
  std::unique_ptr<Pretraining> build(const PretrainSettings& settings) const;
};

namespace detail {

/// Mean squared distance of two pictures' features, summed over a reader's levels.  [B, 3, H, W] twice -> []
inline Tensor perceptual_distance(const AttributeReader& eye, const Tensor& a, const Tensor& b) {
  const auto unit_length = [](const Tensor& x) {
    const Tensor y = x.to(torch::kFloat32);
    return y / (y.square().sum(1, true) + 1e-6).sqrt();
  };
  Tensor x = a, y = b, total = torch::zeros({}, a.options());
  for (const auto& level : *eye.levels) {
    x = level->forward(x), y = level->forward(y);
    total = total + (unit_length(x) - unit_length(y)).square().sum(1).mean();
  }
  return total;
}

class VaeTask : public Pretraining {
 public:
  VaeTask(const VaePretraining& options, const PretrainSettings& settings)
      : options_(options),
        settings_(settings),
        device_(settings.device) {
    const Random random(settings.seed);
    if (finishing()) {
      vae_ = AutoencoderKL::from_pretrained(options.from);
    } else {
      require(options.perceptual == 0 && options.adversarial == 0,
              "--vae.perceptual and --vae.adversarial finish a decoder: give --vae.from, the folder of a trained VAE");
      vae_ = std::make_shared<AutoencoderKL>(config(options, settings.resolution));
      fill_random(*vae_, random);
    }
    codec_ = PatchCodec::fit(render_batch(sample_sprites(2000, random.stream("vae/codec"), settings.edition())),
                             vae_->downscale(), vae_->config.latent_channels);
    held_out_ = render_batch(sample_sprites(256, random.stream("vae/held-out"), settings.edition()));
    vae_->to(device_);
    codec_.mean = codec_.mean.to(device_), codec_.basis = codec_.basis.to(device_);
    if (options.perceptual > 0) {
      eye_ = AttributeReader::from_pretrained(settings.models / options.eye);
      eye_->to(device_);
    }
    critic_ = std::make_shared<PatchCritic>(options.critic_width, random);
    critic_->to(device_);
  }
  NamedTensors parameters() const override {
    NamedTensors out;
    if (!finishing()) add_trainable(out, "vae", *vae_);
    else {
      add_trainable(out, "vae.decoder", *vae_->decoder);
      if (vae_->post_quant_conv) add_trainable(out, "vae.post_quant_conv", *vae_->post_quant_conv);
    }
    return out;
  }
  NamedTensors adversary() const override {
    NamedTensors out;
    if (options_.adversarial > 0) add_trainable(out, "critic", *critic_);
    return out;
  }
  Tensor loss(const PretrainStep& step) override {
    const Tensor image =
        render_batch(sample_sprites(step.batch_size, step.stream("vae/sprites"), settings_.edition())).to(device_);
    const Tensor codec = finishing() ? Tensor() : codec_.encode(image);
    const Autocast autocast(settings_.dtype == "bfloat16", device_.type());
    const auto posterior = [&] {
      const at::AutoGradMode gradients(!finishing());
      return vae_->encode(image);
    }();
    const Tensor mean = posterior.mean.to(torch::kFloat32), logvar = posterior.logvar.to(torch::kFloat32);
    Tensor latent = mean + (0.5 * logvar).exp() * step.normal("vae/posterior", mean.sizes());
    if (finishing() && options_.noise > 0) {
      const Tensor share = step.stream("vae/noise-share").uniform({image.size(0), 1, 1, 1}).to(device_);
      latent = latent + options_.noise / vae_->config.scaling_factor * share * step.normal("vae/noise", mean.sizes());
    }
    const Tensor reconstruction = vae_->decode(latent).to(torch::kFloat32), difference = reconstruction - image;
    const auto edges = [](const Tensor& x, std::int64_t dim) {
      return (x.narrow(dim, 1, x.size(dim) - 1) - x.narrow(dim, 0, x.size(dim) - 1)).abs().mean();
    };
    const Tensor mse = difference.square().mean(), l1 = difference.abs().mean(),
                 gradient = edges(difference, 2) + edges(difference, 3);
    step.log("psnr", -10 * (mse / 4).log10());
    step.log("l1", l1);
    Tensor total = l1 + mse + options_.gradient * gradient;
    if (finishing()) return finish(total, image, reconstruction, step);
    const Tensor kl = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean();
    const Tensor pulled = (mean - codec).square().mean();
    const double strength = std::max(options_.pull, 1.0 - static_cast<double>(step.step) / 300.0);
    step.log("kl", kl), step.log("pull", pulled);
    return total + options_.kl * kl + strength * pulled;
  }
  Tensor adversary_loss(const PretrainStep& step) override {
    const Autocast autocast(settings_.dtype == "bfloat16", device_.type());
    const Tensor loss =
        0.5 * (at::relu(1 - critic_->forward(drawn_)) + at::relu(1 + critic_->forward(decoded_))).mean();
    step.log("critic", loss);
    return loss;
  }
  /// The scaling factor makes the scaled latents' standard deviation 1, as Stable Diffusion's does.
  void save() const override {
    if (!finishing()) vae_->config.scaling_factor = 1 / vae_->encode(held_out_.to(device_)).mean.std().item<double>();
    kept()->save_pretrained(settings_.models / "teacher" / "vae");
  }
  Tensor sheet() override {
    const auto vae = kept();
    const Tensor some = held_out_.narrow(0, 0, 24), shown = vae->decode(vae->encode(some.to(device_)).mean).cpu();
    std::vector<PreviewRow> rows;
    for (std::int64_t i = 0; i < 24; i += 8) {
      rows.push_back({some.narrow(0, i, 8), "sprites", {}});
      rows.push_back({shown.narrow(0, i, 8), "through the VAE", {}});
    }
    return preview(rows, "AutoencoderKL");
  }
  /// psnr in dB; sharpness: how strong the differences of neighbouring pixels are, as a share of the sprites' own.
  Readings measure() override {
    const auto vae = kept();
    const Tensor x = held_out_.to(device_), y = vae->decode(vae->encode(x).mean).clamp(-1, 1);
    const auto psnr = [&x](const Tensor& z) { return -10 * ((x - z).square().mean({1, 2, 3}) / 4).log10(); };
    const auto edges = [](const Tensor& z) {
      return (z.narrow(3, 1, z.size(3) - 1) - z.narrow(3, 0, z.size(3) - 1)).square().mean().item<double>();
    };
    return {{"psnr", psnr(y).mean().item<double>()},
            {"psnr-of-mean", (-10 * ((x - y).square().mean() / 4).log10()).item<double>()},
            {"sharpness", std::sqrt(edges(y) / edges(x))},
            {"psnr-of-patch-codec", psnr(codec_.decode(codec_.encode(x)).clamp(-1, 1)).mean().item<double>()}};
  }

 private:
  bool finishing() const { return !options_.from.empty(); }

  /// What is saved, shown and measured.
  std::shared_ptr<AutoencoderKL> kept() const {
    if (!finishing() || options_.blend == 1) return vae_;
    const auto mean = AutoencoderKL::from_pretrained(options_.from);
    mean->to(device_);
    const auto finished = vae_->named_parameters();
    torch::NoGradGuard no_grad;
    for (auto& item : mean->named_parameters()) item.value().lerp_(finished[item.key()], options_.blend);
    return mean;
  }

  Tensor finish(Tensor total, const Tensor& image, const Tensor& reconstruction, const PretrainStep& step) {
    if (options_.perceptual > 0) {
      const Tensor distance = perceptual_distance(*eye_, reconstruction, image);
      step.log("perceptual", distance);
      total = total + options_.perceptual * distance;
    }
    if (options_.adversarial > 0) {
      drawn_ = image, decoded_ = reconstruction.detach();
      const Tensor verdict = -critic_->forward(reconstruction).mean();
      step.log("adversarial", verdict);
      const double share = std::clamp(static_cast<double>(step.step - options_.alone) / 100.0, 0.0, 1.0);
      total = total + share * options_.adversarial * verdict;
    }
    return total;
  }
  static AutoencoderKLConfig config(const VaePretraining& options, std::int64_t resolution) {
    require(options.downscale == 4 || options.downscale == 8, "--vae.downscale ", options.downscale,
            " is not one of 4, 8");
    AutoencoderKLConfig c;
    const std::int64_t w = options.width;
    if (options.downscale == 4) c.block_out_channels = {w, 2 * w, 2 * w};
    else c.block_out_channels = {w, 2 * w, 4 * w, 8 * w};
    c.down_block_types.assign(c.block_out_channels.size(), "DownEncoderBlock2D");
    c.up_block_types.assign(c.block_out_channels.size(), "UpDecoderBlock2D");
    c.latent_channels = options.latent_channels;
    c.norm_num_groups = options.downscale == 4 ? 16 : 8;
    c.sample_size = resolution;
    return c;
  }
  VaePretraining options_;
  PretrainSettings settings_;
  torch::Device device_;
  std::shared_ptr<AutoencoderKL> vae_;
  std::shared_ptr<AttributeReader> eye_;
  std::shared_ptr<PatchCritic> critic_;
  PatchCodec codec_;
  Tensor held_out_, drawn_, decoded_;  // drawn, decoded: of this update
};

}  // namespace detail

inline std::unique_ptr<Pretraining> VaePretraining::build(const PretrainSettings& settings) const {
  return std::make_unique<detail::VaeTask>(*this, settings);
}

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::VaePretraining, latent_channels, width, downscale, kl, pull, gradient, from, perceptual,
                        adversarial, noise, blend, eye, critic_width, alone);
