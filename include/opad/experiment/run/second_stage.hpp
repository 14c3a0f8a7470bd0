#pragma once
#include <opad/data/concept_dataset.hpp>
#include <opad/data/prompt_settings.hpp>
#include <opad/experiment/picture/preview.hpp>
#include <opad/experiment/run/signals.hpp>
#include <opad/io/event_file.hpp>
#include <opad/io/json_in.hpp>
#include <opad/io/resize.hpp>
#include <opad/io/safetensors.hpp>
#include <opad/pipeline/bytes.hpp>
#include <opad/ranks/ranks.hpp>
#include <opad/train/trainer.hpp>

namespace opad {

/// The student's pictures for the second stage, and what the filter thought of them.
struct MadePictures {
  std::vector<Tensor> pictures;  // uint8 [H, W, 3]
  std::vector<std::string> prompts;
  std::vector<double> scores;     // the filter's; empty without one
  std::vector<std::size_t> kept;  // indices, best first where there are scores
};

/// uint8 [H, W, 3] -> float [1, 3, side, side] in [-1, 1]
inline Tensor to_square(const Tensor& picture, std::int64_t side, torch::Device device) {
  return (resize(picture, side, side, Filter::Bilinear).to(torch::kFloat32) / 127.5 - 1)
      .permute({2, 0, 1})
      .unsqueeze(0)
      .contiguous()
      .to(device);
}

/// How much pictures look like any of the photographs, in the space that `render` renders: the largest cosine, the mean
/// over tokens, for each picture. Each rank looks at a share of them.
OPAD_ONCE std::vector<double> likeness(const std::function<Tensor(Networks&, const Tensor&)>& render,
                                       Networks& networks, const std::vector<Tensor>& pictures,
                                       const std::vector<Tensor>& photographs, std::int64_t side, torch::Device device,
                                       const Ranks& ranks = {}) {
  torch::NoGradGuard no_grad;
  std::vector<Tensor> references;
  for (const Tensor& photograph : photographs)
    references.push_back(render(networks, to_square(photograph, side, device)));
  std::vector<double> scores(pictures.size());
  for (auto i = static_cast<std::size_t>(ranks.rank()); i < pictures.size(); i += ranks.size()) {
    const Tensor features = render(networks, to_square(pictures[i], side, device));
    double best = -1;
    for (const Tensor& reference : references)
      best = std::max(best, at::cosine_similarity(features, reference, -1).mean().item<double>());
    scores[i] = best;
  }
  ranks.sum(torch::from_blob(scores.data(), {static_cast<std::int64_t>(scores.size())}, torch::kFloat64));
  return scores;
}

/// The student makes pictures of a concept, one step each, in the settings in turn; the coupling's filter says which
/// are kept. Each rank makes a share of them, and all get all of them. A stop that any rank is asked for ends it
/// between two pictures: nothing is made then.
///   words  "<new1> dog"      which  the concept's number, for its noise      side  of the pictures
OPAD_ONCE MadePictures make_pictures(Trainer& trainer, World& world, const Random& random, const ConceptData& data,
                                     std::int64_t which, std::int64_t side, const Ranks& ranks = {}) {
  torch::NoGradGuard no_grad;
  const SecondStageFunctions& stage = *trainer.method().second_stage;
  const Trainer::Kept kept(trainer);
  const std::int64_t latent_side = side / world.networks.downscale(),
                     channels = world.networks.vae_config().latent_channels;
  MadePictures made;
  for (std::int64_t i = 0; i < stage.pictures; ++i) {
    const auto setting = prompt_settings[static_cast<std::size_t>(i) % prompt_settings.size()];
    made.prompts.push_back(fill_template(setting, data.instance_prompt));
    made.kept.push_back(static_cast<std::size_t>(i));
    if (i % ranks.size() == 0 && ranks.any(stop_requested())) return {};
    if (i % ranks.size() != ranks.rank()) {
      made.pictures.push_back(torch::zeros({side, side, 3}, torch::kUInt8));
      continue;
    }
    const Tensor noise = random.stream("collaborative/noise", which * stage.pictures + i)
                             .normal({1, channels, latent_side, latent_side})
                             .to(world.device);
    const Tensor latent = trainer.generate(noise, trainer.encode_for_student(world.tokenizer({made.prompts.back()})));
    made.pictures.push_back(to_bytes(world.networks.decode(latent)[0]));
  }
  for (const Tensor& picture : made.pictures) ranks.sum(picture);
  if (stage.render) {
    made.scores = likeness(stage.render, world.networks, made.pictures, data.pictures, side, world.device, ranks);
    std::stable_sort(made.kept.begin(), made.kept.end(),
                     [&](auto a, auto b) { return made.scores[a] > made.scores[b]; });
    made.kept.resize(
        std::max<std::size_t>(1, static_cast<std::size_t>(stage.share * static_cast<double>(made.kept.size()) + 0.5)));
  }
  return made;
}

/// Some pictures, uint8 [H, W, 3] of any size, as one: bytes [H, W, 3].
OPAD_ONCE Tensor grid_of(const std::vector<Tensor>& pictures, const std::vector<std::string>& captions,
                         std::int64_t side) {
  constexpr std::size_t most = 16;
  constexpr std::int64_t columns = 4;
  std::vector<Tensor> squares;
  for (std::size_t i = 0; i < std::min(most, pictures.size()); ++i)
    squares.push_back(to_square(pictures[i], side, torch::kCPU));
  return preview_grid(at::cat(squares), columns, captions);
}

/// The kept pictures for TensorBoard, and how many they are and how much they look like the photographs.
OPAD_ONCE void show_made(EventFile& events, const MadePictures& made, const std::string& tag, std::int64_t side,
                         std::int64_t step) {
  std::vector<Tensor> pictures;
  std::vector<std::string> prompts;
  double likeness = 0;
  for (const std::size_t i : made.kept) {
    pictures.push_back(made.pictures[i]), prompts.push_back(made.prompts[i]);
    if (i < made.scores.size()) likeness += made.scores[i] / static_cast<double>(made.kept.size());
  }
  events.image(tag, grid_of(pictures, prompts, side), step);
  events.scalar(tag + "/kept", static_cast<double>(made.kept.size()), step);
  if (!made.scores.empty()) events.scalar(tag + "/likeness", likeness, step);
}

/// Adds the kept pictures to a concept, as often as it takes for them to be about half of its training pairs.
///   pairs  training pairs of a concept without them: of several concepts the mean, so that each gets as much
OPAD_ONCE void add_made(ConceptData& data, const MadePictures& made, std::int64_t pairs) {
  const auto times = std::max<std::int64_t>(1, pairs / static_cast<std::int64_t>(made.kept.size()));
  for (std::int64_t t = 0; t < times; ++t)
    for (const std::size_t i : made.kept) data.made.emplace_back(made.pictures[i], made.prompts[i]);
}

/// pictures.safetensors (all of them) and pictures.json (prompts, scores, which were kept).
OPAD_ONCE void save_made(const std::filesystem::path& folder, const MadePictures& made) {
  std::filesystem::create_directories(folder);
  save_safetensors(folder / "pictures.safetensors", {{"pictures", at::stack(made.pictures)}});
  write_json(folder / "pictures.json", {{"prompts", made.prompts}, {"scores", made.scores}, {"kept", made.kept}});
}
/// Reads what save_made wrote.
OPAD_ONCE MadePictures load_made(const std::filesystem::path& folder) {
  MadePictures made;
  const Tensor pictures = SafeTensors(folder / "pictures.safetensors").tensors().at("pictures");
  for (std::int64_t i = 0; i < pictures.size(0); ++i) made.pictures.push_back(pictures[i].clone());
  const auto file = folder / "pictures.json";
  const Json json = read_json(file);
  json_in(file, [&] {
    made.prompts = json.at("prompts").get<std::vector<std::string>>();
    made.scores = json.at("scores").get<std::vector<double>>();
    made.kept = json.at("kept").get<std::vector<std::size_t>>();
  });
  return made;
}

}  // namespace opad
