#include <opad/models/unet_2d_condition.hpp>

#include "support/catch.hpp"
#include "support/small_unet.hpp"
#include "support/temporary_folder.hpp"

using namespace opad;

namespace {
Tensor run(UNet2DConditionModel& unet, const SmallUNetInputs& in) {
  torch::NoGradGuard no_grad;
  return unet.forward(in.sample, in.timestep, in.text);
}
bool close(const Tensor& a, const Tensor& b) { return at::allclose(a, b, 1e-4, 1e-5); }
}  // namespace

TEST_CASE("The U-Net treats the samples of a batch independently", "[models][unet]") {
  const auto unet = small_unet();
  const SmallUNetInputs in(3);
  const Tensor all = run(*unet, in);
  torch::NoGradGuard no_grad;
  for (std::int64_t i = 0; i < 3; ++i)
    REQUIRE(close(unet->forward(in.sample.narrow(0, i, 1), in.timestep.narrow(0, i, 1), in.text.narrow(0, i, 1)),
                  all.narrow(0, i, 1)));
  REQUIRE_FALSE(close(all[0], all[1]));
}

TEST_CASE("The U-Net takes timesteps as scalar, [1] or [B], integer or fraction", "[models][unet]") {
  const auto unet = small_unet();
  const SmallUNetInputs in(2);
  torch::NoGradGuard no_grad;
  const Tensor want = unet->forward(in.sample, torch::full({2}, 37), in.text);
  REQUIRE(close(unet->forward(in.sample, torch::tensor(37), in.text), want));
  REQUIRE(close(unet->forward(in.sample, torch::tensor({37}), in.text), want));
  REQUIRE(close(unet->forward(in.sample, torch::tensor(37.0), in.text), want));
  REQUIRE_FALSE(close(unet->forward(in.sample, torch::tensor(37.5), in.text), want));
}

TEST_CASE("The time embedding is sines and cosines of t 10000^(-i / (half - shift))", "[models][unet]") {
  const Tensor t = torch::tensor({0.0, 3.0, 999.0});
  for (const std::int64_t shift : {0, 1}) {
    const Tensor sin_first = timestep_embedding(t, 8, false, shift), cos_first = timestep_embedding(t, 8, true, shift);
    for (int row = 0; row < 3; ++row)
      for (int i = 0; i < 4; ++i) {
        const double angle = t[row].item<double>() * std::pow(10000.0, -double(i) / double(4 - shift));
        REQUIRE(sin_first[row][i].item<double>() == Approx(std::sin(angle)).margin(1e-4));
        REQUIRE(sin_first[row][4 + i].item<double>() == Approx(std::cos(angle)).margin(1e-4));
        REQUIRE(cos_first[row][i].item<double>() == Approx(std::cos(angle)).margin(1e-4));
      }
  }
  const Tensor odd = timestep_embedding(t, 7, true, 0);
  REQUIRE(odd.sizes() == at::IntArrayRef{3, 7});
  REQUIRE(odd.select(1, 6).eq(0).all().item<bool>());
}

TEST_CASE("The U-Net keeps the size of odd latents", "[models][unet]") {
  const auto unet = small_unet();
  for (const auto& [height, width] : {std::pair{7, 5}, {1, 1}, {9, 8}}) {
    const SmallUNetInputs in(1, height, width);
    REQUIRE(run(*unet, in).sizes() == in.sample.sizes());
  }
}

TEST_CASE("The U-Net gives the same numbers for channels-last inputs", "[models][unet]") {
  const auto unet = small_unet();
  SmallUNetInputs in(2);
  const Tensor want = run(*unet, in);
  in.sample = in.sample.contiguous(at::MemoryFormat::ChannelsLast);
  REQUIRE(close(run(*unet, in), want));
}

TEST_CASE("The U-Net is frozen when made", "[models][unet]") {
  for (const auto& parameter : small_unet()->parameters()) REQUIRE_FALSE(parameter.requires_grad());
}

