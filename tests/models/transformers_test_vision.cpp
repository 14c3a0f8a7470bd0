#include <opad/models/image_projection.hpp>
#include <opad/models/vision_transformer.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using opad::Json;
using opad::Random;
using opad::VisionTransformer;
using opad::VisionTransformerConfig;
using torch::Tensor;

namespace {

const std::filesystem::path golden = OPAD_SOURCE_DIR "/tests/golden";

const Json tiny = {{"img_size", 32}, {"patch_size", 8}, {"embed_dim", 12}, {"depth", 3}, {"num_heads", 3}};

Json with(Json config, const Json& changes) {
  config.update(changes);
  return config;
}

std::shared_ptr<VisionTransformer> random_vit(const Json& changes = Json::object()) {
  auto model =
      std::make_shared<VisionTransformer>(VisionTransformerConfig::from_json(with(tiny, changes), "config.json"));
  opad::fill_random(*model, Random(1));
  return model;
}

void save(const std::filesystem::path& folder, const torch::nn::Module& model, const Json& config) {
  opad::Tensors tensors;
  for (const auto& item : model.named_parameters()) tensors[item.key()] = item.value();
  opad::save_safetensors(folder / "model.safetensors", tensors);
  opad::write_json(folder / "config.json", config);
}

Tensor pictures(std::int64_t n, std::int64_t side) { return Random(2).stream("pictures").normal({n, 3, side, side}); }

template <class Config>
std::string message(const Json& config) {
  try {
    Config::from_json(config, "config.json");
  } catch (const opad::Error& e) { return e.what(); }
  return "";
}

}  // namespace

TEST_CASE("Resampling position embeddings to their own grid changes nothing", "[models][vit]") {
  const Tensor table = Random(1).stream("table").normal({1, 2 + 12, 5});
  REQUIRE(at::equal(opad::resample_abs_pos_embed(table, {3, 4}, {3, 4}, 2), table));
  REQUIRE_THROWS_WITH(opad::resample_abs_pos_embed(table, {5, 5}, {4, 4}, 1),
                      ContainsSubstring("instead of [1, 1 + 4 * 4, D]"));
}

TEST_CASE("Resampling keeps the prefix, constants and the mirror image", "[models][vit]") {
  const Tensor prefix = Random(1).stream("prefix").normal({1, 2, 5}),
               grid = Random(1).stream("grid").normal({1, 16, 5});
  const auto resample = [&](const Tensor& rows) {
    return opad::resample_abs_pos_embed(at::cat({prefix, rows}, 1), {7, 6}, {4, 4}, 2);
  };
  const Tensor out = resample(grid);
  REQUIRE(out.sizes() == at::IntArrayRef({1, 2 + 42, 5}));
  REQUIRE(at::equal(out.narrow(1, 0, 2), prefix));
  REQUIRE(at::allclose(resample(torch::full({1, 16, 5}, 0.7)).narrow(1, 2, 42), torch::full({1, 42, 5}, 0.7)));
  const auto mirror = [](const Tensor& rows, std::int64_t height) {
    return rows.unflatten(1, {height, -1}).flip({2}).flatten(1, 2);
  };
  REQUIRE(at::allclose(resample(mirror(grid, 4)).narrow(1, 2, 42), mirror(out.narrow(1, 2, 42), 7), 1e-4, 1e-5));
}

TEST_CASE("A ViT loaded at another picture size has resampled positions, at its own it is the same", "[models][vit]") {
  const bool registers = GENERATE(false, true);
  const Json config = registers ? Json({{"reg_tokens", 4}, {"no_embed_class", true}}) : Json::object();
  const auto model = random_vit(config);
  const TemporaryFolder folder;
  save(folder.path, *model, with(tiny, config));
  REQUIRE(at::equal(VisionTransformer::from_pretrained(folder.path, 32)->forward(pictures(2, 32)),
                    model->forward(pictures(2, 32))));
  const auto larger = VisionTransformer::from_pretrained(folder.path, 56);
  REQUIRE(at::equal(larger->pos_embed,
                    opad::resample_abs_pos_embed(model->pos_embed, {7, 7}, {4, 4}, model->config.embedded_prefix())));
  REQUIRE(larger->forward(pictures(2, 56)).sizes() == at::IntArrayRef({2, 12}));
}

