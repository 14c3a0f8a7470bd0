#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include <opad/models/single_file.hpp>

namespace opad {

namespace detail {

using Renaming = std::vector<std::pair<std::string, std::string>>;

/// The name with the first fitting beginning of `places` replaced, and in what follows every part of `parts`.
inline std::string renamed(const std::string& name, const Renaming& places, const Renaming& parts) {
  const auto place = std::ranges::find_if(places, [&](const auto& each) { return name.starts_with(each.first); });
  if (place == places.end()) return name;
  std::string rest = name.substr(place->first.size());
  for (const auto& [from, to] : parts)
    if (const auto at = rest.find(from); at != rest.npos) rest.replace(at, from.size(), to);
  return place->second + rest;
}

/// Where each block of a U-Net stands in the original's three lists.
inline Renaming unet_places(const UNet2DConditionModel& unet) {
  Renaming places{{"conv_in.", "input_blocks.0.0."},
                  {"time_embedding.linear_1.", "time_embed.0."},
                  {"time_embedding.linear_2.", "time_embed.2."},
                  {"conv_norm_out.", "out.0."},
                  {"conv_out.", "out.2."},
                  {"mid_block.resnets.0.", "middle_block.0."},
                  {"mid_block.attentions.0.", "middle_block.1."},
                  {"mid_block.resnets.1.", "middle_block.2."}};
  std::size_t n = 1;
  for (std::size_t i = 0; i < unet.down_blocks->size(); ++i) {
    const auto& block = (*unet.down_blocks)[i];
    const std::string from = c10::str("down_blocks.", i, ".");
    for (std::size_t j = 0; j < block.resnets->size(); ++j, ++n) {
      places.emplace_back(c10::str(from, "resnets.", j, "."), c10::str("input_blocks.", n, ".0."));
      places.emplace_back(c10::str(from, "attentions.", j, "."), c10::str("input_blocks.", n, ".1."));
    }
    if (block.downsamplers->size() > 0)
      places.emplace_back(from + "downsamplers.0.conv.", c10::str("input_blocks.", n++, ".0.op."));
  }
  n = 0;
  for (std::size_t i = 0; i < unet.up_blocks->size(); ++i) {
    const auto& block = (*unet.up_blocks)[i];
    const std::string from = c10::str("up_blocks.", i, ".");
    for (std::size_t j = 0; j < block.resnets->size(); ++j, ++n) {
      places.emplace_back(c10::str(from, "resnets.", j, "."), c10::str("output_blocks.", n, ".0."));
      places.emplace_back(c10::str(from, "attentions.", j, "."), c10::str("output_blocks.", n, ".1."));
    }
    places.emplace_back(from + "upsamplers.0.",  // behind the last resnet, and its transformer where there is one
                        c10::str("output_blocks.", n - 1, block.attentions->size() > 0 ? ".2." : ".1."));
  }
  return places;
}

inline const Renaming unet_parts{{"norm1.", "in_layers.0."},          {"conv1.", "in_layers.2."},
                                 {"time_emb_proj.", "emb_layers.1."}, {"norm2.", "out_layers.0."},
                                 {"conv2.", "out_layers.3."},         {"conv_shortcut.", "skip_connection."}};

inline Renaming vae_places(const AutoencoderKL& vae) {
  Renaming places;
  for (const std::string part : {"encoder.", "decoder."}) {
    places.insert(places.end(), {{part + "conv_norm_out.", part + "norm_out."},
                                 {part + "mid_block.resnets.0.", part + "mid.block_1."},
                                 {part + "mid_block.attentions.0.", part + "mid.attn_1."},
                                 {part + "mid_block.resnets.1.", part + "mid.block_2."}});
    const bool down = part == "encoder.";
    const std::size_t levels = vae.config.block_out_channels.size();
    for (std::size_t i = 0; i < levels; ++i) {
      const std::string from = c10::str(part, down ? "down_blocks." : "up_blocks.", i, "."),
                        to = c10::str(part, down ? "down." : "up.", down ? i : levels - 1 - i, ".");
      places.emplace_back(from + "resnets.", to + "block.");
      places.emplace_back(from + (down ? "downsamplers.0." : "upsamplers.0."),
                          to + (down ? "downsample." : "upsample."));
    }
  }
  return places;
}

inline const Renaming vae_parts{
    {"conv_shortcut.", "nin_shortcut."}, {"group_norm.", "norm."}, {"to_q.", "q."}, {"to_k.", "k."}, {"to_v.", "v."},
    {"to_out.0.", "proj_out."}};

/// The text encoder under open_clip's names.
inline Tensors open_clip_weights(const CLIPTextModel& text) {
  const Renaming places{{"text_model.embeddings.token_embedding.", "token_embedding."},
                        {"text_model.embeddings.position_embedding.weight", "positional_embedding"},
                        {"text_model.final_layer_norm.", "ln_final."},
                        {"text_model.encoder.layers.", "transformer.resblocks."}},
      parts{{"layer_norm1.", "ln_1."},
            {"layer_norm2.", "ln_2."},
            {"self_attn.", "attn."},
            {"fc1.", "c_fc."},
            {"fc2.", "c_proj."}};
  Tensors all = parameters_of(text), out;
  for (const auto& [name, tensor] : all) {
    const auto projection = name.find(".self_attn.");
    if (name == "text_projection.weight") {
      out.emplace("text_projection", tensor.t().contiguous());  // x W there
    } else if (const auto q = name.find(".q_proj."); projection != name.npos && q != name.npos) {
      const auto of = [&](const char* which) { return all.at(std::string(name).replace(q, 8, which)); };
      out.emplace(renamed(name.substr(0, q), places, {{"self_attn", "attn.in_proj_"}}) + name.substr(q + 8),
                  at::cat({tensor, of(".k_proj."), of(".v_proj.")}));
    } else if (name.find(".k_proj.") == name.npos && name.find(".v_proj.") == name.npos) {
      out.emplace(renamed(name, places, parts), tensor);
    }
  }
  return out;
}

}  // namespace detail

OPAD_ONCE std::map<std::string, std::string> original_unet_names(const UNet2DConditionModel& unet) {
  const auto places = detail::unet_places(unet);
  std::map<std::string, std::string> names;
  for (const auto& item : unet.named_parameters()) {
    const bool resnet = item.key().find(".resnets.") != std::string::npos;
    names.emplace(item.key(), detail::renamed(item.key(), places, resnet ? detail::unet_parts : detail::Renaming{}));
  }
  return names;
}

OPAD_ONCE Tensors single_file_weights(const UNet2DConditionModel& unet, const AutoencoderKL& vae,
                                      const CLIPTextModel& text) {
  Tensors out;
  const auto names = original_unet_names(unet);
  for (const auto& [name, tensor] : parameters_of(unet)) {
    require(name.find(".processor.") == name.npos, "single_file_weights: '", name,
            "' is of an adapter; merge it before");
    out.emplace("model.diffusion_model." + names.at(name), tensor);
  }
  const auto places = detail::vae_places(vae);
  for (const auto& [name, tensor] : parameters_of(vae)) {
    const bool projection = name.find(".attentions.") != name.npos && tensor.dim() == 2;
    out.emplace("first_stage_model." + detail::renamed(name, places, detail::vae_parts),
                projection ? tensor.unsqueeze(-1).unsqueeze(-1) : tensor);
  }
  const bool open_clip = text.config.hidden_act == "gelu";
  for (const auto& [name, tensor] : open_clip ? detail::open_clip_weights(text) : parameters_of(text))
    out.emplace((open_clip ? "cond_stage_model.model." : "cond_stage_model.transformer.") + name, tensor);
  return out;
}

}  // namespace opad
