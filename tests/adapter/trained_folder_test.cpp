#include <opad/adapter/all.hpp>
#include <opad/adapter/trained_folder.hpp>

#include "laws/adapter.hpp"
#include "laws/each.hpp"

using namespace opad;

namespace {

const std::filesystem::path tokenizer_folder = OPAD_SOURCE_DIR "/models/tiny/teacher/tokenizer";

ClipTokenizer tokenizer() { return ClipTokenizer::from_pretrained(tokenizer_folder); }

/// An adapter of a form that no program knows: the biases of the output layer alone.
struct OutputBias {
  static constexpr std::string_view name = "output-bias";
  NamedTensors install(UNet2DConditionModel& unet) const {
    remove_adapter(unet);
    return {{"conv_out.bias", unet.conv_out->bias.requires_grad_()}};
  }
  void save(UNet2DConditionModel& unet, const std::filesystem::path& folder) const {
    save_safetensors(folder / "output_bias.safetensors", {{"conv_out.bias", unet.conv_out->bias.detach()}});
  }
  void load(UNet2DConditionModel&, const std::filesystem::path&) const {}
  void merge(UNet2DConditionModel& unet) const { remove_adapter(unet); }
};
static_assert(Adapter<OutputBias>);

template <class A>
void save_with(const A& adapter, UNet2DConditionModel& unet, const std::filesystem::path& folder,
               const TokenRows& rows) {
  save_trained(
      folder, std::string(A::name), unet, [&](auto& u, const auto& to) { adapter.save(u, to); },
      [&](auto& u) { adapter.merge(u); }, rows);
}

}  // namespace

TEST_CASE("What any adapter leaves in a folder makes the same pictures for whoever loads it",
          "[adapter][trained-folder]") {
  const SmallUNetInputs in(2);
  laws::each(hana::append(all::adapters, hana::type_c<OutputBias>), [&]<class A>(const A& adapter) {
    const TemporaryFolder folder;
    const auto unet = small_unet();
    const NamedTensors parameters = adapter.install(*unet);
    laws::disturb(parameters);
    const Tensor trained = laws::output(*unet, in);
    auto words = tokenizer();
    save_with(adapter, *unet, folder.path, TokenRows(words, {}));
    // saving disturbs nothing: a run may go on
    REQUIRE(at::equal(laws::output(*unet, in), trained));
    for (const auto& [name, p] : parameters) REQUIRE(p.requires_grad());

    const auto record = read_json(folder / adapters_record);
    REQUIRE(record["adapter"] == A::name);
    REQUIRE(record["weights"].empty() == parameters.empty());
    const bool whole = std::filesystem::exists(folder / "unet");  // in the place of the model's own U-Net
    const auto fresh = whole ? UNet2DConditionModel::from_pretrained(folder / "unet") : small_unet();
    auto again = tokenizer();
    if (parameters.empty()) {
      REQUIRE_THROWS_WITH(load_trained({folder.path}, *fresh, again), ContainsSubstring("no trained weights here"));
    } else {
      load_trained({folder.path}, *fresh, again);
      REQUIRE(laws::distance(laws::output(*fresh, in), trained) < 1e-5);
    }
  });
}

TEST_CASE("Tokens of any name are kept and found again", "[adapter][trained-folder]") {
  const TemporaryFolder folder;
  const std::vector<std::string> names{"<new1>", "a/b", "../up", "pytorch_lora_weights", ".hidden", "<猫>"};
  auto words = tokenizer();
  std::vector<LearnedEmbedding> embeddings;
  for (std::size_t i = 0; i < names.size(); ++i)
    embeddings.push_back({names[i], torch::full({1, 12}, static_cast<double>(i + 1))});
  const TokenRows rows(words, embeddings);
  const auto unet = small_unet();
  save_with(TokensOnly{}, *unet, folder / "run", rows);
  REQUIRE(folder.entries() == 1);  // none of them left the folder
  auto others = tokenizer();
  const TokenRows loaded = load_trained({folder / "run"}, *unet, others);
  const auto found = loaded.embeddings();
  REQUIRE(found.size() == names.size());
  for (const auto& [token, vectors] : embeddings) {
    INFO(token);
    const auto own = std::ranges::find(found, token, &LearnedEmbedding::token);
    REQUIRE(own != found.end());
    REQUIRE(at::equal(own->rows, vectors));
  }
}

TEST_CASE("A trained folder that lacks what it names is refused", "[adapter][trained-folder]") {
  const TemporaryFolder folder;
  const auto unet = small_unet();
  laws::disturb(Lora<2>{}.install(*unet));
  auto words = tokenizer();
  save_with(Lora<2>{}, *unet, folder.path, TokenRows(words, {}));
  std::filesystem::remove(folder / "pytorch_lora_weights.safetensors");
  auto again = tokenizer();
  REQUIRE_THROWS_WITH(load_trained({folder.path}, *small_unet(), again),
                      ContainsSubstring("pytorch_lora_weights.safetensors is missing, though adapters.json names it"));
  REQUIRE_THROWS_WITH(load_trained({folder / "gone"}, *small_unet(), again), ContainsSubstring("no such folder"));
}
