#pragma once
#include <opad/models/activation.hpp>
#include <opad/models/layers.hpp>

namespace opad {

/// The pieces that CLIP's two encoders share, with the names of transformers: pre-norm transformer layers.
/// Vaswani et al., "Attention is all you need", NeurIPS 2017, arXiv 1706.03762; Radford et al., arXiv 2103.00020.

/// Throws unless the sizes of a transformer are positive and its width divides into heads.
inline void require_heads(const std::string& where, std::int64_t width, std::int64_t heads) {
  require(width > 0 && heads > 0 && width % heads == 0, where, ": a width of ", width, " does not divide into ", heads,
          " attention heads; give a number of heads that divides it");
}

/// softmax(q k^T / sqrt(d)) v.  query, key, value [B, heads, T, d] -> [B, T, heads d]. Causal: position i sees
/// positions <= i.
inline Tensor self_attend(const Tensor& query, const Tensor& key, const Tensor& value, bool causal = false) {
  return at::scaled_dot_product_attention(query, key, value, {}, 0.0, causal).transpose(1, 2).flatten(2);
}

/// Self-attention with a projection each for queries, keys, values and output.
struct ClipAttention : torch::nn::Module {
  std::int64_t heads;
  std::shared_ptr<LinearLayer> q_proj, k_proj, v_proj, out_proj;

  ClipAttention(std::int64_t width, std::int64_t heads_)
      : heads(heads_),
        q_proj(register_module("q_proj", std::make_shared<LinearLayer>(width, width))),
        k_proj(register_module("k_proj", std::make_shared<LinearLayer>(width, width))),
        v_proj(register_module("v_proj", std::make_shared<LinearLayer>(width, width))),
        out_proj(register_module("out_proj", std::make_shared<LinearLayer>(width, width))) {}

  Tensor forward(const Tensor& x, bool causal) const {  // [B, T, width] -> [B, T, width]
    const auto split = [this](const Tensor& y) { return y.unflatten(2, {heads, -1}).transpose(1, 2); };
    return out_proj->forward(
        self_attend(split(q_proj->forward(x)), split(k_proj->forward(x)), split(v_proj->forward(x)), causal));
  }
};

/// Two linear layers with an activation between, applied to each position: fc2(act(fc1(x))).
struct TransformerMlp : torch::nn::Module {
  Activation act;
  std::shared_ptr<LinearLayer> fc1, fc2;

  TransformerMlp(std::int64_t width, std::int64_t inner, Activation act_, bool bias = true)
      : act(act_),
        fc1(register_module("fc1", std::make_shared<LinearLayer>(width, inner, bias))),
        fc2(register_module("fc2", std::make_shared<LinearLayer>(inner, width, bias))) {}

  Tensor forward(const Tensor& x) const { return fc2->forward(act(fc1->forward(x))); }
};

/// Sizes of CLIP's layers; names as in config.json.
struct ClipLayerConfig {
  std::int64_t hidden_size, intermediate_size, num_attention_heads;
  std::string hidden_act;
  double layer_norm_eps;
};

/// x + attention(norm(x)), then the same with the two linear layers.
struct ClipEncoderLayer : torch::nn::Module {
  std::shared_ptr<ClipAttention> self_attn;
  std::shared_ptr<LayerNorm> layer_norm1, layer_norm2;
  std::shared_ptr<TransformerMlp> mlp;

  explicit ClipEncoderLayer(const ClipLayerConfig& c)
      : self_attn(register_module("self_attn", std::make_shared<ClipAttention>(c.hidden_size, c.num_attention_heads))),
        layer_norm1(register_module("layer_norm1", std::make_shared<LayerNorm>(c.hidden_size, c.layer_norm_eps))),
        layer_norm2(register_module("layer_norm2", std::make_shared<LayerNorm>(c.hidden_size, c.layer_norm_eps))),
        mlp(register_module("mlp", std::make_shared<TransformerMlp>(c.hidden_size, c.intermediate_size,
                                                                    activation(c.hidden_act, "CLIP", "hidden_act")))) {}

  Tensor forward(const Tensor& x, bool causal) const {
    const Tensor attended = x + self_attn->forward(layer_norm1->forward(x), causal);
    return attended + mlp->forward(layer_norm2->forward(attended));
  }
};

/// Layers one after the other.
struct ClipEncoder : torch::nn::Module, GradientCheckpointing {
  std::shared_ptr<ModuleList<ClipEncoderLayer>> layers =
      register_module("layers", std::make_shared<ModuleList<ClipEncoderLayer>>());

  ClipEncoder(std::int64_t depth, const ClipLayerConfig& config) {
    require_heads("CLIP: hidden_size, num_attention_heads", config.hidden_size, config.num_attention_heads);
    for (std::int64_t i = 0; i < depth; ++i) layers->emplace(config);
  }

  Tensor forward(Tensor x, bool causal) const {  // [B, T, hidden_size] -> [B, T, hidden_size]
    for (const auto& layer : *layers) x = checkpointed(gradient_checkpointing, layer, x, causal);
    return x;
  }
};

}  // namespace opad
