#pragma once
#include <opad/models/unet_2d_condition.hpp>

namespace opad {

OPAD_ONCE Tensor timestep_embedding(const Tensor& timesteps, std::int64_t width, bool flip_sin_to_cos,
                                    std::int64_t freq_shift) {
  const std::int64_t half = width / 2;
  const Tensor exponents = torch::arange(half, timesteps.options().dtype(torch::kFloat32)) * -std::log(10000.0);
  const Tensor angles =
      timesteps.to(torch::kFloat32).unsqueeze(1) * (exponents / static_cast<double>(half - freq_shift)).exp();
  const Tensor embedding =
      flip_sin_to_cos ? at::cat({angles.cos(), angles.sin()}, 1) : at::cat({angles.sin(), angles.cos()}, 1);
  return width % 2 == 0 ? embedding : at::constant_pad_nd(embedding, {0, 1});
}

OPAD_ONCE std::shared_ptr<UNet2DConditionModel> UNet2DConditionModel::from_pretrained(
    const std::filesystem::path& folder) {
  const auto file = folder / "config.json";
  auto model = std::make_shared<UNet2DConditionModel>(UNet2DConditionConfig::from_json(read_json(file), file.string()));
  load_parameters(*model, read_weights(folder, "diffusion_pytorch_model"), folder.string());
  return model;
}

OPAD_ONCE UNet2DConditionModel::UNet2DConditionModel(const UNet2DConditionConfig& config_) : config(config_) {
  config.validate("UNet2DConditionModel");
  const auto& channels = config.block_out_channels;
  const std::size_t levels = channels.size(), last = levels - 1;
  const std::int64_t temb_channels = config.time_embedding_dim > 0 ? config.time_embedding_dim : 4 * channels[0];
  const ResnetOptions resnet{.act = activation(config.act_fn, "UNet2DConditionModel", "act_fn"),
                             .scale_shift = config.resnet_time_scale_shift == "scale_shift"};
  const auto level = [&](std::size_t i, std::int64_t layers) {
    return UNetLevel{temb_channels,
                     layers,
                     at_level(config.transformer_layers_per_block, i),
                     at_level(config.attention_head_dim, i),
                     at_level(config.cross_attention_dim, i),
                     config.norm_num_groups,
                     config.norm_eps,
                     config.use_linear_projection,
                     at_level(config.only_cross_attention, i),
                     resnet};
  };
  const auto same_size = [](std::int64_t in, std::int64_t out, std::int64_t kernel) {
    return std::make_shared<Conv2d>(in, out, kernel, 1, kernel / 2);
  };
  conv_in = register_module("conv_in", same_size(config.in_channels, channels[0], config.conv_in_kernel));
  time_embedding =
      register_module("time_embedding", std::make_shared<TimestepEmbedding>(channels[0], temb_channels, resnet.act));
  down_blocks = register_module("down_blocks", std::make_shared<ModuleList<UNetDownBlock>>());
  for (std::size_t i = 0; i < levels; ++i)
    down_blocks->emplace(channels[i > 0 ? i - 1 : 0], channels[i], level(i, at_level(config.layers_per_block, i)),
                         config.down_block_types[i] == "CrossAttnDownBlock2D", i < last, config.downsample_padding);
  up_blocks = register_module("up_blocks", std::make_shared<ModuleList<UNetUpBlock>>());
  for (std::size_t k = 0; k < levels; ++k) {
    const std::size_t i = last - k;  // the level, from the deepest up
    UNetLevel up = level(i, at_level(config.layers_per_block, i) + 1);
    if (!config.reverse_transformer_layers_per_block.empty())
      up.transformer_layers = config.reverse_transformer_layers_per_block[k];
    up_blocks->emplace(channels[i > 0 ? i - 1 : 0], channels[std::min(i + 1, last)], channels[i], up,
                       config.up_block_types[k] == "CrossAttnUpBlock2D", i > 0);
  }
  if (!config.mid_block_type.empty()) {
    UNetLevel middle = level(last, 1);
    middle.resnet.output_scale = config.mid_block_scale_factor;
    mid_block = register_module(
        "mid_block", std::make_shared<UNetMidBlock>(channels[last], middle, config.mid_block_type != "UNetMidBlock2D"));
  }
  conv_norm_out = register_module("conv_norm_out",
                                  std::make_shared<GroupNorm>(config.norm_num_groups, channels[0], config.norm_eps));
  conv_out = register_module("conv_out", same_size(channels[0], config.out_channels, config.conv_out_kernel));
}

OPAD_ONCE Tensor UNet2DConditionModel::forward(const Tensor& sample, const Tensor& timestep,
                                               const Tensor& encoder_hidden_states) {
  const std::int64_t batch = sample.dim() == 4 ? sample.size(0) : 0;
  require(batch > 0 && sample.size(1) == config.in_channels, "UNet2DConditionModel: the sample is ", sample.sizes(),
          "; give [B, ", config.in_channels, ", h, w]");
  require(timestep.numel() == 1 || (timestep.dim() == 1 && timestep.size(0) == batch),
          "UNet2DConditionModel: ", timestep.numel(), " timesteps for ", batch, " samples; give one, or one for each");
  require(encoder_hidden_states.dim() == 3 && encoder_hidden_states.size(0) == batch &&
              (config.cross_attention_dim.size() > 1 || encoder_hidden_states.size(2) == config.cross_attention_dim[0]),
          "UNet2DConditionModel: encoder_hidden_states is ", encoder_hidden_states.sizes(), "; give [", batch, ", L, ",
          config.cross_attention_dim[0], "]");

  const Tensor embedding = timestep_embedding(timestep.to(sample.device()).reshape({-1}), config.block_out_channels[0],
                                              config.flip_sin_to_cos, config.freq_shift);
  const Activation act = time_embedding->act;
  const Tensor temb = act(time_embedding->forward(embedding.to(sample.scalar_type())));  // [B or 1, temb_channels]
  Tensor x = conv_in->forward(config.center_input_sample ? 2 * sample - 1 : sample);
  std::vector<Tensor> skips{x};
  const bool again = gradient_checkpointing;
  for (const auto& block : *down_blocks) x = block->forward(std::move(x), temb, encoder_hidden_states, skips, again);
  if (mid_block) x = mid_block->forward(x, temb, encoder_hidden_states, again);
  for (const auto& block : *up_blocks) x = block->forward(std::move(x), temb, encoder_hidden_states, skips, again);
  return conv_out->forward(act(conv_norm_out->forward(x)));
}

}  // namespace opad
