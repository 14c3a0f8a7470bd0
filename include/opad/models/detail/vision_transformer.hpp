#pragma once
#include <opad/models/vision_transformer.hpp>

namespace opad {

OPAD_ONCE Tensor resample_abs_pos_embed(const Tensor& pos_embed, std::array<std::int64_t, 2> new_size,
                                        std::array<std::int64_t, 2> old_size, std::int64_t prefix) {
  require(pos_embed.dim() == 3 && pos_embed.size(0) == 1 && pos_embed.size(1) == prefix + old_size[0] * old_size[1],
          "resample_abs_pos_embed: a table ", pos_embed.sizes(), " instead of [1, ", prefix, " + ", old_size[0], " * ",
          old_size[1], ", D]");
  if (old_size == new_size) return pos_embed;
  const Tensor grid = pos_embed.narrow(1, prefix, old_size[0] * old_size[1])
                          .unflatten(1, {old_size[0], old_size[1]})
                          .permute({0, 3, 1, 2});
  const Tensor resampled = at::_upsample_bicubic2d_aa(grid, {new_size[0], new_size[1]}, /*align_corners=*/false);
  return at::cat({pos_embed.narrow(1, 0, prefix), resampled.permute({0, 2, 3, 1}).flatten(1, 2)}, 1);
}

OPAD_ONCE VisionTransformer::VisionTransformer(const VisionTransformerConfig& c)
    : config(c),
      patch_embed(register_module("patch_embed", std::make_shared<ViTPatchEmbed>(c))),
      blocks(register_module("blocks", std::make_shared<ModuleList<ViTBlock>>())) {
  c.check("VisionTransformer");
  const auto layer_norm = [&](const char* name) {
    return register_module(name, std::make_shared<LayerNorm>(c.embed_dim, c.norm_eps));
  };
  if (c.class_token) cls_token = register_parameter("cls_token", torch::empty({1, 1, c.embed_dim}), false);
  if (c.reg_tokens > 0)
    reg_token = register_parameter("reg_token", torch::empty({1, c.reg_tokens, c.embed_dim}), false);
  const auto [rows, columns] = c.grid();
  if (c.has_pos_embed())
    pos_embed =
        register_parameter("pos_embed", torch::empty({1, c.embedded_prefix() + rows * columns, c.embed_dim}), false);
  if (c.pre_norm) norm_pre = layer_norm("norm_pre");
  for (std::int64_t i = 0; i < c.depth; ++i) blocks->emplace(c);
  if (c.final_norm) (c.fc_norm ? fc_norm : norm) = layer_norm(c.fc_norm ? "fc_norm" : "norm");
}

OPAD_ONCE std::shared_ptr<VisionTransformer> VisionTransformer::from_pretrained(const std::filesystem::path& folder,
                                                                                std::optional<std::int64_t> img_size) {
  auto config =
      VisionTransformerConfig::from_json(read_json(folder / "config.json"), (folder / "config.json").string());
  if (img_size) config.img_size = {*img_size, *img_size};
  auto model = std::make_shared<VisionTransformer>(config);
  Tensors tensors = read_weights(folder, "model");
  std::erase_if(tensors, [](const auto& item) { return item.first.starts_with("head."); });
  if (const auto found = tensors.find("pos_embed"); found != tensors.end())
    found->second = fit_pos_embed(found->second, config, folder.string());
  load_parameters(*model, tensors, folder.string());
  return model;
}

OPAD_ONCE void VisionTransformer::save_pretrained(const std::filesystem::path& folder) const {
  save_model_folder(folder, "model", *this, config.to_json());
}

OPAD_ONCE Tensor VisionTransformer::forward_features(const Tensor& image) const {
  Tensor x = embed(image);
  for (const auto& block : *blocks) x = checkpointed(gradient_checkpointing, block, x);
  return norm ? norm->forward(x) : x;
}

OPAD_ONCE std::vector<Tensor> VisionTransformer::forward_intermediates(const Tensor& image,
                                                                       const std::vector<std::int64_t>& indices) const {
  std::map<std::int64_t, Tensor> outputs;
  const auto place = [&](std::int64_t index) {
    require(-config.depth <= index && index < config.depth, "VisionTransformer: there is no block ", index, " of ",
            config.depth);
    return index < 0 ? index + config.depth : index;
  };
  for (const std::int64_t index : indices) outputs.try_emplace(place(index));
  Tensor x = outputs.empty() ? Tensor() : embed(image);
  for (std::int64_t i = 0; !outputs.empty() && i <= outputs.rbegin()->first; ++i) {
    x = checkpointed(gradient_checkpointing, blocks->items[static_cast<std::size_t>(i)], x);
    if (outputs.contains(i)) outputs[i] = x;
  }
  std::vector<Tensor> chosen;
  for (const std::int64_t index : indices) chosen.push_back(outputs.at(place(index)));
  return chosen;
}

OPAD_ONCE Tensor VisionTransformer::embed(const Tensor& image) const {
  const bool right =
      image.dim() == 4 && image.size(1) == config.in_chans &&
      (config.dynamic_img_size ? std::min(image.size(2), image.size(3)) >= config.patch_size
                               : image.size(2) == config.img_size[0] && image.size(3) == config.img_size[1]);
  require(right, "VisionTransformer: an image ", image.sizes(), " instead of [B, ", config.in_chans, ", ",
          config.img_size[0], ", ", config.img_size[1], "]; resize it, or load the model with another img_size");
  Tensor x = patch_embed->proj->forward(image);
  const Tensor positions =
      config.dynamic_img_size && pos_embed.defined()
          ? resample_abs_pos_embed(pos_embed, {x.size(2), x.size(3)}, config.grid(), config.embedded_prefix())
          : pos_embed;
  x = x.flatten(2).transpose(1, 2);
  const bool before = config.embedded_prefix() == 0;  // the prefix has no positions
  if (positions.defined() && before) x = x + positions;
  std::vector<Tensor> parts;
  for (const Tensor& token : {cls_token, reg_token})
    if (token.defined()) parts.push_back(token.expand({image.size(0), -1, -1}));
  parts.push_back(x);
  x = at::cat(parts, 1);
  if (positions.defined() && !before) x = x + positions;
  return norm_pre ? norm_pre->forward(x) : x;
}

}  // namespace opad
