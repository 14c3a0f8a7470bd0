#pragma once
/// A recipe on the tiny models, with its data: pictures of noise at 64 pixels.
#include <opad/data/concept_dataset.hpp>
#include <opad/space/backbones_of.hpp>
#include <opad/train/method_of.hpp>
#include <opad/train/trainer.hpp>

inline const std::filesystem::path tiny_models = OPAD_SOURCE_DIR "/models/tiny";

template <class Recipe>
struct TinyRun {
  using Slots = opad::Policies<Recipe>;
  static constexpr bool has_teacher = decltype(Slots::coupling)::has_teacher;
  opad::World world = opad::World::load(
      opad::parts_of_training(tiny_models / "teacher", tiny_models / "student", has_teacher, /*own_words=*/false),
      has_teacher);
  std::shared_ptr<opad::TokenRows> rows;
  opad::Random random{7};
  std::optional<opad::ConceptDataset> data;
  std::optional<opad::Trainer> trainer;

  /// `change` may set what it likes in the recipe's values; the models go from device to device and stay on the last.
  explicit TinyRun(opad::TrainerOptions options = {.steps = 4}, const std::function<void(Slots&)>& change = {},
                   const opad::Augmentation& augmentation = {}, const std::vector<torch::Device>& way = {torch::kCPU}) {
    using namespace opad;
    Slots slots;
    for (AdamW* optimiser :
         {&slots.token_optimiser, &slots.teacher_optimiser, &slots.student_optimiser, &slots.critic_optimiser})
      optimiser->learning_rate = 1e-3;
    if (change) change(slots);
    for_each_backbone(viewers(slots), [&](auto backbone) {
      using B = typename decltype(backbone)::type;
      const std::string name(B::name);
      world.networks.template put<B>(B::load(
          name == "lpips" ? std::filesystem::path(OPAD_SOURCE_DIR "/tests/golden/lpips_alex/model/model.safetensors")
                          : tiny_models / name));
    });
    rows = std::make_shared<TokenRows>(
        TokenRows::from_initializers(world.tokenizer, world.text_encoder->token_table(), {"<new1>"}, {"dog"}));
    for (const auto& device : way) world.to(device), rows->to(device);
    ConceptData pictures{.pictures = {}, .instance_prompt = "<new1> dog"};
    for (int i = 0; i < 3; ++i)
      pictures.pictures.push_back((random.stream("picture", i).uniform({40, 50, 3}) * 255).to(torch::kUInt8));
    data.emplace(pictures, DatasetOptions{.resolution = 64, .vae_factor = 8, .augmentation = augmentation}, random);
    trainer.emplace(world, method_of(slots), rows, random, options);
  }
  opad::Metrics iterate(std::int64_t iteration, const opad::Tensors* draws = nullptr) {
    return trainer->iterate(iteration, {data->batch(iteration, 2)}, draws);
  }
  opad::Tensors copy() const {
    opad::Tensors out;
    for (const auto& [name, t] : trainer->state()) out[name] = t.clone();
    return out;
  }
};

inline bool same(const opad::Tensors& a, const opad::Tensors& b, const std::string& prefix = "") {
  for (const auto& [name, t] : a)
    if (name.starts_with(prefix) && !(b.contains(name) && at::equal(t, b.at(name)))) return false;
  return a.size() == b.size() || !prefix.empty();
}