TEST_CASE("The chosen blocks' outputs end in the model's own", "[models][vit]") {
  const auto model = random_vit({{"init_values", 0.1}});
  const Tensor image = pictures(2, 32);
  const auto outputs = model->forward_intermediates(image, {-1, 0, 2, 0});
  REQUIRE(outputs.size() == 4);
  REQUIRE(at::equal(outputs[0], outputs[2]));
  REQUIRE(at::equal(outputs[1], outputs[3]));
  REQUIRE_FALSE(at::allclose(outputs[0], outputs[1]));
  REQUIRE(at::equal(model->norm->forward(outputs[0]), model->forward_features(image)));
  REQUIRE(model->forward_intermediates(image, {}).empty());
  REQUIRE_THROWS_WITH(model->forward_intermediates(image, {3}), ContainsSubstring("there is no block 3 of 3"));
  REQUIRE_THROWS_AS(model->forward_intermediates(image, {-4}), opad::Error);
}

TEST_CASE("Pooling takes the class token, the mean of the patches, or everything", "[models][vit]") {
  const Tensor image = pictures(2, 32);
  const auto token = random_vit({{"reg_tokens", 2}});
  REQUIRE(at::equal(token->forward(image), token->forward_features(image).select(1, 0)));
  const auto all = random_vit({{"global_pool", ""}});
  REQUIRE(all->forward(image).sizes() == at::IntArrayRef({2, 17, 12}));
  const auto mean = random_vit({{"global_pool", "avg"}, {"reg_tokens", 2}});  // the norm comes after the mean
  REQUIRE(mean->named_parameters().contains("fc_norm.weight"));
  REQUIRE(
      at::allclose(mean->forward(image), mean->fc_norm->forward(mean->forward_features(image).slice(1, 3).mean(1))));
}

TEST_CASE("Without positions a ViT does not care where its patches are, with them it does", "[models][vit]") {
  const auto model = random_vit();
  const Tensor image = pictures(1, 32), rolled = image.roll({8}, {3});
  REQUIRE_FALSE(at::allclose(model->forward(image), model->forward(rolled), 1e-3, 1e-4));
  torch::NoGradGuard no_grad;
  model->pos_embed.zero_();
  REQUIRE(at::allclose(model->forward(image), model->forward(rolled), 1e-4, 1e-5));
}

TEST_CASE("A rectangular picture has rows before columns", "[models][vit]") {
  const auto model = random_vit({{"img_size", {16, 40}}});
  REQUIRE(model->forward_features(Random(1).stream("x").normal({1, 3, 16, 40})).size(1) == 1 + 2 * 5);
  REQUIRE_THROWS_WITH(model->forward(Random(1).stream("x").normal({1, 3, 40, 16})),
                      ContainsSubstring("instead of [B, 3, 16, "
                                        "40]"));
}

TEST_CASE("The configs of timm's hub name an architecture", "[models][vit]") {
  const auto config = [](const Json& json) { return VisionTransformerConfig::from_json(json, "config.json"); };
  const auto dino = config({{"architecture", "vit_small_patch16_224.dino"}, {"num_classes", 0}});
  REQUIRE((dino.embed_dim == 384 && dino.num_heads == 6 && dino.depth == 12 && dino.patch_size == 16 &&
           dino.img_size[0] == 224 && !dino.init_values));
  const auto v2 = config({{"architecture", "vit_large_patch14_dinov2"},
                          {"pretrained_cfg", {{"tag", "lvd142m"}, {"input_size", {3, 518, 518}}}}});
  REQUIRE((v2.embed_dim == 1024 && v2.depth == 24 && v2.num_heads == 16 && v2.init_values && v2.reg_tokens == 0 &&
           v2.grid()[0] == 37));
  const auto reg = config(
      {{"architecture", "vit_base_patch14_reg4_dinov2"}, {"model_args", {{"img_size", 224}}}, {"global_pool", "avg"}});
  REQUIRE((reg.embed_dim == 768 && reg.reg_tokens == 4 && reg.no_embed_class && reg.grid()[0] == 16 && reg.fc_norm));
  REQUIRE_THAT(message<VisionTransformerConfig>({{"architecture", "vit_giant_patch14_clip"}}),
               ContainsSubstring("'vit_giant_"
                                 "patch14_clip' "
                                 "is not known"));
}

