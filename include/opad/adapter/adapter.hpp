#pragma once
#include <concepts>
#include <filesystem>
#include <string_view>

#include <opad/models/unet_2d_condition.hpp>

namespace opad {

/// What of a U-Net is trained, and in which files it is kept. An adapter is an aggregate of hyper-parameters; what
/// trains lives in the U-Net that it was installed on.
///   A::name                     as options and reports call it
///   adapter.install(unet)       freezes the U-Net, puts what trains into it in the place of any other adapter, and
///                               gives it by the names that its file uses, in an order that only the layout decides
///   adapter.save(unet, folder)  writes the trained weights into a folder that is there: in the file that diffusers
///                               reads, where it has such a kind, else in one of its own
///   adapter.load(unet, folder)  reads such a file; parameters that are installed stay the same tensors, what is not
///                               there is installed
///   adapter.merge(unet)         folds the adapter into the U-Net's own weights and removes it: save_pretrained then
///                               writes a folder that any program loads
/// Laws (tests/adapter/): a fresh adapter changes no output; save and load give the same bits; merging changes no
/// output beyond rounding; only what install returned has gradients.  Models: the files of include/opad/adapter/.
template <class A>
concept Adapter = std::copy_constructible<A> &&
                  requires(const A& adapter, UNet2DConditionModel& unet, const std::filesystem::path& folder) {
                    { A::name } -> std::convertible_to<std::string_view>;
                    { adapter.install(unet) } -> std::same_as<NamedTensors>;
                    adapter.save(unet, folder);
                    adapter.load(unet, folder);
                    adapter.merge(unet);
                  };

/// Removes any adapter, and switches every gradient off.
inline void remove_adapter(UNet2DConditionModel& unet) {
  unet.for_each_attention([](const std::string&, Attention& attention, bool) { attention.set_processor(nullptr); });
  for (auto& parameter : unet.parameters()) parameter.set_requires_grad(false);
}

/// The parameters of all installed processors: "<attention layer>.processor.<parameter>".
inline NamedTensors processor_parameters(UNet2DConditionModel& unet) {
  NamedTensors parameters;
  unet.for_each_attention([&](const std::string& name, Attention& attention, bool) {
    if (!attention.processor()) return;
    for (const auto& item : attention.processor()->named_parameters())
      parameters.emplace_back(name + ".processor." + item.key(), item.value());
  });
  return parameters;
}

/// Copies tensors of a file into parameters of the same names: all of them, and nothing else may be in the file.
inline void copy_into(const NamedTensors& parameters, const Tensors& tensors, const std::string& where) {
  for (const auto& [name, parameter] : parameters) {
    const auto found = tensors.find(name);
    require(found != tensors.end(), where, ": holds no '", name, "'; was it made for a U-Net of another layout?");
    require(found->second.sizes() == parameter.sizes(), where, ": '", name, "' is ", found->second.sizes(),
            ", but this U-Net needs ", parameter.sizes(), "; was it made for another base model?");
  }
  require(tensors.size() == parameters.size(), where, ": holds ", tensors.size(), " tensors, but this U-Net takes ",
          parameters.size(), "; was it made for a U-Net of another layout?");
  torch::NoGradGuard no_grad;
  for (const auto& [name, parameter] : parameters) Tensor(parameter).copy_(tensors.at(name));
}

}  // namespace opad
