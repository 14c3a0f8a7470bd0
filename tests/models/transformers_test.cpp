#include <opad/models/clip_text_model.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using opad::CLIPTextConfig;
using opad::CLIPTextModel;
using opad::Json;
using opad::Random;
using torch::Tensor;

namespace {

const std::filesystem::path golden = OPAD_SOURCE_DIR "/tests/golden";

CLIPTextConfig tiny(const std::string& act = "gelu") {
  CLIPTextConfig c;
  c.vocab_size = 50, c.hidden_size = 24, c.intermediate_size = 48, c.projection_dim = 10, c.num_hidden_layers = 2;
  c.num_attention_heads = 3, c.max_position_embeddings = 12, c.hidden_act = act, c.eos_token_id = 49;
  return c;
}

std::shared_ptr<CLIPTextModel> random_model(const CLIPTextConfig& config, bool with_projection = false) {
  auto model = std::make_shared<CLIPTextModel>(config, with_projection);
  opad::fill_random(*model, Random(1));
  return model;
}

Tensor ids(std::int64_t rows, std::int64_t length) { return Random(2).stream("ids").integers(0, 49, {rows, length}); }

std::string message(const Json& config) {
  try {
    CLIPTextConfig::from_json(config, "config.json");
  } catch (const opad::Error& e) { return e.what(); }
  return "";
}

}  // namespace

TEST_CASE("Text model: a later token does not change earlier states", "[models][clip-text]") {
  const auto model = random_model(tiny());
  const Tensor before = ids(2, 12), states = model->forward(before);
  for (const std::int64_t place : {0, 5, 11}) {
    Tensor after = before.clone();
    after.select(1, place).add_(1).remainder_(49);
    const Tensor difference = (model->forward(after) - states).abs().amax({0, 2});
    REQUIRE((difference.slice(0, 0, place) < 1e-6).all().item<bool>());
    REQUIRE((difference.slice(0, place) > 1e-6).all().item<bool>());  // the token itself and what follows does change
  }
}

TEST_CASE("Text model: a prefix of a prompt has the states of the whole prompt", "[models][clip-text]") {
  const auto model = random_model(tiny("quick_gelu"));
  const Tensor all = ids(3, 12);
  REQUIRE(at::allclose(model->forward(all.slice(1, 0, 7)), model->forward(all).slice(1, 0, 7), 1e-5, 1e-6));
}

TEST_CASE("Text model: rows of a batch do not see each other", "[models][clip-text]") {
  const auto model = random_model(tiny());
  const Tensor all = ids(3, 12);
  REQUIRE(at::allclose(model->forward(all)[1], model->forward(all.slice(0, 1, 2))[0], 1e-5, 1e-6));
}

TEST_CASE("Text model: parameters are frozen, and a gradient reaches embeddings all the same", "[models][clip-text]") {
  const auto model = random_model(tiny());
  for (const auto& p : model->parameters()) REQUIRE_FALSE(p.requires_grad());
  const Tensor embeddings = model->token_embedding(ids(1, 5)).clone().requires_grad_();
  model->encode(embeddings).square().sum().backward();
  REQUIRE(embeddings.grad().abs().sum().item<double>() > 0);
}

TEST_CASE("Text model: the pooled state is at the first end token, with eos_token_id 2 at the largest id",
          "[models][clip-"
          "text]") {
  auto config = tiny();
  const Tensor states = Random(3).stream("states").normal({2, 5, 24});
  const Tensor tokens = torch::tensor({{1, 49, 7, 49, 49}, {3, 4, 48, 49, 2}});
  REQUIRE(at::equal(random_model(config)->pooled(states, tokens), at::stack({states[0][1], states[1][3]})));
  config.eos_token_id = 2;
  const Tensor added = torch::tensor({{1, 40, 7, 0, 0}, {3, 45, 12, 2, 2}});
  REQUIRE(at::equal(random_model(config)->pooled(states, added), at::stack({states[0][1], states[1][1]})));
}

TEST_CASE("Text model: what is saved loads again, under the names of transformers 4", "[models][clip-text]") {
  const bool projection = GENERATE(false, true);
  const auto model = random_model(tiny("quick_gelu"), projection);
  const TemporaryFolder folder;
  model->save_pretrained(folder.path);
  const auto tensors = opad::read_weights(folder.path, "model");
  for (const auto& [name, tensor] : tensors)
    REQUIRE((name.starts_with("text_model.") || name == "text_projection.weight"));
  REQUIRE(tensors.contains("text_model.encoder.layers.1.self_attn.out_proj.bias"));
  REQUIRE(tensors.contains("text_projection.weight") == projection);
  const auto again = CLIPTextModel::from_pretrained(folder.path);
  REQUIRE(at::equal(again->forward(ids(2, 12)), model->forward(ids(2, 12))));
  REQUIRE(again->config.eos_token_id == 49);
  if (projection) REQUIRE(at::equal(again->text_embeds(ids(2, 12)), model->text_embeds(ids(2, 12))));
  if (!projection) REQUIRE_THROWS_WITH(again->text_embeds(ids(2, 12)), ContainsSubstring("no text_projection"));
}

