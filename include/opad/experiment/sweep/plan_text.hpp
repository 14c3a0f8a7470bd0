#pragma once
#include <opad/evaluate/protocol.hpp>
#include <opad/experiment/run/progress.hpp>
#include <opad/experiment/sweep/cost_estimate.hpp>
#include <opad/experiment/sweep/settings.hpp>

namespace opad {

/// The text of --dry-run: plan, sizes and time.
OPAD_ONCE std::string describe_plan(const SweepSettings& settings, const Protocol& of, std::size_t runs,
                                    std::size_t open) {
  const RunSettings& run = settings.run;
  const auto decimals = [](double value, int digits) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return std::string(text);
  };
  std::size_t prompts_in_all = 0;
  for (const Subject& subject : of.subjects) prompts_in_all += subject.prompts.size();
  const double made = static_cast<double>(prompts_in_all) * static_cast<double>(settings.pictures) /
                      static_cast<double>(of.subjects.size());
  std::string text = c10::str("plan: ", runs, " runs (", of.subjects.size(), " concepts of ", of.name, " x ",
                              settings.seeds.size(), " seeds x ", runs / (of.subjects.size() * settings.seeds.size()),
                              " variants), ", open, " to do, ", run.steps, " iterations each, batch ", run.batch_size,
                              "; then ", static_cast<std::int64_t>(made), " pictures to score a run\n");
  const std::int64_t side = settings.photograph_resolution();
  const auto vae = read_weights(run.teacher_folder() / "vae", "diffusion_pytorch_model");
  std::int64_t factor = 1;
  for (const auto& [name, tensor] : vae)
    if (const auto block = detail::index_after(name, "encoder.down_blocks."))
      factor = std::max<std::int64_t>(factor, std::int64_t{1} << *block);
  Tensors encoder, decoder;
  for (const auto& [name, tensor] : vae)
    (name.starts_with("decoder.") || name.starts_with("post_quant") ? decoder : encoder).emplace(name, tensor);
  const auto unet = [&](const std::filesystem::path& folder) {
    return convolutional_cost(read_weights(folder / "unet", "diffusion_pytorch_model"), side / factor);
  };
  const NetworkCost teacher = unet(run.teacher_folder()), student = unet(run.student_folder());
  const NetworkCost encode = convolutional_cost(encoder, side), decode = convolutional_cost(decoder, side);
  const NetworkCost text_encoder = transformer_cost(read_weights(run.teacher_folder() / "text_encoder", "model"));
  NetworkCost backbones;
  text += "sizes:\n";
  const auto line = [&](const std::string& name, const NetworkCost& cost) {
    text += c10::str("  ", name, std::string(name.size() < 18 ? 18 - name.size() : 1, ' '),
                     decimals(static_cast<double>(cost.parameters) / 1e6, 2), " M parameters, ",
                     decimals(static_cast<double>(cost.parameters) * 4 / 1048576, 1), " MiB in float32, ",
                     decimals(cost.forward / 1e9, 1), " GFLOP a pass\n");
  };
  line("teacher U-Net", teacher), line("student U-Net", student), line("VAE encoder", encode),
      line("VAE decoder", decode), line("text encoder", text_encoder);
  for (const auto& [name, given] : run.encoders) {
    const auto folder = given.empty() ? run.models / name : given;
    if (!std::filesystem::is_directory(folder)) continue;
    const auto inner = folder / "image_encoder";
    const NetworkCost cost =
        transformer_cost(read_weights(std::filesystem::is_directory(inner) ? inner : folder, "model"));
    line(name, cost);
    backbones += cost;
  }
  std::int64_t trained = 0;  // what Custom Diffusion trains: the cross-attentions' keys and values
  for (const auto& [name, tensor] : read_weights(run.student_folder() / "unet", "diffusion_pytorch_model"))
    if (name.ends_with("attn2.to_k.weight") || name.ends_with("attn2.to_v.weight")) trained += tensor.numel();
  const IterationCost cost(teacher, encode, decode, text_encoder, backbones, run.batch_size);
  const double rate = measured_rate(torch::Device(run.device)), seconds = cost.seconds(rate);
  const double scoring = made * (student.forward + decode.forward) / (IterationCost::efficiency * rate);
  const double each = seconds * static_cast<double>(run.steps) + scoring;
  text += c10::str(
      "trained:            ", decimals(static_cast<double>(trained) / 1e6, 2),
      " M numbers in each U-Net (keys and values of the cross-attentions)\n", "time:               about ",
      decimals(seconds, 3), " s an iteration, ", duration(each), " a run, ", duration(each * static_cast<double>(open)),
      " in all on one process (", decimals(cost.operations / 1e9, 0), " GFLOP an iteration, ", decimals(rate / 1e9, 0),
      " GFLOP/s measured now)\n",
      "Time is estimated from shapes, for the full method with these encoders: expect a factor of two. Nothing was "
      "trained.\n");
  return text;
}

}  // namespace opad
