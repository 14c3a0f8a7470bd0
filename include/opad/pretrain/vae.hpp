#pragma once
#include <Eigen/Eigenvalues>

#include <opad/models/autoencoder_kl.hpp>
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
};

/// Pretrains the mini world's AutoencoderKL on sprites. Loss: L1 + MSE + L1 of the picture's differences, a slight KL
/// term, and a pull of the latents' means towards the patch codec, strong at first: the decoder learns on good latents
/// from the first step on, and the latents stay close to linear in the picture, which a diffusion model finds easy.
struct VaePretraining {
  static constexpr std::string_view name = "vae",
                                    description =
                                        "Trains the mini world's picture autoencoder (AutoencoderKL) on sprites.";
  std::int64_t latent_channels = 16, width = 32;
  double kl = 1e-5, pull = 0.02, gradient = 1.0;

  static PretrainSettings defaults() { return {.steps = 3000, .batch_size = 48, .learning_rate = 2e-3, .ema = 0.995}; }
  std::unique_ptr<Pretraining> build(const PretrainSettings& settings) const;
};

namespace detail {

class VaeTask : public Pretraining {
 public:
  VaeTask(const VaePretraining& options, const PretrainSettings& settings)
      : options_(options),
        settings_(settings),
        device_(settings.device),
        vae_(std::make_shared<AutoencoderKL>(config(options))) {
    const Random random(settings.seed);
    fill_random(*vae_, random);
    codec_ = PatchCodec::fit(render_batch(sample_sprites(2000, random.stream("vae/codec"))), vae_->downscale(),
                             options.latent_channels);
    held_out_ = render_batch(sample_sprites(256, random.stream("vae/held-out")));
    vae_->to(device_);
    codec_.mean = codec_.mean.to(device_), codec_.basis = codec_.basis.to(device_);
  }
  NamedTensors parameters() const override {
    NamedTensors out;
    add_trainable(out, "vae", *vae_);
    return out;
  }
  Tensor loss(const PretrainStep& step) override {
    const Tensor image = render_batch(sample_sprites(step.batch_size, step.stream("vae/sprites"))).to(device_);
    Tensor reconstruction, mean, logvar;
    {
      const Autocast autocast(settings_.dtype == "bfloat16", device_.type());
      const auto posterior = vae_->encode(image);
      mean = posterior.mean.to(torch::kFloat32), logvar = posterior.logvar.to(torch::kFloat32);
      const Tensor latent = mean + (0.5 * logvar).exp() * step.normal("vae/posterior", mean.sizes());
      reconstruction = vae_->decode(latent).to(torch::kFloat32);
    }
    const Tensor difference = reconstruction - image;
    const auto edges = [](const Tensor& x, std::int64_t dim) {
      return (x.narrow(dim, 1, x.size(dim) - 1) - x.narrow(dim, 0, x.size(dim) - 1)).abs().mean();
    };
    const Tensor mse = difference.square().mean(), l1 = difference.abs().mean(),
                 gradient = edges(difference, 2) + edges(difference, 3);
    const Tensor kl = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean();
    const Tensor pulled = (mean - codec_.encode(image)).square().mean();
    const double strength = std::max(options_.pull, 1.0 - static_cast<double>(step.step) / 300.0);
    step.log("psnr", -10 * (mse / 4).log10());
    step.log("l1", l1), step.log("kl", kl), step.log("pull", pulled);
    return l1 + mse + options_.gradient * gradient + options_.kl * kl + strength * pulled;
  }
  /// The scaling factor makes the scaled latents' standard deviation 1, as Stable Diffusion's does.
  void save() const override {
    vae_->config.scaling_factor = 1 / vae_->encode(held_out_.to(device_)).mean.std().item<double>();
    vae_->save_pretrained(settings_.models / "teacher" / "vae");
  }
  Tensor sheet() override {
    const Tensor some = held_out_.narrow(0, 0, 24), shown = vae_->decode(vae_->encode(some.to(device_)).mean).cpu();
    std::vector<PreviewRow> rows;
    for (std::int64_t i = 0; i < 24; i += 8) {
      rows.push_back({some.narrow(0, i, 8), "sprites", {}});
      rows.push_back({shown.narrow(0, i, 8), "through the VAE", {}});
    }
    return preview(rows, "AutoencoderKL");
  }
  Readings measure() override {
    const Tensor x = held_out_.to(device_), y = vae_->decode(vae_->encode(x).mean).clamp(-1, 1);
    const Tensor mse = (x - y).square().mean({1, 2, 3});
    return {{"psnr", (-10 * (mse / 4).log10()).mean().item<double>()},
            {"psnr-of-mean", (-10 * (mse.mean() / 4).log10()).item<double>()}};
  }

 private:
  static AutoencoderKLConfig config(const VaePretraining& options) {
    AutoencoderKLConfig c;
    c.down_block_types.assign(3, "DownEncoderBlock2D");
    c.up_block_types.assign(3, "UpDecoderBlock2D");
    c.block_out_channels = {options.width, 2 * options.width, 2 * options.width};
    c.latent_channels = options.latent_channels;
    c.norm_num_groups = 16;
    c.sample_size = mini_resolution;
    return c;
  }
  VaePretraining options_;
  PretrainSettings settings_;
  torch::Device device_;
  std::shared_ptr<AutoencoderKL> vae_;
  PatchCodec codec_;
  Tensor held_out_;
};

}  // namespace detail

inline std::unique_ptr<Pretraining> VaePretraining::build(const PretrainSettings& settings) const {
  return std::make_unique<detail::VaeTask>(*this, settings);
}

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::VaePretraining, latent_channels, width, kl, pull, gradient);