TEST_CASE("A classifier in the file is left out", "[models][vit]") {
  const auto model = random_vit();
  opad::Tensors tensors;
  for (const auto& item : model->named_parameters()) tensors[item.key()] = item.value();
  tensors["head.weight"] = torch::ones({5, 12});
  tensors["head.bias"] = torch::ones({5});
  const TemporaryFolder folder;
  opad::save_safetensors(folder / "model.safetensors", tensors);
  opad::write_json(folder / "config.json", tiny);
  REQUIRE(at::equal(VisionTransformer::from_pretrained(folder.path)->forward(pictures(1, 32)),
                    model->forward(pictures(1, 32))));
}

TEST_CASE("A ViT's config that makes no model says why", "[models][vit]") {
  const auto said = [](const Json& changes) { return message<VisionTransformerConfig>(with(tiny, changes)); };
  REQUIRE(said(Json::object()).empty());
  REQUIRE_THAT(said({{"num_heads", 5}}), ContainsSubstring("embed_dim = 12 does not divide into num_heads = 5"));
  REQUIRE_THAT(said({{"patch_size", 64}}), ContainsSubstring("smaller than one patch"));
  REQUIRE_THAT(said({{"depth", "deep"}}), ContainsSubstring("depth = \"deep\" is not an integer"));
  REQUIRE_THAT(said({{"class_token", false}}), ContainsSubstring("needs class_token"));
  REQUIRE_THAT(said({{"global_pool", "map"}}), ContainsSubstring("global_pool = \"map\" is not supported"));
  REQUIRE_THAT(said({{"scale_attn_norm", true}}), ContainsSubstring("scale_attn_norm = true is not supported"));
}

TEST_CASE("A CLIP vision config that makes no model says why", "[models][clip-vision]") {
  const auto said = message<opad::CLIPVisionConfig>;
  REQUIRE(said(Json::object()).empty());
  REQUIRE_THAT(said({{"num_attention_heads", 7}}), ContainsSubstring("does not divide into 7 attention heads"));
  REQUIRE_THAT(said({{"patch_size", 300}}), ContainsSubstring("patch_size of 300 is larger than the image_size 224"));
  REQUIRE_THAT(said({{"hidden_act", "softsign"}}), ContainsSubstring("hidden_act"));
  REQUIRE_THAT(said({{"image_size", 0}}), ContainsSubstring("image_size = 0"));
}

TEST_CASE("A CLIP vision model wants its own picture size", "[models][clip-vision]") {
  const auto model = opad::CLIPVisionModelWithProjection::from_pretrained(golden / "clip_vision_b16" / "model");
  REQUIRE(model->forward(pictures(3, 48)).sizes() == at::IntArrayRef({3, 40}));
  REQUIRE_THROWS_WITH(model->forward(pictures(1, 64)), ContainsSubstring("instead of [B, 3, 48, 48]"));
  for (const auto& p : model->parameters()) REQUIRE_FALSE(p.requires_grad());
}

TEST_CASE("The identity encoder takes its sizes from the adapter's file", "[models][identity]") {
  const auto folder = golden / "identity_ip_adapter" / "model";
  const auto encoder =
      opad::IdentityNetwork::from_pretrained(folder / "image_encoder", folder / "ip-adapter.safetensors");
  REQUIRE(encoder->image_size() == 42);
  const Tensor tokens = encoder->forward(pictures(2, 42));
  REQUIRE(tokens.sizes() == at::IntArrayRef({2, 4, 24}));
  const auto pickled = opad::IdentityNetwork::from_pretrained(folder / "image_encoder", folder / "ip-adapter.bin");
  REQUIRE(at::equal(pickled->forward(pictures(2, 42)), tokens));
  REQUIRE_THROWS_WITH(
      opad::IdentityNetwork::from_pretrained(golden / "clip_vision_b16" / "model", folder / "ip-adapter."
                                                                                            "safetensors"),
      ContainsSubstring("the adapter takes embeddings of 20 numbers, the image encoder gives 40"));
}

