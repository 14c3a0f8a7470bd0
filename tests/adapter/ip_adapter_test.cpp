#include <opad/adapter/ip_adapter.hpp>

#include "support/catch.hpp"
#include "support/small_unet.hpp"
#include "support/temporary_folder.hpp"

using namespace opad;

namespace {

/// A random IP-Adapter for the small U-Net: 3 tokens of width 12 from embeddings of width 6. Returns its tensors.
Tensors random_adapter(UNet2DConditionModel& unet) {
  auto stream = Random(3).stream("ip-adapter");
  Tensors tensors{{"image_proj.proj.weight", stream.normal({36, 6})},
                  {"image_proj.proj.bias", stream.normal({36})},
                  {"image_proj.norm.weight", stream.normal({12})},
                  {"image_proj.norm.bias", stream.normal({12})}};
  std::int64_t number = 1;
  unet.for_each_attention([&](const std::string&, Attention& attention, bool cross) {
    if (!cross) return;
    for (const char* x : {"to_k_ip", "to_v_ip"})
      tensors.emplace(c10::str("ip_adapter.", number, ".", x, ".weight"),
                      stream.normal(attention.to_k->weight.sizes()));
    number += 2;
  });
  return tensors;
}

}  // namespace

TEST_CASE("IP-Adapter adds the image's attention to the text's, by its scale", "[adapter][ip-adapter]") {
  const auto unet = small_unet();
  const TemporaryFolder folder;
  const auto file = folder / "ip-adapter.safetensors";
  save_safetensors(file, random_adapter(*unet));
  const SmallUNetInputs in(2);
  const Tensor plain = unet->forward(in.sample, in.timestep, in.text), image = Random(4).stream("image").normal({2, 6});
  const auto with = [&](double scale, const Tensor& embeds) {
    const auto adapter = IpAdapter::load(*unet, file, scale);
    return unet->forward(in.sample, in.timestep, adapter.condition(in.text, embeds));
  };
  REQUIRE(at::allclose(with(0, image), plain, 1e-5, 1e-6));  // scale 0 is the text alone
  REQUIRE_FALSE(at::allclose(with(1, image), plain, 1e-2, 1e-2));
  REQUIRE_FALSE(at::allclose(with(1, image), with(1, -image), 1e-2, 1e-2));  // the picture matters
  remove_adapter(*unet);
  REQUIRE(at::equal(unet->forward(in.sample, in.timestep, in.text), plain));
}

TEST_CASE("A fresh IP-Adapter attends to the picture as to text, and comes back from its file",
          "[adapter][ip-adapter]") {
  const auto unet = small_unet();
  const TemporaryFolder folder;
  const SmallUNetInputs in(2);
  const Tensor image = Random(4).stream("image").normal({2, 6});
  const auto fresh = IpAdapter::create(*unet, 6, 3, Random(5));
  const Tensor condition = fresh.condition(in.text, image), made = unet->forward(in.sample, in.timestep, condition);
  unet->for_each_attention([&](const std::string&, Attention& attention, bool cross) {
    if (!cross) return;
    const auto& parameters = fresh.parameters();
    const auto same = [&](const Tensor& weight) {
      return std::ranges::any_of(parameters, [&](const auto& p) { return at::equal(p.second, weight); });
    };
    REQUIRE((same(attention.to_k->weight) && same(attention.to_v->weight)));
  });
  const auto file = folder / "ip-adapter.safetensors";
  save_safetensors(file, Tensors(fresh.parameters().begin(), fresh.parameters().end()));
  const auto again = IpAdapter::load(*unet, file);
  REQUIRE(at::equal(again.condition(in.text, image), condition));
  REQUIRE(at::equal(unet->forward(in.sample, in.timestep, condition), made));
}

TEST_CASE("IP-Adapter refuses files and conditions that do not fit", "[adapter][ip-adapter]") {
  const auto unet = small_unet();
  const TemporaryFolder folder;
  const auto file = folder / "ip-adapter.safetensors";
  const auto saying = [&](Tensors tensors, const char* message) {
    save_safetensors(file, tensors);
    REQUIRE_THROWS_WITH(IpAdapter::load(*unet, file), ContainsSubstring(message));
  };
  auto tensors = random_adapter(*unet);
  auto without = tensors;
  without.erase("ip_adapter.1.to_k_ip.weight");
  saying(without, "holds no 'ip_adapter.1.to_k_ip.weight'");
  auto more = tensors;
  more.emplace("ip_adapter.99.to_k_ip.weight", torch::zeros({1}));
  saying(more, "of another layout");
  auto narrow = tensors;
  narrow["image_proj.norm.weight"] = narrow["image_proj.norm.bias"] = torch::ones({9});
  saying(narrow, "its image tokens have the width 9");

  save_safetensors(file, tensors);
  const auto adapter = IpAdapter::load(*unet, file);
  const SmallUNetInputs in(2);
  REQUIRE_THROWS_WITH(adapter.condition(in.text, torch::zeros({1, 6})), ContainsSubstring("give [B, clip width]"));
  REQUIRE_THROWS_WITH(unet->forward(in.sample, in.timestep, in.text.narrow(1, 0, 3)),
                      ContainsSubstring("no 3 image tokens"));
}
