#pragma once
#include <chrono>
#include <filesystem>

#include <opad/io/weights.hpp>
#include <opad/models/config.hpp>

namespace opad {

/// What a pass through a network takes, estimated from the shapes in its weight file without running it: every matrix
/// of n numbers that is applied at p places costs 2 n p operations, and attention 4 p^2 width. Norms, activations and
/// memory traffic are left out.
struct NetworkCost {
  std::int64_t parameters = 0;
  double forward = 0;  // operations for one picture

  NetworkCost& operator+=(const NetworkCost& other) {
    parameters += other.parameters, forward += other.forward;
    return *this;
  }
};

namespace detail {

/// The number behind a name's part: index_after("down_blocks.2.resnets.0", "down_blocks.") = 2.
inline std::optional<std::int64_t> index_after(const std::string& name, const std::string& part) {
  const auto at = name.find(part);
  if (at == std::string::npos || at + part.size() >= name.size() ||
      !std::isdigit(static_cast<unsigned char>(name[at + part.size()])))
    return {};
  return std::stoll(name.substr(at + part.size()));
}

inline void add_layer(NetworkCost& cost, const Tensor& weight, double places) {
  cost.forward += 2 * static_cast<double>(weight.numel()) * places;
}

}  // namespace detail

/// A U-Net or a VAE in diffusers' layout: a block's place in the names says at which of the resolutions it works.
///   side         of the latent (U-Net) or of the picture (VAE)
///   text_tokens  what cross-attention's keys and values are made of
inline NetworkCost convolutional_cost(const Tensors& tensors, std::int64_t side, std::int64_t text_tokens = 77) {
  std::int64_t levels = 1;
  for (const auto& [name, tensor] : tensors)
    for (const char* part : {"down_blocks.", "up_blocks."})
      if (const auto block = detail::index_after(name, part)) levels = std::max(levels, *block + 1);
  NetworkCost cost;
  for (const auto& [name, tensor] : tensors) {
    cost.parameters += tensor.numel();
    if (tensor.dim() < 2) continue;
    const auto down = detail::index_after(name, "down_blocks."), up = detail::index_after(name, "up_blocks.");
    const bool deepest = name.find("mid_block") != std::string::npos || name.find("quant_conv") != std::string::npos ||
                         name.starts_with("encoder.conv_out") || name.starts_with("decoder.conv_in");
    std::int64_t level = down ? *down : up ? levels - 1 - *up : deepest ? levels - 1 : 0;
    if (name.find(".downsamplers.") != std::string::npos) ++level;
    if (name.find(".upsamplers.") != std::string::npos) --level;
    const double across =
                     std::max(1.0, std::ceil(static_cast<double>(side) / std::pow(2.0, static_cast<double>(level)))),
                 places = across * across;
    const bool of_text = name.find("attn2.to_k") != std::string::npos || name.find("attn2.to_v") != std::string::npos;
    const bool of_time =
        name.find("time_emb") != std::string::npos || name.find("class_embedding") != std::string::npos;
    detail::add_layer(cost, tensor, of_time ? 1 : of_text ? static_cast<double>(text_tokens) : places);
    const bool self = name.ends_with("attn1.to_q.weight") ||
                      name.find("attentions.0.to_q.weight") != std::string::npos || name.ends_with("query.weight");
    if (self || name.ends_with("attn2.to_q.weight"))
      cost.forward +=
          4 * places * (self ? places : static_cast<double>(text_tokens)) * static_cast<double>(tensor.size(0));
  }
  return cost;
}

/// A transformer in timm's or transformers' layout: as many places as it has position embeddings.
inline NetworkCost transformer_cost(const Tensors& tensors) {
  double places = 1;
  for (const auto& [name, tensor] : tensors)
    if (name.ends_with("pos_embed") || name.ends_with("position_embedding.weight"))
      places = static_cast<double>(tensor.size(tensor.dim() - 2));
  NetworkCost cost;
  for (const auto& [name, tensor] : tensors) {
    cost.parameters += tensor.numel();
    const bool table = name.ends_with("embedding.weight") || name.ends_with("embed") || name.ends_with("token");
    if (tensor.dim() < 2 || table) continue;
    detail::add_layer(cost, tensor, places);
    if (name.ends_with("qkv.weight") || name.ends_with("q_proj.weight"))
      cost.forward += 4 * places * places * static_cast<double>(tensor.size(1));
  }
  return cost;
}

/// Operations a second of this machine in float32, from a matrix product that runs for a fifth of a second.
inline double measured_rate(torch::Device device = torch::kCPU) {
  const std::int64_t n = 768;
  const Tensor a = torch::ones({n, n}, device), b = torch::ones({n, n}, device);
  const auto sum = [&] { return at::mm(a, b)[0][0].item<float>(); };
  sum();
  const auto begin = std::chrono::steady_clock::now();
  double seconds = 0;
  std::int64_t products = 0;
  for (; seconds < 0.2;
       ++products, seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count())
    sum();
  return 2.0 * static_cast<double>(n * n * n * products) / seconds;
}

/// Seconds of one iteration of the full method, estimated: teacher and student forward and backward (a
/// frozen layer's backward pass costs as much as its forward pass), the target in one doubled pass, the VAE encoding
/// photographs, decoding the student's latent with gradient and the target's without, the text encoder with gradient,
/// encoders on student (with gradient), target and real pictures. Convolutions and attention run at a third of a large
/// matrix product's rate, hence efficiency; expect a factor of two.
struct IterationCost {
  double operations = 0;
  static constexpr double efficiency = 0.35;

  IterationCost(const NetworkCost& unet, const NetworkCost& vae_encoder, const NetworkCost& vae_decoder,
                const NetworkCost& text, const NetworkCost& encoders, std::int64_t batch) {
    const auto b = static_cast<double>(batch);
    operations = b * (2 * unet.forward + 2 * unet.forward + 2 * unet.forward + vae_encoder.forward +
                      3 * vae_decoder.forward + 2 * text.forward + 4 * encoders.forward);
  }
  double seconds(double rate) const { return operations / (efficiency * rate); }
};

}  // namespace opad