TEST_CASE("Every attention layer of the U-Net is visited once, by its name in the file", "[models][unet]") {
  std::vector<std::string> cross, self;
  small_unet()->for_each_attention(
      [&](const std::string& name, Attention&, bool is_cross) { (is_cross ? cross : self).push_back(name); });
  const std::vector<std::string> blocks{"down_blocks.0.attentions.0", "up_blocks.1.attentions.0",
                                        "up_blocks.1.attentions.1", "mid_block.attentions.0"};
  std::vector<std::string> want_cross, want_self;
  for (const auto& block : blocks) {
    want_self.push_back(block + ".transformer_blocks.0.attn1");
    want_cross.push_back(block + ".transformer_blocks.0.attn2");
  }
  REQUIRE(cross == want_cross);
  REQUIRE(self == want_self);
}

TEST_CASE("A saved U-Net folder gives the same bits, and its config every key of the library", "[models][unet]") {
  const TemporaryFolder folder;
  const auto unet = small_unet();
  const SmallUNetInputs in(2);
  SECTION("float32 is exact") {
    unet->save_pretrained(folder.path / "unet");
    const auto again = UNet2DConditionModel::from_pretrained(folder.path / "unet");
    REQUIRE(at::equal(run(*again, in), run(*unet, in)));
    REQUIRE(again->config.to_json() == unet->config.to_json());
    const auto full = read_json(OPAD_SOURCE_DIR "/tests/golden/unet_sd2/model/config.json"),
               own = read_json(folder.path / "unet" / "config.json");
    for (const auto& [key, value] : full.items()) REQUIRE((own.contains(key) ? "" : key) == std::string());
    REQUIRE(own.at("_class_name") == "UNet2DConditionModel");
  }
  SECTION("float16 halves the file and rounds") {
    unet->save_pretrained(folder.path, torch::kFloat16);
    const auto again = UNet2DConditionModel::from_pretrained(folder.path);
    REQUIRE(at::allclose(run(*again, in), run(*unet, in), 0, 0.05));
    REQUIRE(again->conv_in->weight.scalar_type() == torch::kFloat32);
  }
}

TEST_CASE("The U-Net says which input has the wrong shape", "[models][unet]") {
  const auto unet = small_unet();
  const SmallUNetInputs in(2);
  REQUIRE_THROWS_WITH(unet->forward(in.sample[0], in.timestep, in.text), ContainsSubstring("give [B, 4, h, w]"));
  REQUIRE_THROWS_WITH(unet->forward(in.sample, torch::tensor({1, 2, 3}), in.text),
                      ContainsSubstring("3 timesteps for 2 samples"));
  REQUIRE_THROWS_WITH(unet->forward(in.sample, in.timestep, in.text[0]), ContainsSubstring("encoder_hidden_states"));
  REQUIRE_THROWS_WITH(unet->forward(in.sample, in.timestep, torch::zeros({2, 5, 11})),
                      ContainsSubstring("give [2, L, 12]"));
}

TEST_CASE("Absent config keys are the library's defaults, unknown ones are ignored", "[models][unet]") {
  const auto config = UNet2DConditionConfig::from_json(Json::parse(R"({"something_new": {"a": 1}})"), "config.json");
  REQUIRE(config.block_out_channels == std::vector<std::int64_t>{320, 640, 1280, 1280});
  REQUIRE(config.cross_attention_dim == std::vector<std::int64_t>{1280});
  REQUIRE(config.attention_head_dim == std::vector<std::int64_t>{8});
  REQUIRE_FALSE(config.use_linear_projection);
}

TEST_CASE("num_attention_heads counts before attention_head_dim, and is saved under the name that diffusers reads",
          "[models][unet]") {
  const auto config = UNet2DConditionConfig::from_json(
      Json::parse(R"({"attention_head_dim": 8, "num_attention_heads": [5, 10, 20, 20]})"), "c");
  REQUIRE(config.attention_head_dim == std::vector<std::int64_t>{5, 10, 20, 20});
  REQUIRE(config.to_json().at("num_attention_heads").is_null());
  REQUIRE(config.to_json().at("attention_head_dim") == Json::parse("[5, 10, 20, 20]"));
}

