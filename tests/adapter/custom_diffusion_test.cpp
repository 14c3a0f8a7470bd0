#include <opad/adapter/custom_diffusion.hpp>
#include <opad/adapter/full_weights.hpp>
#include <opad/adapter/tokens_only.hpp>

#include "laws/adapter.hpp"

using namespace opad;

TEST_CASE("Custom Diffusion trains keys and values, or queries and outputs too, of every cross-attention",
          "[adapter][custom-diffusion]") {
  const auto unet = small_unet();
  const auto names = [&](const NamedTensors& parameters) {
    std::vector<std::string> out;
    for (const auto& [name, p] : parameters)
      if (name.starts_with("mid_block.attentions.0.transformer_blocks.0.attn2.processor."))
        out.push_back(name.substr(60));
    return out;
  };
  const auto kv = CustomDiffusion<KeyValue>{}.install(*unet);
  REQUIRE(kv.size() == 2 * 4);
  REQUIRE(names(kv) == std::vector<std::string>{"to_k_custom_diffusion.weight", "to_v_custom_diffusion.weight"});
  const auto all = CustomDiffusion<QueryKeyValueOut>{}.install(*unet);
  REQUIRE(all.size() == 5 * 4);
  REQUIRE(names(all) == std::vector<std::string>{"to_k_custom_diffusion.weight", "to_v_custom_diffusion.weight",
                                                 "to_q_custom_diffusion.weight", "to_out_custom_diffusion.0.weight",
                                                 "to_out_custom_diffusion.0.bias"});
}

TEST_CASE("The first text position has no gradient through keys and values", "[adapter][custom-diffusion]") {
  const auto unet = small_unet();
  SmallUNetInputs in(2);
  in.text.requires_grad_();
  const auto text_gradient = [&] {
    unet->forward(in.sample, in.timestep, in.text).square().sum().backward();
    return std::exchange(in.text.mutable_grad(), Tensor());
  };
  SECTION("the plain U-Net's reaches every position") {
    REQUIRE(text_gradient().abs().sum({0, 2}).gt(0).all().item<bool>());
  }
  SECTION("the adapter's reaches all but the first") {
    const auto parameters = CustomDiffusion<KeyValue>{}.install(*unet);
    const Tensor gradient = text_gradient();
    REQUIRE(gradient.select(1, 0).eq(0).all().item<bool>());
    REQUIRE(gradient.narrow(1, 1, 4).abs().sum({0, 2}).gt(0).all().item<bool>());
    for (const auto& [name, p] : parameters) REQUIRE(p.grad().abs().max().item<double>() > 0);
  }
  SECTION("with a single position nothing is left") {
    CustomDiffusion<KeyValue>{}.install(*unet);
    in.text = in.text.detach().narrow(1, 0, 1).clone().requires_grad_();
    REQUIRE(text_gradient().eq(0).all().item<bool>());
  }
}

TEST_CASE("A text of a single position moves no Custom Diffusion weight", "[adapter][custom-diffusion]") {
  const auto unet = small_unet();
  const SmallUNetInputs in(1);
  const auto parameters = CustomDiffusion<KeyValue>{}.install(*unet);
  unet->forward(in.sample, in.timestep, in.text.narrow(1, 0, 1)).square().sum().backward();
  for (const auto& [name, p] : parameters) REQUIRE(p.grad().eq(0).all().item<bool>());
}

TEST_CASE("A Custom Diffusion file has an entry for every attention layer, as diffusers' loader wants",
          "[adapter][custom-diffusion]") {
  const TemporaryFolder folder;
  const auto unet = small_unet();
  CustomDiffusion<KeyValue>{}.install(*unet);
  CustomDiffusion<KeyValue>{}.save(*unet, folder.path);
  const SafeTensors file(folder.path / "pytorch_custom_diffusion_weights.safetensors");
  unet->for_each_attention([&](const std::string& name, Attention&, bool cross) {
    REQUIRE(file.tensors().contains(name + ".processor") != cross);
    REQUIRE(file.tensors().contains(name + ".processor.to_k_custom_diffusion.weight") == cross);
    if (!cross) REQUIRE(file.tensors().at(name + ".processor").sizes() == at::IntArrayRef{0});
  });
}

TEST_CASE("A Custom Diffusion file installs what it holds", "[adapter][custom-diffusion]") {
  const TemporaryFolder folder;
  const auto unet = small_unet();
  const SmallUNetInputs in(1);
  laws::disturb(CustomDiffusion<QueryKeyValueOut>{}.install(*unet));
  CustomDiffusion<QueryKeyValueOut>{}.save(*unet, folder.path);
  const auto other = small_unet();
  SECTION("on a plain U-Net") {}
  SECTION("in the place of keys and values") { CustomDiffusion<KeyValue>{}.install(*other); }
  load_custom_diffusion(*other, folder.path);
  REQUIRE(at::equal(laws::output(*other, in), laws::output(*unet, in)));
}

TEST_CASE("A Custom Diffusion file for another U-Net is refused, and nothing is changed",
          "[adapter][custom-diffusion]") {
  const auto unet = small_unet();
  const SmallUNetInputs in(1);
  Tensors tensors;
  for (const auto& [name, p] : CustomDiffusion<KeyValue>{}.install(*unet)) tensors.emplace(name, p.detach() + 1);
  const Tensor before = laws::output(*unet, in);
  const std::string key = "mid_block.attentions.0.transformer_blocks.0.attn2.processor.to_k_custom_diffusion.weight";
  std::string message;
  SECTION("another width") {
    tensors[key] = torch::zeros({16, 13}), message = "is [16, 13], but this U-Net needs [16, 12]";
  }
  SECTION("a missing layer") { tensors.erase(key), message = "holds no '" + key + "'"; }
  SECTION("a layer too many") {
    tensors["down_blocks.7.attn2.processor.to_k_custom_diffusion.weight"] = torch::zeros({1}),
    message = "holds 9 tensors";
  }
  REQUIRE_THROWS_WITH(load_custom_diffusion(*unet, tensors, "weights.bin"),
                      ContainsSubstring("weights.bin: ") && ContainsSubstring(message));
  REQUIRE(at::equal(laws::output(*unet, in), before));
}

TEST_CASE("Saving or merging Custom Diffusion weights that are not there is an error", "[adapter][custom-diffusion]") {
  const TemporaryFolder folder;
  const auto unet = small_unet();
  REQUIRE_THROWS_WITH(CustomDiffusion<KeyValue>{}.save(*unet, folder.path),
                      ContainsSubstring("install the adapter first"));
  REQUIRE_THROWS_WITH(CustomDiffusion<KeyValue>{}.merge(*unet), ContainsSubstring("install or load the adapter first"));
  REQUIRE_THROWS_WITH(CustomDiffusion<KeyValue>{}.load(*unet, folder.path),
                      ContainsSubstring("pytorch_custom_diffusion_weights.safetensors"));
  REQUIRE(std::filesystem::is_empty(folder.path));
}

TEST_CASE("A saved U-Net folder leaves an installed adapter out", "[adapter][custom-diffusion]") {
  const TemporaryFolder folder;
  const auto unet = small_unet();
  const SmallUNetInputs in(1);
  const Tensor base = laws::output(*unet, in);
  laws::disturb(CustomDiffusion<KeyValue>{}.install(*unet));
  unet->save_pretrained(folder.path);
  REQUIRE(at::allclose(laws::output(*UNet2DConditionModel::from_pretrained(folder.path), in), base, 1e-5, 1e-6));
}
