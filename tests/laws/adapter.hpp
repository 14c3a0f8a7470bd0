#pragma once
/// The laws that every Adapter obeys (adapter/adapter.hpp).
#include <opad/adapter/adapter.hpp>

#include "support/catch.hpp"
#include "support/small_unet.hpp"
#include "support/temporary_folder.hpp"

namespace laws {

inline opad::Tensor output(opad::UNet2DConditionModel& unet, const SmallUNetInputs& in) {
  torch::NoGradGuard no_grad;
  return unet.forward(in.sample, in.timestep, in.text);
}

/// As after some training: every parameter moved at random.
inline void disturb(const opad::NamedTensors& parameters, std::uint64_t seed = 5) {
  torch::NoGradGuard no_grad;
  for (const auto& [name, p] : parameters)
    opad::Tensor(p).add_(opad::Random(seed).stream(name).normal(p.sizes()), 0.05);
}

inline double distance(const opad::Tensor& a, const opad::Tensor& b) { return (a - b).abs().max().item<double>(); }

/// `trains`: whether it has parameters at all.
template <opad::Adapter A>
void adapter(const A& adapter, bool trains = true) {
  using namespace opad;
  const SmallUNetInputs in(2);
  const auto plain = small_unet();
  const Tensor base = output(*plain, in);

  const auto unet = small_unet();
  const NamedTensors parameters = adapter.install(*unet);
  REQUIRE(parameters.empty() != trains);
  REQUIRE(distance(output(*unet, in), base) < 1e-6);  // a fresh adapter changes nothing

  // only what install returned has gradients
  std::set<void*> installed;
  for (const auto& [name, p] : parameters) {
    REQUIRE(p.requires_grad());
    REQUIRE(p.is_leaf());
    installed.insert(p.unsafeGetTensorImpl());
  }
  REQUIRE(installed.size() == parameters.size());
  for (const auto& item : unet->named_parameters())
    REQUIRE(item.value().requires_grad() == installed.contains(item.value().unsafeGetTensorImpl()));

  // the same names in the same order on another U-Net of the layout
  const auto other = small_unet(2);
  const NamedTensors again = adapter.install(*other);
  REQUIRE(std::equal(
      parameters.begin(), parameters.end(), again.begin(), again.end(),
      [](const auto& a, const auto& b) { return a.first == b.first && a.second.sizes() == b.second.sizes(); }));

  disturb(parameters);
  const Tensor trained = output(*unet, in);
  REQUIRE((distance(trained, base) > 1e-3) == trains);

  // files: the same bits, on a U-Net with and without the adapter; the parameters stay the same tensors
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path / "adapter");
  adapter.save(*unet, folder.path / "adapter");
  const auto fresh = small_unet();
  adapter.load(*fresh, folder.path / "adapter");
  REQUIRE(distance(output(*fresh, in), trained) < 1e-5);  // what trains may take other kernels
  const auto loaded = fresh->named_parameters(), own = unet->named_parameters();
  REQUIRE(loaded.size() == own.size());
  for (const auto& item : own) REQUIRE(at::equal(loaded[item.key()], item.value()));
  disturb(parameters, 6);
  adapter.load(*unet, folder.path / "adapter");
  REQUIRE(at::equal(output(*unet, in), trained));
  for (const auto& item : unet->named_parameters())
    REQUIRE(item.value().requires_grad() == installed.contains(item.value().unsafeGetTensorImpl()));

  // merged: a plain U-Net that does the same, and a folder of it
  adapter.merge(*unet);
  REQUIRE(processor_parameters(*unet).empty());
  REQUIRE(distance(output(*unet, in), trained) < 1e-5);
  for (const auto& p : unet->parameters()) REQUIRE_FALSE(p.requires_grad());
  unet->save_pretrained(folder.path / "unet");
  REQUIRE(at::equal(output(*UNet2DConditionModel::from_pretrained(folder.path / "unet"), in), output(*unet, in)));
}

}  // namespace laws
