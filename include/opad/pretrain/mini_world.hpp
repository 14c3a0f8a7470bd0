#pragma once
#include <opad/io/json.hpp>
#include <opad/models/clip_text_model.hpp>
#include <opad/pipeline/denoise.hpp>
#include <opad/sampler/any_sampler.hpp>
#include <opad/text/clip_tokenizer.hpp>

namespace opad {

/// Tokens of a prompt in the mini world, start and end included.
inline constexpr std::int64_t mini_context = 32;

/// scheduler_config.json of the mini world: Stable Diffusion's noise, velocity prediction (at t = 999 an error of
/// predicted noise would be 14.6 times as large in x0), steps that begin at the noisiest timestep.
inline Json mini_scheduler(const std::string& class_name) {
  Json json = {{"_class_name", class_name},
               {"_diffusers_version", "0.42.1"},
               {"num_train_timesteps", 1000},
               {"beta_start", 0.00085},
               {"beta_end", 0.012},
               {"beta_schedule", "scaled_linear"},
               {"trained_betas", nullptr},
               {"prediction_type", "v_prediction"},
               {"timestep_spacing", "trailing"},
               {"steps_offset", 1},
               {"rescale_betas_zero_snr", false}};
  if (class_name == "DDIMScheduler")
    json.update({{"clip_sample", false}, {"set_alpha_to_one", false}, {"thresholding", false}});
  if (class_name == "EulerDiscreteScheduler")
    json.update({{"interpolation_type", "linear"}, {"use_karras_sigmas", false}, {"timestep_type", "discrete"}});
  return json;
}

/// The U-Net that teacher and student share: two levels, attention in both, cross-attention to the small text encoder.
///   width   channels of the upper level; the lower one has twice as many
///   layers  residual blocks of each level on the way down
inline UNet2DConditionConfig mini_unet(std::int64_t latent_channels, std::int64_t side, std::int64_t width,
                                       std::int64_t text_width, std::int64_t layers = 1) {
  UNet2DConditionConfig c;
  c.sample_size = side;
  c.in_channels = c.out_channels = latent_channels;
  c.down_block_types.assign(2, "CrossAttnDownBlock2D");
  c.up_block_types.assign(2, "CrossAttnUpBlock2D");
  c.block_out_channels = {width, 2 * width};
  c.layers_per_block = {layers};
  c.attention_head_dim = {width / 32, width / 16};  // 32 channels a head
  c.cross_attention_dim = {text_width};
  c.norm_num_groups = 16;
  c.use_linear_projection = true;
  return c;
}

/// The text model of the mini world: heads of 32 channels, an MLP of four times the width.
inline CLIPTextConfig mini_text(const ClipTokenizer& tokenizer, std::int64_t width, std::int64_t layers,
                                std::int64_t projection) {
  CLIPTextConfig c;
  c.vocab_size = tokenizer.size();
  c.hidden_size = width, c.intermediate_size = 4 * width, c.projection_dim = projection;
  c.num_hidden_layers = layers, c.num_attention_heads = width / 32;
  c.max_position_embeddings = mini_context;
  c.hidden_act = "gelu";
  c.bos_token_id = *tokenizer.token_id("<|startoftext|>"), c.eos_token_id = *tokenizer.token_id("<|endoftext|>");
  c.pad_token_id = c.eos_token_id;
  return c;
}

/// A multi-step model's picture of each prompt, with classifier-free guidance: DPM-Solver++ on the trailing grid.
///   noise [B, C, h, w], condition [B, T, D], null_condition [1, T, D] -> latents [B, C, h, w]
inline Tensor sample_multistep(const std::shared_ptr<UNet2DConditionModel>& unet, const Tensor& noise,
                               const Tensor& condition, const Tensor& null_condition, double guidance,
                               std::int64_t steps) {
  Json json = mini_scheduler("DPMSolverMultistepScheduler");
  json.update({{"algorithm_type", "dpmsolver++"}, {"solver_order", 2}});
  const auto config = SchedulerConfig::from_json(json, "mini world");
  Passes passes;
  DpmSolverPlusPlus2M sampler(config, steps);
  return denoise(Denoiser{"teacher-unet", unet, Diffusion(config), &passes}, sampler,
                 noise * sampler.init_noise_sigma(),
                 {.condition = condition, .null_condition = null_condition, .guidance = guidance});
}

}  // namespace opad
