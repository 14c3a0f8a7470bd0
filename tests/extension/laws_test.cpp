#include <opad/adapter/trained_folder.hpp>
#include <opad/encoder/dino.hpp>
#include <opad/schedule/schedule_choice.hpp>
#include <opad/space/backbones_of.hpp>
#include <opad/space/features.hpp>

#include "laws/adapter.hpp"
#include "laws/coupling.hpp"
#include "laws/loss_term.hpp"
#include "laws/objective.hpp"
#include "laws/teacher_target.hpp"
#include "laws/weighting.hpp"
#include "policies/alternating.hpp"
#include "policies/charbonnier.hpp"
#include "policies/drift.hpp"
#include "policies/flip.hpp"
#include "policies/gated.hpp"
#include "policies/head_scales.hpp"
#include "policies/logistic_snr.hpp"
#include "policies/shifted_cosine.hpp"
#include "policies/two_looks.hpp"
#include "policies/wasserstein.hpp"

using namespace opad;

TEST_CASE("Policies from outside of the tree obey the laws of their kinds", "[extension]") {
  laws::loss_term(lab::Charbonnier{}, {3, 4, 8, 8});
  laws::weighting(lab::LogisticSnr{});
  laws::teacher_target(lab::TwoLooks{});
  laws::coupling(lab::Alternating{});
  laws::coupling(lab::Alternating{.period = 3});
  laws::objective(lab::Wasserstein{});
  laws::head(lab::Gated{.hidden = 5});
  laws::regulariser(lab::Drift{.epsilon = 0.5});
  laws::picture_change(lab::Flip{});
  laws::adapter(lab::HeadScales{});
  laws::adapter(lab::HeadScales{.cross_only = true});
}

namespace {

/// Trains weights of the U-Net itself, beside a LoRA or alone, as an adapter from outside may.
template <bool WithLora>
struct Biases {
  static constexpr std::string_view name = "biases";
  NamedTensors install(UNet2DConditionModel& unet) const {
    NamedTensors parameters = WithLora ? Lora<2>{}.install(unet) : NamedTensors{};
    if (!WithLora) remove_adapter(unet);
    for (auto& [key, bias] : biases(unet)) parameters.emplace_back(key, bias.set_requires_grad(true));
    return parameters;
  }
  void save(UNet2DConditionModel& unet, const std::filesystem::path& folder) const {
    if (WithLora) Lora<2>{}.save(unet, folder);
    Tensors tensors;
    for (const auto& [key, bias] : biases(unet)) tensors.emplace(key, bias.detach());
    save_safetensors(folder / "biases.safetensors", tensors);
  }
  void load(UNet2DConditionModel& unet, const std::filesystem::path& folder) const {
    if (WithLora) Lora<2>{}.load(unet, folder);
    copy_into(biases(unet), SafeTensors(folder / "biases.safetensors").tensors(), folder.string());
    for (auto& [key, bias] : biases(unet)) bias.set_requires_grad(true);
  }
  void merge(UNet2DConditionModel& unet) const {
    if (WithLora) Lora<2>{}.merge(unet);
    remove_adapter(unet);
  }

 private:
  static NamedTensors biases(const UNet2DConditionModel& unet) {
    NamedTensors out;
    for (const auto& item : unet.named_parameters())
      if (item.key().ends_with(".bias")) out.emplace_back(item.key(), item.value());
    return out;
  }
};

template <Adapter A>
void found_again(const A& adapter) {
  const SmallUNetInputs in(2);
  const auto unet = small_unet();
  laws::disturb(adapter.install(*unet));
  const Tensor trained = laws::output(*unet, in);
  auto tokenizer = ClipTokenizer::from_pretrained(OPAD_SOURCE_DIR "/models/tiny/teacher/tokenizer");
  const TokenRows rows(tokenizer, {{"<new1>", torch::ones({1, 3})}});
  const TemporaryFolder folder;
  save_trained(
      folder.path, std::string(A::name), *unet,
      [&](UNet2DConditionModel& of, const std::filesystem::path& to) { adapter.save(of, to); },
      [&](UNet2DConditionModel& of) { adapter.merge(of); }, rows);
  REQUIRE(at::equal(laws::output(*unet, in), trained));  // saving is no end of training
  for (const auto& [name, p] : unet->named_parameters().pairs())
    REQUIRE(p.requires_grad() ==
            (name.find(".processor.") != name.npos || (adapter.name == "biases" && name.ends_with(".bias"))));

  const auto fresh = small_unet();
  auto other = ClipTokenizer::from_pretrained(OPAD_SOURCE_DIR "/models/tiny/teacher/tokenizer");
  load_trained({folder.path}, *fresh, other);
  REQUIRE(laws::distance(laws::output(*fresh, in), trained) < 1e-5);

  // onto another U-Net, by the adapter itself: nothing of the first one's weights comes along
  const auto student = small_unet();
  Tensors before;
  {
    torch::NoGradGuard no_grad;
    for (const auto& [name, p] : student->named_parameters().pairs())
      if (name.ends_with(".weight")) Tensor(p).mul_(1.5), before[name] = p.detach().clone();
  }
  auto third = ClipTokenizer::from_pretrained(OPAD_SOURCE_DIR "/models/tiny/teacher/tokenizer");
  load_trained({folder.path}, *student, third,
               [&](UNet2DConditionModel& unet, const std::filesystem::path& from) { adapter.load(unet, from); });
  for (const auto& [name, was] : before) REQUIRE(at::equal(student->named_parameters()[name], was));
}

/// The likeness of what stands beside what: a space that is rendered from an encoder's features.
struct Gram {
  static constexpr std::string_view name = "gram";
  using from = Features<Dino>;
  template <class Networks>
  static Tensor render(Networks&, const Tensor& features) {
    return at::matmul(features.transpose(1, 2), features);
  }
};
static_assert(Space<Gram>);

}  // namespace

TEST_CASE("What an adapter of an unknown kind trained is found by programs that do not know it", "[extension]") {
  SECTION("in processors") { found_again(lab::HeadScales{}); }
  SECTION("in weights of the U-Net itself") { found_again(Biases<false>{}); }
  SECTION("in both, with a file that is known for one of them") { found_again(Biases<true>{}); }
}

TEST_CASE("A space may be rendered from an encoder's features", "[extension]") {
  STATIC_REQUIRE(opad::detail::backbone_of<Gram>() == hana::tuple_t<Dino>);
}

TEST_CASE("A noise schedule is left beside a config that holds Python's infinity", "[extension]") {
  const TemporaryFolder folder;
  write_atomically(folder.path / "scheduler_config.json",
                   R"({"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity})");
  const lab::ShiftedCosine schedule{.steps = 8};
  const auto config = with_schedule(SchedulerConfig::from_pretrained(folder.path), schedule);
  save_schedule(folder.path / "left", config, folder.path);
  const auto left = SchedulerConfig::from_pretrained(folder.path / "left");
  REQUIRE(((left.alpha_bar() - schedule.alpha_bar()).abs() < 1e-12).all());
  REQUIRE(left.num_train_timesteps == 8);
  REQUIRE_FALSE(read_json(folder.path / "left" / "scheduler_config.json").contains("lambda_min_clipped"));
}
