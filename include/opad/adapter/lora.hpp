#pragma once
#include <boost/hana.hpp>

#include <opad/adapter/adapter.hpp>
#include <opad/adapter/lora_file.hpp>
#include <opad/core/number_error.hpp>

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
/// first.
/// Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, arXiv 2106.09685.
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

  void check() const {
    require_number(rank > 0, "Lora", "rank", rank, "1 or more");
    require_number(alpha > 0, "Lora", "alpha", alpha, "more than 0");
  }

  NamedTensors install(UNet2DConditionModel& unet) const;

  void save(UNet2DConditionModel& unet, const std::filesystem::path& folder) const;

  /// folder  or a file, of any of the forms that read_lora_file knows.  Throws where the file's rank is not this one's.
  void load(UNet2DConditionModel& unet, const std::filesystem::path& folder) const;

  void merge(UNet2DConditionModel& unet) const;

 private:
  static constexpr const char* file_name = "pytorch_lora_weights.safetensors";

  /// By the file's keys: "unet.<attention layer>.to_q.lora_A.weight".
  static NamedTensors named(UNet2DConditionModel& unet);
  static bool is_installed(UNet2DConditionModel& unet);
  static double installed_scale(UNet2DConditionModel& unet);
};
static_assert(Adapter<LowRankAdapter>);

/// Low-rank changes of all attention projections (LowRankAdapter), of a rank that the recipe fixes: a sweep over ranks
/// is a list of types. alpha equals it by default.
template <std::int64_t Rank = 4>
struct Lora {
  static_assert(Rank >= 1, "Lora<Rank>: give a rank of 1 or more.");
  static constexpr std::string_view name = "lora";
  double alpha = Rank;
  std::int64_t seed = 0;
  void check() const { of_rank().check(); }
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

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/adapter/detail/lora.hpp>
#endif