TEST_CASE("Text model: files of transformers 5 are saved under the names of transformers 4, to the bit",
          "[models][clip-text]") {
  const auto model = CLIPTextModel::from_pretrained(golden / "clip_text_sd1" / "model");
  const TemporaryFolder folder;
  model->save_pretrained(folder.path);
  const auto before = opad::read_weights(golden / "clip_text_sd1" / "model", "model"),
             after = opad::read_weights(folder.path, "model");
  REQUIRE(before.size() == after.size());
  for (const auto& [name, tensor] : before) REQUIRE(at::equal(after.at("text_model." + name), tensor));
}

TEST_CASE("Text model: a table with added rows is saved with its size", "[models][clip-text]") {
  const auto model = random_model(tiny());
  auto& table = model->text_model->embeddings->token_embedding->weight;
  table.set_data(at::cat({table, torch::ones({2, 24})}));
  const TemporaryFolder folder;
  model->save_pretrained(folder.path);
  REQUIRE(CLIPTextModel::from_pretrained(folder.path)->config.vocab_size == 52);
}

TEST_CASE("Text model: the text tower of a whole CLIP model is found", "[models][clip-text]") {
  const auto model = random_model(tiny(), true);
  const TemporaryFolder folder;
  model->save_pretrained(folder.path);
  auto tensors = opad::read_weights(folder.path, "model");
  tensors["logit_scale"] = torch::ones({});
  tensors["vision_model.pre_layrnorm.weight"] = torch::ones({4});
  tensors["visual_projection.weight"] = torch::ones({10, 4});
  tensors["text_model.embeddings.position_ids"] = torch::arange(12).unsqueeze(0);
  Json part = model->config.to_json(true);
  part.erase("projection_dim");
  const TemporaryFolder whole;
  opad::save_safetensors(whole / "model.safetensors", tensors);
  opad::write_json(whole / "config.json",
                   {{"text_config", part}, {"vision_config", Json::object()}, {"projection_dim", 10}});
  REQUIRE(
      at::equal(CLIPTextModel::from_pretrained(whole.path)->text_embeds(ids(2, 12)), model->text_embeds(ids(2, 12))));
}

TEST_CASE("Text model: a config that makes no model says why", "[models][clip-text]") {
  REQUIRE(message(Json::object()).empty());  // all defaults
  REQUIRE_THAT(message({{"num_attention_heads", 7}}),
               ContainsSubstring("config.json: hidden_size, num_attention_heads: a width "
                                 "of 512 does not divide into 7"));
  REQUIRE_THAT(message({{"num_attention_heads", 0}}), ContainsSubstring("num_attention_heads = 0"));
  REQUIRE_THAT(message({{"hidden_act", "tanh"}}), ContainsSubstring("hidden_act = \"tanh\" is not supported"));
  REQUIRE_THAT(message({{"vocab_size", "many"}}), ContainsSubstring("vocab_size = \"many\" is not an integer"));
}

TEST_CASE("Text model: a file that lacks a tensor, or an input that does not fit, is an error with its name",
          "[models][clip-text]") {
  const auto model = random_model(tiny());
  REQUIRE_THROWS_WITH(model->forward(ids(1, 13)), ContainsSubstring("truncate the prompt"));
  REQUIRE_THROWS_WITH(model->forward(torch::full({1, 3}, 50, torch::kInt64)),
                      ContainsSubstring("the id 50 is not in the table "
                                        "of 50"));
  const TemporaryFolder folder;
  model->save_pretrained(folder.path);
  auto tensors = opad::read_weights(folder.path, "model");
  for (auto& [name, tensor] : tensors) tensor = tensor.clone();
  tensors.erase("text_model.final_layer_norm.bias");
  opad::save_safetensors(folder / "model.safetensors", tensors);
  REQUIRE_THROWS_WITH(CLIPTextModel::from_pretrained(folder.path),
                      ContainsSubstring("'text_model.final_layer_norm.bias' is "
                                        "missing"));
}

TEST_CASE("Text model: null in a config says nothing", "[models][clip-text]") {
  const auto standard = CLIPTextConfig::from_json(Json::object(), "config.json");
  Json nulls = standard.to_json(false);
  for (auto& [key, value] : nulls.items()) value = nullptr;
  REQUIRE(CLIPTextConfig::from_json(nulls, "config.json").to_json(false) == standard.to_json(false));
}
