#pragma once
#include <opad/adapter/adapter.hpp>
#include <opad/models/image_projection.hpp>

namespace opad {

/// Decoupled cross-attention: the queries attend to the text and, with keys and values of their own, to the image
/// tokens that stand behind it:  to_out(attend(q, K text, V text) + scale attend(q, K_ip image, V_ip image)).
struct IpAdapterProcessor : AttentionProcessor {
  std::shared_ptr<LinearLayer> to_k_ip, to_v_ip;
  std::int64_t tokens;
  double scale;
  IpAdapterProcessor(const Attention& attention, std::int64_t tokens_, double scale_)
      : to_k_ip(register_module("to_k_ip", std::make_shared<LinearLayer>(attention.to_k->weight.size(1),
                                                                         attention.to_k->weight.size(0), false))),
        to_v_ip(register_module("to_v_ip", std::make_shared<LinearLayer>(attention.to_v->weight.size(1),
                                                                         attention.to_v->weight.size(0), false))),
        tokens(tokens_),
        scale(scale_) {
    to(attention.to_k->weight.device(), attention.to_k->weight.scalar_type());
  }
  Tensor operator()(Attention& attention, const Tensor& hidden_states, const Tensor& encoder_hidden_states) override {
    require(encoder_hidden_states.size(1) > tokens, "IpAdapter: a condition ", encoder_hidden_states.sizes(),
            " has no ", tokens, " image tokens behind the text; make it with IpAdapter::condition");
    const std::int64_t words = encoder_hidden_states.size(1) - tokens;
    const Tensor query = attention.to_q->forward(hidden_states), text = encoder_hidden_states.narrow(1, 0, words),
                 image = encoder_hidden_states.narrow(1, words, tokens);
    const Tensor from_text =
        attend(query, attention.to_k->forward(text), attention.to_v->forward(text), attention.heads);
    const Tensor from_image = attend(query, to_k_ip->forward(image), to_v_ip->forward(image), attention.heads);
    return attention.to_out->forward(from_text + scale * from_image);
  }
};

/// IP-Adapter: a picture as a prompt, without training; a baseline for personalisation. The U-Net's cross-attentions
/// get a second attention to tokens that a projection makes of CLIP's embedding of the picture. Ye et al., "IP-Adapter:
/// Text Compatible Image Prompt Adapter for Text-to-Image Diffusion Models", arXiv 2308.06721.
class IpAdapter {
 public:
  /// Installs the adapter in the place of any other.
  ///   file   ip-adapter_*.bin or .safetensors: image_proj.* and ip_adapter.N.to_k_ip.weight, ...to_v_ip.weight, N = 1,
  ///          3, 5, ... in the order of the U-Net's attention layers down, up, middle (the even ones are the
  ///          self-attentions)
  ///   scale  weight of the image beside the text; 0: the text alone
  /// Throws where the file is for another U-Net, or of another kind (plus, full, faceid).
  static IpAdapter load(UNet2DConditionModel& unet, const std::filesystem::path& file, double scale = 1.0) {
    IpAdapter adapter{ImageProjModel::from_pretrained(file)};
    const std::string prefix = "ip_adapter.";
    Tensors tensors;
    for (const auto& [name, tensor] : read_weight_file(file))
      if (name.starts_with(prefix)) tensors.emplace(name, tensor);
    copy_into(adapter.install(unet, scale, file.string()), tensors, file.string());
    return adapter;
  }

  /// A fresh one, to be trained: the projection random, keys and values those of the text, as its authors begin.
  ///   clip_width  of the image embedding;  tokens that a picture becomes
  static IpAdapter create(UNet2DConditionModel& unet, std::int64_t clip_width, std::int64_t tokens,
                          const Random& random) {
    const auto projection =
        std::make_shared<ImageProjModel>(clip_width, tokens, unet.config.cross_attention_dim.front());
    fill_random(*projection, random);
    IpAdapter adapter{projection};
    NamedTensors places = adapter.install(unet, 1.0, "IpAdapter::create");
    torch::NoGradGuard no_grad;
    std::size_t i = 0;
    unet.for_each_attention([&](const std::string&, Attention& attention, bool cross) {
      if (!cross) return;
      places[i++].second.copy_(attention.to_k->weight);
      places[i++].second.copy_(attention.to_v->weight);
    });
    adapter.parameters_ = std::move(places);
    for (auto& item : projection->named_parameters())
      adapter.parameters_.emplace_back("image_proj." + item.key(), item.value());
    return adapter;
  }

  /// What trains of a fresh one, under the names of its file.
  const NamedTensors& parameters() const { return parameters_; }

  /// The text with the picture's tokens behind it: what the U-Net is given as condition.
  ///   text [B, L, width], image_embeds [B, clip width] (CLIPVisionModelWithProjection's output)
  ///   -> [B, L + tokens, width]
  /// Of zeros the tokens are those of "no picture", for the unconditional half of guidance.
  Tensor condition(const Tensor& text, const Tensor& image_embeds) const {
    require(image_embeds.dim() == 2 && text.dim() == 3 && image_embeds.size(0) == text.size(0),
            "IpAdapter: image embeddings ", image_embeds.sizes(), " beside a text ", text.sizes(),
            "; give [B, clip width] and [B, L, width]");
    return at::cat({text, image_proj->forward(image_embeds)}, 1);
  }

  std::shared_ptr<ImageProjModel> image_proj;

 private:
  explicit IpAdapter(std::shared_ptr<ImageProjModel> projection) : image_proj(std::move(projection)) {}

  /// Puts processors in all cross-attentions; their weights under the names of the file, keys before values.
  NamedTensors install(UNet2DConditionModel& unet, double scale, const std::string& where) const {
    remove_adapter(unet);
    NamedTensors places;
    unet.for_each_attention([&](const std::string& name, Attention& attention, bool cross) {
      if (!cross) return;
      require(attention.to_k->weight.size(1) == image_proj->width, where, ": its image tokens have the width ",
              image_proj->width, ", but '", name, "' attends to ", attention.to_k->weight.size(1),
              "; give the IP-Adapter of this U-Net");
      const auto processor = std::make_shared<IpAdapterProcessor>(attention, image_proj->tokens, scale);
      const std::string place = c10::str("ip_adapter.", places.size() + 1, ".");  // two tensors each: 1, 3, 5, ...
      places.emplace_back(place + "to_k_ip.weight", processor->to_k_ip->weight);
      places.emplace_back(place + "to_v_ip.weight", processor->to_v_ip->weight);
      attention.set_processor(processor);
    });
    return places;
  }

  NamedTensors parameters_;
};

}  // namespace opad
