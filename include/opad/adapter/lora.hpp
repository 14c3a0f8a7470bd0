#pragma once
#include <boost/hana.hpp>

#include <opad/adapter/adapter.hpp>
#include <opad/adapter/lora_file.hpp>

namespace opad {

/// A low-rank change of a linear layer:  scale * B A x.  lora_A.weight [rank, in], lora_B.weight [out, rank].
struct LowRank : torch::nn::Module {
  std::shared_ptr<LinearLayer> lora_A, lora_B;
  LowRank(const LinearLayer& base, std::int64_t rank)
      : lora_A(register_module("lora_A", std::make_shared<LinearLayer>(base.weight.size(1), rank, false))),
        lora_B(register_module("lora_B", std::make_shared<LinearLayer>(rank, base.weight.size(0), false))) {
    for (const auto& layer : {lora_A, lora_B}) layer->to(base.weight.device(), base.weight.scalar_type());
    for (auto& parameter : parameters()) parameter.set_requires_grad(true);
  }
  Tensor forward(const LinearLayer& base, const Tensor& x, double scale) const {
    return base.forward(x).add_(lora_B->forward(lora_A->forward(x)), scale);
  }
  void merge_into(const LinearLayer& base, double scale) const {
    torch::NoGradGuard no_grad;
    Tensor(base.weight).addmm_(lora_B->weight, lora_A->weight, 1, scale);
  }
};

/// Attention with low-rank changes of all four projections.
struct LoraProcessor : AttentionProcessor {
  std::shared_ptr<LowRank> to_q, to_k, to_v, to_out;
  double scale;
  LoraProcessor(const Attention& attention, std::int64_t rank, double scale_)
      : to_q(register_module("to_q", std::make_shared<LowRank>(*attention.to_q, rank))),
        to_k(register_module("to_k", std::make_shared<LowRank>(*attention.to_k, rank))),
        to_v(register_module("to_v", std::make_shared<LowRank>(*attention.to_v, rank))),
        to_out(register_module("to_out", std::make_shared<torch::nn::Module>())
                   ->register_module("0", std::make_shared<LowRank>(*attention.to_out, rank))),
        scale(scale_) {}
  Tensor operator()(Attention& attention, const Tensor& hidden_states, const Tensor& encoder_hidden_states) override {
    return to_out->forward(*attention.to_out,
                           attend(to_q->forward(*attention.to_q, hidden_states, scale),
                                  to_k->forward(*attention.to_k, encoder_hidden_states, scale),
                                  to_v->forward(*attention.to_v, encoder_hidden_states, scale), attention.heads),
                           scale);
  }
  void merge_into(Attention& attention) const {
    to_q->merge_into(*attention.to_q, scale);
    to_k->merge_into(*attention.to_k, scale);
    to_v->merge_into(*attention.to_v, scale);
    to_out->merge_into(*attention.to_out, scale);
  }
};

/// Low-rank adaptation of all attention projections, self and cross:  W + alpha / rank * B A, A random, B zero at
/// first. Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, arXiv 2106.09685.
///   rank   1 or more; may not exceed the layers' widths
///   alpha  > 0; equal to rank: no scaling
///   seed   of A, uniform in +-1/sqrt(in) as in PEFT
/// The file pytorch_lora_weights.safetensors has no place for alpha that every version of diffusers reads: B is stored
/// multiplied by alpha / rank, so that any program that takes alpha = rank, their default, sees the same change.
struct LowRankAdapter {
  static constexpr std::string_view name = "lora";
  std::int64_t rank = 4;
  double alpha = 4.0;
  std::int64_t seed = 0;

  NamedTensors install(UNet2DConditionModel& unet) const {
    require(rank > 0 && alpha > 0, "Lora: rank ", rank, ", alpha ", alpha, "; give positive numbers");
    remove_adapter(unet);
    unet.for_each_attention([&](const std::string& layer, Attention& attention, bool) {
      const std::int64_t narrowest = std::min(attention.to_q->weight.size(0), attention.to_k->weight.size(1));
      require(rank <= narrowest, "Lora: rank ", rank, " is more than the ", narrowest, " channels of '", layer,
              "'; give a smaller rank");
      attention.set_processor(std::make_shared<LoraProcessor>(attention, rank, alpha / static_cast<double>(rank)));
    });
    const Random random(static_cast<std::uint64_t>(seed));
    torch::NoGradGuard no_grad;
    const NamedTensors parameters = named(unet);
    for (const auto& [key, parameter] : parameters) {
      if (key.ends_with(".lora_B.weight")) Tensor(parameter).zero_();
      else
        Tensor(parameter).copy_((2 * random.stream(key).uniform(parameter.sizes()) - 1) /
                                std::sqrt(static_cast<double>(parameter.size(1))));
    }
    return parameters;
  }

