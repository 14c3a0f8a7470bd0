#pragma once
#include <opad/core/once.hpp>
#include <opad/models/layers.hpp>

namespace opad {

struct Attention;

/// How an attention layer computes, put in the place of its own way: what an adapter hangs into a U-Net. Its parameters
/// appear under the layer's name as in diffusers, "....attn2.processor.to_k_custom_diffusion.weight".
///   hidden_states          [B, N, C]
///   encoder_hidden_states  [B, L, D]; in self-attention the hidden states themselves
///   returns                [B, N, C], a tensor of its own (the layer's caller adds the residual)
struct AttentionProcessor : torch::nn::Module {
  virtual Tensor operator()(Attention& attention, const Tensor& hidden_states, const Tensor& encoder_hidden_states) = 0;
};

/// softmax(q k^T / sqrt(d)) v for each head.  query [B, N, heads d], key and value [B, L, heads d] -> [B, N, heads d]
inline Tensor attend(const Tensor& query, const Tensor& key, const Tensor& value, std::int64_t heads) {
  const auto split = [heads](const Tensor& x) {
    return x.unflatten(2, {heads, -1}).transpose(1, 2);
  };  // [B, heads, N, d]
  return at::scaled_dot_product_attention(split(query), split(key), split(value)).transpose(1, 2).flatten(2);
}

/// Multi-head attention: Vaswani et al., "Attention is all you need", NeurIPS 2017, arXiv 1706.03762, with diffusers'
/// names.
///   query_dim   width of the hidden states      cross_dim   width of what is attended to
///   inner_dim   heads * width of a head
///   bias        whether queries, keys and values have one (the output always has)
struct Attention : torch::nn::Module {
  std::int64_t heads;
  std::shared_ptr<LinearLayer> to_q, to_k, to_v, to_out;  // to_out is "to_out.0"

  Attention(std::int64_t query_dim, std::int64_t cross_dim, std::int64_t heads_, std::int64_t inner_dim,
            bool bias = false);

  Tensor forward(const Tensor& hidden_states, const Tensor& encoder_hidden_states);

  /// Installs a processor in the place of any other; nullptr makes the layer plain again.
  void set_processor(std::shared_ptr<AttentionProcessor> processor) {
    if (processor_) unregister_module("processor");
    processor_ = processor ? register_module("processor", std::move(processor)) : nullptr;
  }
  const std::shared_ptr<AttentionProcessor>& processor() const { return processor_; }

 private:
  std::shared_ptr<AttentionProcessor> processor_;
};

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/models/detail/attention.hpp>
#endif
