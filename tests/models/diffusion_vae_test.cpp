#include <opad/models/autoencoder_kl.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace opad;

namespace {
AutoencoderKLConfig small_config(std::size_t levels = 3) {
  AutoencoderKLConfig config;
  config.block_out_channels = std::vector<std::int64_t>(levels, 8);
  config.down_block_types = std::vector<std::string>(levels, "DownEncoderBlock2D");
  config.up_block_types = std::vector<std::string>(levels, "UpDecoderBlock2D");
  config.norm_num_groups = 4;
  return config;
}
std::shared_ptr<AutoencoderKL> small_vae(const AutoencoderKLConfig& config) {
  auto vae = std::make_shared<AutoencoderKL>(config);
  fill_random(*vae, Random(3));
  return vae;
}
}  // namespace

TEST_CASE("The autoencoder shrinks by 2 for each level but the last", "[models][vae]") {
  torch::NoGradGuard no_grad;
  for (const std::size_t levels : {1, 2, 3, 4}) {
    auto config = small_config(levels);
    config.latent_channels = 5;
    const auto vae = small_vae(config);
    const std::int64_t f = vae->downscale();
    REQUIRE(f == 1 << (levels - 1));
    const auto latent = vae->encode(torch::zeros({2, 3, 16, 24}));
    REQUIRE(latent.mean.sizes() == at::IntArrayRef{2, 5, 16 / f, 24 / f});
    REQUIRE(latent.logvar.sizes() == latent.mean.sizes());
    REQUIRE(vae->decode(latent.mean).sizes() == at::IntArrayRef{2, 3, 16, 24});
  }
}

TEST_CASE("The autoencoder treats the pictures of a batch independently", "[models][vae]") {
  torch::NoGradGuard no_grad;
  const auto vae = small_vae(small_config());
  const Tensor images = Random(1).stream("images").normal({2, 3, 12, 16});
  const auto both = vae->encode(images), second = vae->encode(images.narrow(0, 1, 1));
  REQUIRE(at::allclose(second.mean[0], both.mean[1], 1e-4, 1e-5));
  REQUIRE(at::allclose(vae->decode(second.mean)[0], vae->decode(both.mean)[1], 1e-4, 1e-5));
}

TEST_CASE("A latent distribution's sample is mean + exp(logvar / 2) noise", "[models][vae]") {
  const LatentDistribution latent{torch::full({1, 1, 1, 1}, 3.0), torch::full({1, 1, 1, 1}, 2 * std::log(0.5))};
  REQUIRE(latent.std().item<double>() == Approx(0.5));
  REQUIRE(latent.sample(torch::full({1, 1, 1, 1}, -4.0)).item<double>() == Approx(1.0));
}

TEST_CASE("Log-variances are clamped to [-30, 20], without gradient beyond", "[models][vae]") {
  const auto vae = small_vae(small_config(1));
  {
    torch::NoGradGuard no_grad;
    vae->quant_conv->bias.narrow(0, 4, 2).fill_(1000);
    vae->quant_conv->bias.narrow(0, 6, 2).fill_(-1000);
  }
  const Tensor image = torch::zeros({1, 3, 4, 4}).requires_grad_();
  const auto latent = vae->encode(image);
  REQUIRE(latent.logvar.narrow(1, 0, 2).eq(20).all().item<bool>());
  REQUIRE(latent.logvar.narrow(1, 2, 2).eq(-30).all().item<bool>());
  latent.logvar.sum().backward();
  REQUIRE(image.grad().eq(0).all().item<bool>());
}

TEST_CASE("The autoencoder runs without quant convolutions and without the middle attention", "[models][vae]") {
  auto config = small_config();
  config.use_quant_conv = config.use_post_quant_conv = config.mid_block_add_attention = false;
  const auto vae = small_vae(config);
  for (const auto& item : vae->named_parameters()) {
    REQUIRE(item.key().find("quant_conv") == std::string::npos);
    REQUIRE(item.key().find("attentions") == std::string::npos);
  }
  torch::NoGradGuard no_grad;
  REQUIRE(vae->decode(vae->encode(torch::zeros({1, 3, 8, 8})).mean).sizes() == at::IntArrayRef{1, 3, 8, 8});
}