  void save(UNet2DConditionModel& unet, const std::filesystem::path& folder) const {
    Tensors tensors;
    const double scale = installed_scale(unet);
    for (const auto& [key, parameter] : named(unet))
      tensors.emplace(key, key.ends_with(".lora_B.weight") ? parameter.detach() * scale : parameter.detach());
    save_safetensors(folder / file_name, tensors, {}, Numbers::Finite);
  }

  /// folder  or a file, of any of the forms that read_lora_file knows.  Throws where the file's rank is not this one's.
  void load(UNet2DConditionModel& unet, const std::filesystem::path& folder) const {
    const auto path = find_lora_file(folder);
    LoraFile file = read_lora_file(path, unet);
    if (!is_installed(unet)) install(unet);
    if (const double scale = installed_scale(unet); scale != 1)
      for (auto& [key, tensor] : file.tensors)
        if (key.ends_with(".lora_B.weight")) tensor.div_(scale);
    copy_into(named(unet), file.tensors, path.string());
  }

  void merge(UNet2DConditionModel& unet) const {
    installed_scale(unet);
    unet.for_each_attention([](const std::string&, Attention& attention, bool) {
      dynamic_cast<const LoraProcessor&>(*attention.processor()).merge_into(attention);
    });
    remove_adapter(unet);
  }

 private:
  static constexpr const char* file_name = "pytorch_lora_weights.safetensors";

  /// By the file's keys: "unet.<attention layer>.to_q.lora_A.weight".
  static NamedTensors named(UNet2DConditionModel& unet) {
    NamedTensors parameters = processor_parameters(unet);
    for (auto& [key, parameter] : parameters) key = "unet." + key.replace(key.find(".processor."), 11, ".");
    return parameters;
  }
  static bool is_installed(UNet2DConditionModel& unet) {
    bool all = true;
    unet.for_each_attention([&](const std::string&, Attention& attention, bool) {
      all = all && dynamic_cast<const LoraProcessor*>(attention.processor().get());
    });
    return all;
  }
  static double installed_scale(UNet2DConditionModel& unet) {
    require(is_installed(unet), "Lora: the U-Net has no LoRA weights; install or load the adapter first");
    double scale = 1;
    unet.for_each_attention([&](const std::string&, Attention& attention, bool) {
      scale = dynamic_cast<const LoraProcessor&>(*attention.processor()).scale;
    });
    return scale;
  }
};
static_assert(Adapter<LowRankAdapter>);

/// LowRankAdapter of a rank that the recipe fixes, so that a sweep over ranks is a list of types; alpha equal to it by
/// default.
template <std::int64_t Rank = 4>
struct Lora {
  static_assert(Rank >= 1, "Lora<Rank>: give a rank of 1 or more.");
  static constexpr std::string_view name = "lora";
  double alpha = Rank;
  std::int64_t seed = 0;
  NamedTensors install(UNet2DConditionModel& unet) const { return of_rank().install(unet); }
  void save(UNet2DConditionModel& unet, const std::filesystem::path& folder) const { of_rank().save(unet, folder); }
  void load(UNet2DConditionModel& unet, const std::filesystem::path& folder) const { of_rank().load(unet, folder); }
  void merge(UNet2DConditionModel& unet) const { of_rank().merge(unet); }

 private:
  LowRankAdapter of_rank() const { return {Rank, alpha, seed}; }
};
static_assert(Adapter<Lora<4>>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::LowRankAdapter, rank, alpha, seed);
namespace boost::hana {
template <std::int64_t Rank>
struct accessors_impl<opad::Lora<Rank>> {
  static constexpr auto apply() {
    return make_tuple(make_pair(BOOST_HANA_STRING("alpha"), [](auto&& lora) -> decltype(auto) { return (lora.alpha); }),
                      make_pair(BOOST_HANA_STRING("seed"), [](auto&& lora) -> decltype(auto) { return (lora.seed); }));
  }
};
}  // namespace boost::hana