TEST_CASE("Every option that would be another U-Net is refused by name", "[models][unet]") {
  const std::vector<std::pair<std::string, std::string>> refused{
      {R"({"act_fn": "tanh"})", "act_fn"},
      {R"({"addition_embed_type": "text_time"})", "addition_embed_type"},
      {R"({"addition_embed_type_num_heads": 8})", "addition_embed_type_num_heads"},
      {R"({"addition_time_embed_dim": 256})", "addition_time_embed_dim"},
      {R"({"attention_type": "gated"})", "attention_type"},
      {R"({"class_embed_type": "timestep"})", "class_embed_type"},
      {R"({"class_embeddings_concat": true})", "class_embeddings_concat"},
      {R"({"cross_attention_norm": "layer_norm"})", "cross_attention_norm"},
      {R"({"dropout": 0.1})", "dropout"},
      {R"({"dual_cross_attention": true})", "dual_cross_attention"},
      {R"({"encoder_hid_dim": 64})", "encoder_hid_dim"},
      {R"({"encoder_hid_dim_type": "text_proj"})", "encoder_hid_dim_type"},
      {R"({"mid_block_only_cross_attention": true})", "mid_block_only_cross_attention"},
      {R"({"mid_block_type": "UNetMidBlock2DSimpleCrossAttn"})", "mid_block_type"},
      {R"({"num_class_embeds": 10})", "num_class_embeds"},
      {R"({"projection_class_embeddings_input_dim": 4})", "projection_class_embeddings_input_dim"},
      {R"({"resnet_out_scale_factor": 2.0})", "resnet_out_scale_factor"},
      {R"({"resnet_skip_time_act": true})", "resnet_skip_time_act"},
      {R"({"resnet_time_scale_shift": "spatial"})", "resnet_time_scale_shift"},
      {R"({"time_cond_proj_dim": 256})", "time_cond_proj_dim"},
      {R"({"time_embedding_act_fn": "silu"})", "time_embedding_act_fn"},
      {R"({"time_embedding_type": "fourier"})", "time_embedding_type"},
      {R"({"timestep_post_act": "silu"})", "timestep_post_act"}};
  for (const auto& [json, key] : refused)
    REQUIRE_THROWS_WITH(UNet2DConditionConfig::from_json(Json::parse(json), "unet/config.json"),
                        ContainsSubstring("unet/config.json: " + key + " = ") && ContainsSubstring("is not supported"));
}

