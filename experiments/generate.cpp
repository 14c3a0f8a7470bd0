// generate: pictures from a model folder, adapters and prompts.
//   generate --model SD_TURBO --base SD_21 --adapters runs/cat --prompt "a <new1> cat in the snow" --steps 1 --guidance
//   1
#include <opad/experiment/options/counts.hpp>
#include <opad/experiment/options/options.hpp>
#include <opad/experiment/picture/preview.hpp>
#include <opad/experiment/run/guarded_main.hpp>
#include <opad/experiment/run/manifest.hpp>
#include <opad/experiment/run/resources.hpp>
#include <opad/io/folder.hpp>
#include <opad/io/image.hpp>
#include <opad/io/output_apart.hpp>
#include <opad/pipeline/bytes.hpp>
#include <opad/pipeline/choose_sampler.hpp>
#include <opad/pipeline/pipeline.hpp>

using namespace opad;

namespace {

struct Settings {
  std::filesystem::path model, base, output = "pictures";
  std::vector<std::filesystem::path> adapters;
  std::vector<std::string> lora, embedding, prompt;
  std::string negative_prompt, device = "cpu";
  std::int64_t steps = 1, count = 4, resolution = 0;
  double guidance = 1.0;
  std::uint64_t seed = 42;
  bool overwrite = false;

  void bind(Options& options) {
    options.group("Models");
    options.bind_value("model", model,
                       "diffusers folder: a whole pipeline, or unet and scheduler alone; none: the student that "
                       "--adapters was trained on");
    options.bind_value("base", base,
                       "diffusers folder that gives text encoder, tokenizer and VAE, as the teacher did in training; "
                       "none: what --adapters was trained with, else the model's own");
    options.bind_value("adapters", adapters, "folders with trained weights and learned tokens, such as a run's");
    options.bind_value("lora", lora,
                       "FILE[:WEIGHT], LoRAs of kohya, PEFT or diffusers, added to U-Net and text encoder; WEIGHT: 1");
    options.bind_value("embedding", embedding,
                       "FILE[:WORD], learned words of the web UI or diffusers; WORD: as the file calls it");
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
    options.bind_value("overwrite", overwrite, "replace the pictures of an earlier call in the folder");
  }
  /// PROMPT-PICTURE.png
  std::string file_name(std::size_t prompt_number, std::int64_t picture) const {
    return c10::str(prompt_number, "-", picture, ".png");
  }
  /// All that is written into the folder.
  std::vector<std::string> file_names() const {
    std::vector<std::string> names{"grid"};
    for (std::size_t p = 0; p < prompt.size(); ++p)
      for (std::int64_t i = 0; i < count; ++i) names.push_back(file_name(p, i));
    return names;
  }
};

/// Pictures of two calls in one folder would be taken for one set, and nobody else's are replaced.
void refuse_output(const Settings& s) {
  std::vector<NamedPath> read{{"model", s.model}, {"base", s.base}};
  for (const auto& folder : s.adapters) read.push_back({"adapters", folder});
  require_output_apart(s.output, read, "give the pictures a folder of their own");
  const auto earlier = read_manifest(s.output);
  require(earlier.empty() || s.overwrite, "--output ", s.output.string(),
          " holds pictures of an earlier call; --overwrite replaces them, or give another folder");
  if (!is_there(s.output)) return;
  for (const auto& entry : std::filesystem::directory_iterator(s.output))
    if (const std::string name = entry.path().filename().string(); name == "grid" || name.ends_with(".png"))
      require(std::ranges::find(earlier, name) != earlier.end(), "--output: ", entry.path().string(),
              " is there, and generate did not make it; give another folder");
}

/// FILE or FILE:MORE. A colon may be part of a file's name.
std::pair<std::filesystem::path, std::string> file_and_more(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos || is_there(text)) return {text, ""};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

PipelineExtras extras_of(const Settings& s) {
  PipelineExtras extras;
  for (const auto& text : s.lora) {
    const auto [file, weight] = file_and_more(text);
    extras.loras.push_back({.file = file});
    if (!weight.empty()) option_detail::read(weight, extras.loras.back().weight, "--lora " + text);
  }
  for (const auto& text : s.embedding) {
    const auto [file, word] = file_and_more(text);
    extras.embeddings.push_back(read_learned_embedding(file, word));
    const auto& learned = extras.embeddings.back().token;
    if (std::ranges::none_of(s.prompt, [&](const auto& p) { return p.find(learned) != p.npos; }))
      std::cerr << "generate: no prompt says '" << learned << "', the word of " << file.string() << std::endl;
  }
  return extras;
}

int generate(int argc, char** argv) {
  Settings s;
  Options options("generate", "Makes pictures with a diffusion model and what was trained for it.");
  s.bind(options);
  if (!options.parse(argc, argv)) return 0;
  require(!s.prompt.empty(), "--prompt is missing; say what to show");
  require_counts({{"count", s.count, 1}, {"steps", s.steps, 1}, {"resolution", s.resolution, 0}});
  if (s.model.empty() && !s.adapters.empty())  // a run says what it was trained on
    if (const auto record = PartsRecord::of(s.adapters.back())) s.model = record->student;
  require(!s.model.empty(), "--model is missing; give a diffusers folder");
  refuse_output(s);

  const torch::Device device = parse_device(s.device);
  const auto folders =
      parts_of_pictures(s.model, s.base, s.adapters.empty() ? std::filesystem::path() : s.adapters.back());
  Pipeline pipeline(folders, s.adapters, device, {}, extras_of(s));
  const std::int64_t side = s.resolution > 0 ? s.resolution : pipeline.resolution();
  require(side > 0, "--resolution is missing: the model's config has no sample_size");
  if (const auto remark = choose_sampler(pipeline.scheduler(), s.steps).remark; !remark.empty())
    std::cerr << "generate: " << remark << std::endl;
  const std::optional<double> guidance = s.guidance == 1.0 ? std::nullopt : std::optional(s.guidance);
  const Random random(s.seed);
  require_room("count", static_cast<double>(s.count) * static_cast<double>(s.prompt.size()), bytes_of_picture(side));
  pipeline.noise(random.stream("generate/noise", 0), 1, side);  // refuses what the model cannot make
  replace_owned_files(s.output, s.file_names());                // from here on it holds this call's pictures, or fewer
  std::vector<PreviewRow> grid;
  for (std::size_t p = 0; p < s.prompt.size(); ++p) {
    if (const auto remark = pipeline.remark(s.prompt[p]); !remark.empty())
      std::cerr << "generate: " << remark << std::endl;
    std::vector<Tensor> pictures;
    for (std::int64_t i = 0; i < s.count; ++i) {
      const Tensor noise = pipeline.noise(random.stream("generate/noise", i), 1, side);
      const Random own(s.seed + static_cast<std::uint64_t>(i));
      const auto fresh = [&](std::int64_t k) {
        return own.stream("sampler/noise", k).normal(noise.sizes()).to(device);
      };
      AnySampler sampler = choose_sampler(pipeline.scheduler(), s.steps).sampler;
      pictures.push_back(pipeline.sample(sampler, s.prompt[p], noise, guidance, s.negative_prompt, fresh));
      write_png(s.output / s.file_name(p, i), to_bytes(pictures.back()[0]));
    }
    grid.push_back({.images = at::cat(pictures), .label = s.prompt[p], .captions = {}});
  }
  const auto overview = s.output / "grid" / "grid.png";  // not among the pictures, where `evaluate` would score it
  write_png(overview, preview(grid));
  std::cout << overview.string() << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return guarded_main("generate", [&] { return generate(argc, argv); });
}
