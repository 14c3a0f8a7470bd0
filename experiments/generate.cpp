// generate: pictures from a model folder, adapters and prompts.
//   generate --model SD_TURBO --base SD_21 --adapters runs/cat --prompt "a <new1> cat in the snow" --steps 1 --guidance
//   1
#include <opad/adapter/load_adapters.hpp>
#include <opad/experiment/previews.hpp>
#include <opad/experiment/run.hpp>

using namespace opad;

namespace {

struct Settings {
  std::filesystem::path model, base, output = "pictures";
  std::vector<std::filesystem::path> adapters;
  std::vector<std::string> prompt;
  std::string negative_prompt, device = "cpu";
  std::int64_t steps = 1, count = 4, resolution = 0;
  double guidance = 1.0;
  std::uint64_t seed = 42;

  void bind(Options& options) {
    options.group("Models");
    options.bind_value("model", model, "diffusers folder: a whole pipeline, or unet and scheduler alone");
    options.bind_value("base", base, "diffusers folder for what --model lacks: text encoder, tokenizer, VAE");
    options.bind_value("adapters", adapters, "folders with trained weights and learned tokens, such as a run's");
    options.group("Pictures");
    options.bind_value("prompt", prompt, "what to show; several give several rows");
    options.bind_value("negative-prompt", negative_prompt, "what guidance leads away from");
    options.bind_value("count", count, "pictures for each prompt");
    options.bind_value("steps", steps, "sampling steps");
    options.bind_value("guidance", guidance, "classifier-free guidance; 1: none, as one-step models want it");
    options.bind_value("resolution", resolution, "side of the pictures; 0: the model's own", "pixels");
    options.bind_value("seed", seed, "of the noise");
    options.bind_value("device", device, "cpu, cuda, cuda:1, ...");
    options.bind_value("output", output, "folder for the pictures");
  }
  /// The folder of one part of the pipeline.
  std::filesystem::path part(const char* name) const {
    if (std::filesystem::is_directory(model / name)) return model / name;
    require(!base.empty() && std::filesystem::is_directory(base / name), model.string(), ": holds no ", name,
            "/; give --base a pipeline that does");
    return base / name;
  }
};

/// One picture.  [1, 3, H, W]
Tensor sample(const Denoiser& denoiser, const SchedulerConfig& scheduler, Networks& networks, const Settings& s,
              const Tensor& noise, const Tensor& condition, const Tensor& null_condition, const Random& random) {
  AnySampler sampler = make_sampler(scheduler, s.steps);
  Tensor x = noise * sampler.init_noise_sigma();
  for (std::int64_t k = 0; k < static_cast<std::int64_t>(sampler.timesteps().size()); ++k) {
    const Tensor timestep = at::full({1}, sampler.timesteps()[static_cast<std::size_t>(k)], x.options()),
                 input = sampler.scale_model_input(x, k);
    const Tensor output = s.guidance == 1.0
                              ? denoiser.predict(input, timestep, condition)
                              : denoiser.predict_guided(input, timestep, condition, null_condition, s.guidance);
    const Tensor fresh =
        sampler.needs_noise(k) ? random.stream("sampler/noise", k).normal(x.sizes()).to(x.device()) : Tensor();
    x = sampler.step(output, k, x, fresh).prev_sample;
  }
  return networks.decode(x);
}

int generate(int argc, char** argv) {
  Settings s;
  Options options("generate", "Makes pictures with a diffusion model and what was trained for it.");
  s.bind(options);
  if (!options.parse(argc, argv)) return 0;
  require(!s.model.empty(), "--model is missing; give a diffusers folder");
  require(std::filesystem::is_directory(s.model), s.model.string(), ": no such model folder");
  require(!s.prompt.empty(), "--prompt is missing; say what to show");
  require(s.count > 0 && s.steps > 0, "--count and --steps must be positive");

  torch::NoGradGuard no_grad;
  const torch::Device device = parse_device(s.device);
  auto tokenizer = ClipTokenizer::from_pretrained(s.part("tokenizer"));
  const auto text_encoder = CLIPTextModel::from_pretrained(s.part("text_encoder"));
  const auto unet = UNet2DConditionModel::from_pretrained(s.part("unet"));
  const auto scheduler = SchedulerConfig::from_pretrained(s.part("scheduler"));
  Networks networks(AutoencoderKL::from_pretrained(s.part("vae")));
  TokenRows rows = load_adapters(s.adapters, *unet, tokenizer);
  text_encoder->to(device), unet->to(device), networks.to(device), rows.to(device);

  const Denoiser denoiser{"unet", unet, Diffusion(scheduler), &networks.passes()};
  const auto encode = [&](const std::string& prompt) {
    return text_encoder->encode(rows.embed(text_encoder->token_table(), tokenizer({rows.expand(prompt)}).to(device)));
  };
  const Tensor null_condition = encode(s.negative_prompt);
  const std::int64_t side = s.resolution > 0 ? s.resolution / networks.downscale() : unet->config.sample_size;
  require(side > 0, "--resolution is missing: the model's config has no sample_size");
  const Random random(s.seed);
  std::filesystem::create_directories(s.output);
  std::vector<PreviewRow> grid;
  for (std::size_t p = 0; p < s.prompt.size(); ++p) {
    const Tensor condition = encode(s.prompt[p]);
    std::vector<Tensor> pictures;
    for (std::int64_t i = 0; i < s.count; ++i) {
      const Tensor noise =
          random.stream("generate/noise", i).normal({1, networks.vae_config().latent_channels, side, side}).to(device);
      pictures.push_back(sample(denoiser, scheduler, networks, s, noise, condition, null_condition,
                                Random(s.seed + static_cast<std::uint64_t>(i)))
                             .cpu());
      write_png(s.output / c10::str(p, "-", i, ".png"), previews_detail::bytes(pictures.back()[0]));
    }
    grid.push_back({.images = at::cat(pictures), .label = s.prompt[p], .captions = {}});
  }
  write_png(s.output / "grid.png", preview(grid));
  std::cout << (s.output / "grid.png").string() << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return guarded_main("generate", [&] { return generate(argc, argv); });
}
