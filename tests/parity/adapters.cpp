// Family "adapters": Custom Diffusion and LoRA files on a U-Net, and learned embeddings in a text encoder.
#include "parity.hpp"

#include <opad/adapter/add_lora.hpp>
#include <opad/adapter/trained_folder.hpp>
#include <opad/models/clip_text_model.hpp>

namespace {

void custom_diffusion(const parity::Case& c, parity::Report& report, const std::string& file) {
  const auto unet = opad::UNet2DConditionModel::from_pretrained(c.folder / "model");
  const auto run = [&](const std::string& kind) {
    const auto text = c.at("in.encoder_hidden_states").clone().requires_grad_();
    const auto out = unet->forward(c.at("in.sample"), c.at("in.timestep"), text);
    (out * c.at("in.grad_output")).sum().backward();
    report.tensor("out." + kind, out);
    report.tensor("grad." + kind + ".encoder_hidden_states", text.grad());
  };
  run("base");
  opad::load_custom_diffusion(*unet, c.folder / "custom_diffusion" / file);
  run("custom");
  for (const auto& [name, parameter] : opad::processor_parameters(*unet))
    report.tensor("grad.param." + name, parameter.grad());
}

void learned_embeddings(const parity::Case& c, parity::Report& report) {
  const auto encoder = opad::CLIPTextModel::from_pretrained(c.folder / "model" / "text_encoder");
  for (const auto& load : opad::read_json(c.folder / "embeddings" / "loads.json")) {
    const auto name = load.at("name").get<std::string>();
    auto tokenizer = opad::ClipTokenizer::from_pretrained(c.folder / "model" / "tokenizer");
    std::vector<opad::LearnedEmbedding> embeddings;
    for (const auto& file : load.at("files"))
      embeddings.push_back(
          opad::read_learned_embedding(c.folder / "embeddings" / file.get<std::string>(), load.value("token", "")));
    const opad::TokenRows rows(tokenizer, embeddings);
    const auto prompt = rows.expand(load.at("prompt").get<std::string>());
    const auto ids = tokenizer({prompt});
    report.check(name + ": prompt", prompt == load.at("converted_prompt").get<std::string>(), prompt);
    report.check(name + ": first id", rows.first_id() == load.at("first_new_id").get<std::int64_t>());
    report.tensor("out." + name + ".ids", ids);
    report.tensor("out." + name + ".new_rows", rows.rows());
    report.tensor("out." + name + ".last_hidden_state", encoder->encode(rows.embed(encoder->token_table(), ids)));
  }
}

void lora(const parity::Case& c, parity::Report& report) {
  auto unet = opad::UNet2DConditionModel::from_pretrained(c.folder / "model");
  const auto run = [&](const std::string& name) {
    const torch::NoGradGuard no_grad;
    report.tensor("out." + name,
                  unet->forward(c.at("in.sample"), c.at("in.timestep"), c.at("in.encoder_hidden_states")));
  };
  run("base");
  for (const auto& entry : opad::entries_of(c.folder / "lora")) {
    opad::load_lora(*unet, entry.path());
    run(entry.path().stem().string());
  }
  for (const auto& entry : opad::entries_of(c.folder / "any_layer")) {
    unet = opad::UNet2DConditionModel::from_pretrained(c.folder / "model");
    opad::CLIPTextModel text{opad::CLIPTextConfig{}};  // whose weights no file here names
    opad::add_lora(*unet, text, {entry.path(), 1});
    run("any_layer." + entry.path().stem().string());
  }
}

void run(const parity::Case& c, parity::Report& report) {
  if (c.json.contains("recipe") && c.json.at("recipe").value("kind", "") == "embeddings")
    return learned_embeddings(c, report);
  if (c.json.contains("recipe") && c.json.at("recipe").value("kind", "") == "lora") return lora(c, report);
  for (const std::string file :
       {"pytorch_custom_diffusion_weights.bin", "pytorch_custom_diffusion_weights.safetensors"})
    if (std::filesystem::exists(c.folder / "custom_diffusion" / file)) custom_diffusion(c, report, file);
}

const parity::Family family{"adapters", run};

}  // namespace