TEST_CASE("A config that cannot be built is refused with the key and what to give", "[models][unet]") {
  const std::vector<std::pair<std::string, std::string>> refused{
      {R"([1])", "must be a JSON object"},
      {R"({"block_out_channels": [32, 64]})", "list 2, 4 and 4 levels"},
      {R"({"block_out_channels": []})", "list 0, 4 and 4 levels"},
      {R"({"down_block_types": ["AttnDownBlock2D", "DownBlock2D", "DownBlock2D", "DownBlock2D"]})",
       "down block 'AttnDownBlock2D' is not supported"},
      {R"({"up_block_types": ["SkipUpBlock2D", "UpBlock2D", "UpBlock2D", "UpBlock2D"]})",
       "up block 'SkipUpBlock2D' is not supported"},
      {R"({"downsample_padding": 2})", "downsample_padding = 2; give 0 or 1"},
      {R"({"norm_eps": 0})", "norm_eps = 0"},
      {R"({"freq_shift": 2})", "freq_shift = 2"},
      {R"({"in_channels": 0})", "in_channels = 0; give a number from 1"},
      {R"({"out_channels": -4})", "out_channels = -4"},
      {R"({"sample_size": -1})", "sample_size"},
      {R"({"norm_num_groups": null})", "norm_num_groups = null, a U-Net without norms"},
      {R"({"norm_num_groups": 48})", "320 of block_out_channels do not divide into norm_num_groups = 48"},
      {R"({"block_out_channels": [320, 640, 1280, 9000000000]})", "block_out_channels = 9000000000"},
      {R"({"layers_per_block": [2, 2]})", "layers_per_block lists 2 values for 4 levels"},
      {R"({"layers_per_block": 0})", "layers_per_block = 0"},
      {R"({"only_cross_attention": [true, false]})", "only_cross_attention lists 2 values for 4 levels"},
      {R"({"only_cross_attention": 1})", "only_cross_attention = 1 is not true or false"},
      {R"({"reverse_transformer_layers_per_block": [1, 1]})",
       "reverse_transformer_layers_per_block lists 2 values for 4 levels"},
      {R"({"mid_block_scale_factor": 0})", "mid_block_scale_factor = 0"},
      {R"({"conv_in_kernel": 2})", "conv_in_kernel = 2; give an odd number"},
      {R"({"time_embedding_dim": -1})", "time_embedding_dim = -1"},
      {R"({"transformer_layers_per_block": [[1], [1], [1], [1]]})", "transformer_layers_per_block"},
      {R"({"attention_head_dim": 0})", "attention_head_dim = 0"},
      {R"({"attention_head_dim": 2.5})", "attention_head_dim = 2.5 is not a list of integers"},
      {R"({"attention_head_dim": 321})", "321 heads"},
      {R"({"cross_attention_dim": "768"})", "cross_attention_dim = \"768\" is not a list of integers"},
      {R"({"use_linear_projection": 1})", "use_linear_projection = 1 is not true or false"},
      {R"({"norm_eps": "1e-5"})", "norm_eps = \"1e-5\" is not a number"},
      {R"({"norm_num_groups": 1, "block_out_channels": [1, 8, 8, 8]})", "too few for a time embedding"}};
  for (const auto& [json, message] : refused)
    REQUIRE_THROWS_WITH(UNet2DConditionConfig::from_json(Json::parse(json), "c"), ContainsSubstring(message));
}

TEST_CASE("A U-Net folder with a wrong file is refused", "[models][unet]") {
  const TemporaryFolder folder;
  const auto unet = small_unet();
  unet->save_pretrained(folder.path);
  const auto weights = folder.path / "diffusion_pytorch_model.safetensors";
  Tensors tensors = SafeTensors(weights).tensors();
  SECTION("a tensor is missing") { tensors.erase("conv_in.weight"); }
  SECTION("a tensor has another shape") { tensors["conv_in.weight"] = torch::zeros({8, 4, 1, 1}); }
  SECTION("a tensor is unknown") { tensors["conv_in.weights"] = torch::zeros({1}); }
  save_safetensors(weights, tensors);
  REQUIRE_THROWS_WITH(UNet2DConditionModel::from_pretrained(folder.path),
                      ContainsSubstring(folder.path.string()) && ContainsSubstring("conv_in.weight"));
}

TEST_CASE("null in a config says nothing, as diffusers writes it", "[models][unet]") {
  const auto standard = UNet2DConditionConfig::from_json(Json::object(), "config.json");
  Json nulls = standard.to_json();
  for (auto& [key, value] : nulls.items())
    if (key != "mid_block_type" && key != "norm_num_groups") value = nullptr;  // these two: there is none
  REQUIRE(UNet2DConditionConfig::from_json(nulls, "config.json").to_json() == standard.to_json());
  REQUIRE_FALSE(UNet2DConditionConfig::from_json({{"upcast_attention", nullptr}}, "config.json").upcast_attention);
  REQUIRE(UNet2DConditionConfig::from_json({{"mid_block_type", nullptr}}, "config.json").mid_block_type.empty());
  REQUIRE_THROWS_WITH(UNet2DConditionConfig::from_json({{"act_fn", std::string(1'000'000, 'x')}}, "config.json"),
                      ContainsSubstring("config.json: ") && ContainsSubstring("act_fn"));
  REQUIRE_THROWS_WITH(UNet2DConditionConfig::from_json({{"in_channels", std::string(1000, 'x')}}, "config.json"),
                      ContainsSubstring("...") && !ContainsSubstring(std::string(200, 'x')));
}