TEST_CASE("A file without IP-Adapter's plain projection is refused", "[models][identity]") {
  const TemporaryFolder folder;
  opad::save_safetensors(folder / "plus.safetensors", {{"image_proj.latents", torch::ones({1, 16, 8})}});
  REQUIRE_THROWS_WITH(opad::ImageProjModel::from_pretrained(folder / "plus.safetensors"),
                      ContainsSubstring("give a plain "
                                        "IP-Adapter"));
  opad::save_safetensors(folder / "odd.safetensors", {{"image_proj.proj.weight", torch::ones({7, 3})},
                                                      {"image_proj.proj.bias", torch::ones({7})},
                                                      {"image_proj.norm.weight", torch::ones({2})},
                                                      {"image_proj.norm.bias", torch::ones({2})}});
  REQUIRE_THROWS_WITH(opad::ImageProjModel::from_pretrained(folder / "odd.safetensors"),
                      ContainsSubstring("no multiple of the "
                                        "width 2"));
}

TEST_CASE("A ViT's config comes back from what it writes", "[models][vit]") {
  auto config = opad::VisionTransformerConfig::from_json(
      {{"img_size", 32}, {"patch_size", 8}, {"embed_dim", 12}, {"depth", 2}, {"num_heads", 3}}, "config.json");
  REQUIRE(opad::VisionTransformerConfig::from_json(config.to_json(), "config.json").to_json() == config.to_json());
  config.img_size = {32, 48}, config.init_values = 1e-5, config.reg_tokens = 4, config.no_embed_class = true;
  REQUIRE(opad::VisionTransformerConfig::from_json(config.to_json(), "config.json").to_json() == config.to_json());
}

TEST_CASE("null in a vision model's config says nothing", "[models][vit]") {
  const auto standard = opad::VisionTransformerConfig::from_json(Json::object(), "config.json");
  Json nulls = standard.to_json();
  for (auto& [key, value] : nulls.items()) value = nullptr;
  REQUIRE(opad::VisionTransformerConfig::from_json(nulls, "config.json").to_json() == standard.to_json());
  REQUIRE(opad::CLIPVisionConfig::from_json({{"hidden_size", nullptr}, {"hidden_act", nullptr}}, "config.json")
              .hidden_size == 768);
}

TEST_CASE("The one IP-Adapter of a folder is found, several are refused with their names", "[models][identity]") {
  const TemporaryFolder folder;
  REQUIRE_THROWS_WITH(opad::find_ip_adapter(folder.path), ContainsSubstring("no IP-Adapter here"));
  REQUIRE_THROWS_WITH(opad::find_ip_adapter(folder / "absent"), ContainsSubstring("absent: no such folder"));
  opad::write_atomically(folder / "b.bin", "");
  opad::write_atomically(folder / "notes.txt", "");
  std::filesystem::create_directory(folder / "image_encoder");
  REQUIRE(opad::find_ip_adapter(folder.path) == folder / "b.bin");
  opad::write_atomically(folder / "b.safetensors", "");
  REQUIRE(opad::find_ip_adapter(folder.path) == folder / "b.safetensors");
  opad::write_atomically(folder / "a.bin", "");
  REQUIRE_THROWS_WITH(
      opad::find_ip_adapter(folder.path),
      ContainsSubstring(folder.path.string() + ": holds several IP-Adapters (a.bin, b.safetensors); give the file"));
  REQUIRE(opad::find_ip_adapter(folder / "a.bin") == folder / "a.bin");
}

TEST_CASE("A ViT of transformers is named as what it is", "[models][vit]") {
  REQUIRE_THROWS_WITH(
      opad::VisionTransformerConfig::from_json({{"model_type", "vit"}, {"hidden_size", 384}}, "dino/config.json"),
      ContainsSubstring("dino/config.json: is a model of transformers (model_type \"vit\"); give timm's folder"));
}