TEST_CASE("A saved autoencoder folder gives the same bits, under new and old attention names", "[models][vae]") {
  const TemporaryFolder folder;
  auto config = small_config();
  config.scaling_factor = 0.75;
  const auto vae = small_vae(config);
  vae->save_pretrained(folder.path);
  const Tensor image = Random(1).stream("image").normal({1, 3, 8, 8});
  SECTION("as saved") {}
  SECTION("with the names of 2022") {
    const auto path = folder.path / "diffusion_pytorch_model.safetensors";
    const SafeTensors file(path);
    Tensors old;
    for (const auto& [name, tensor] : file.tensors()) {
      std::string key = name;
      for (const auto& [from, to] :
           {std::pair{".to_q.", ".query."}, {".to_k.", ".key."}, {".to_v.", ".value."}, {".to_out.0.", ".proj_attn."}})
        if (const auto at = key.find(from); at != key.npos) key.replace(at, std::string(from).size(), to);
      old.emplace(key, tensor.clone());
    }
    REQUIRE(old.contains("encoder.mid_block.attentions.0.proj_attn.bias"));
    save_safetensors(path, old);
  }
  const auto again = AutoencoderKL::from_pretrained(folder.path);
  torch::NoGradGuard no_grad;
  REQUIRE(at::equal(again->encode(image).mean, vae->encode(image).mean));
  REQUIRE(again->config.to_json() == vae->config.to_json());
  REQUIRE(again->config.scaling_factor == 0.75);
}

TEST_CASE("The autoencoder's config has the library's defaults", "[models][vae]") {
  const auto config = AutoencoderKLConfig::from_json(Json::object(), "c");
  REQUIRE(config.scaling_factor == 0.18215);
  REQUIRE(config.latent_channels == 4);
  REQUIRE(config.block_out_channels == std::vector<std::int64_t>{64});
  REQUIRE((config.use_quant_conv && config.use_post_quant_conv && config.mid_block_add_attention));
}

TEST_CASE("A config that is another autoencoder or cannot be built is refused", "[models][vae]") {
  const std::vector<std::pair<std::string, std::string>> refused{
      {R"({"act_fn": "tanh"})", "act_fn = \"tanh\" is not supported"},
      {R"({"shift_factor": 0.1159})", "shift_factor = 0.1159 is not supported, only null"},
      {R"({"latents_mean": [0.0]})", "latents_mean"},
      {R"({"latents_std": [1.0]})", "latents_std"},
      {R"({"block_out_channels": [32, 64]})", "list 2, 1 and 1 levels"},
      {R"({"down_block_types": ["AttnDownEncoderBlock2D"]})", "down block 'AttnDownEncoderBlock2D'"},
      {R"({"up_block_types": ["AttnUpDecoderBlock2D"]})", "up block 'AttnUpDecoderBlock2D'"},
      {R"({"scaling_factor": 0})", "scaling_factor = 0; give a positive number"},
      {R"({"in_channels": 0})", "in_channels = 0"},
      {R"({"out_channels": 0})", "out_channels = 0"},
      {R"({"layers_per_block": 0})", "layers_per_block = 0"},
      {R"({"latent_channels": -1})", "latent_channels = -1"},
      {R"({"sample_size": 0})", "sample_size = 0"},
      {R"({"norm_num_groups": 48})", "64 of block_out_channels do not divide into norm_num_groups = 48"},
      {R"({"block_out_channels": [64.5]})", "is not a list of integers"},
      {R"({"use_quant_conv": "yes"})", "is not true or false"}};
  for (const auto& [json, message] : refused)
    REQUIRE_THROWS_WITH(AutoencoderKLConfig::from_json(Json::parse(json), "vae/config.json"),
                        ContainsSubstring("vae/config.json: ") && ContainsSubstring(message));
}

TEST_CASE("The autoencoder says which input has the wrong shape", "[models][vae]") {
  const auto vae = small_vae(small_config());
  REQUIRE_THROWS_WITH(vae->encode(torch::zeros({3, 8, 8})), ContainsSubstring("give [B, 3, H, W]"));
  REQUIRE_THROWS_WITH(vae->encode(torch::zeros({1, 3, 3, 8})), ContainsSubstring("less than one latent of 4 x 4"));
  REQUIRE_THROWS_WITH(vae->decode(torch::zeros({1, 3, 8, 8})), ContainsSubstring("give [B, 4, h, w]"));
}

TEST_CASE("null in the autoencoder's config says nothing", "[models][vae]") {
  const auto standard = AutoencoderKLConfig::from_json(Json::object(), "config.json");
  Json nulls = standard.to_json();
  for (auto& [key, value] : nulls.items()) value = nullptr;
  REQUIRE(AutoencoderKLConfig::from_json(nulls, "config.json").to_json() == standard.to_json());
}
