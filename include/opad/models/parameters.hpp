#pragma once
#include <torch/nn/module.h>

#include <cmath>
#include <functional>
#include <set>

#include <opad/core/once.hpp>
#include <opad/core/random.hpp>
#include <opad/core/tensor.hpp>

namespace opad {

/// Gives every parameter of a module the tensor of its name. The module takes the tensors over without a copy where
/// they are float32 already (so a mapped file stays mapped); other types are widened to float32.
///   source  where the tensors are from, for error messages
/// Throws unless every parameter is there in its shape, and every tensor of the file is used or its name is in
/// `ignored`.
OPAD_ONCE void load_parameters(torch::nn::Module& module, const Tensors& tensors, const std::string& source,
                               const std::set<std::string>& ignored = {}) {
  torch::NoGradGuard no_grad;
  std::size_t used = 0;
  for (auto& item : module.named_parameters()) {
    const auto found = tensors.find(item.key());
    require(found != tensors.end(), source, ": the tensor '", item.key(),
            "' is missing; is this the right file for the config beside it?");
    require(found->second.sizes() == item.value().sizes(), source, ": the tensor '", item.key(), "' is ",
            found->second.sizes(), " but the config asks for ", item.value().sizes());
    item.value().set_data(found->second.to(torch::kFloat32));
    ++used;
  }
  if (used == tensors.size()) return;
  const auto parameters = module.named_parameters();
  for (const auto& [name, tensor] : tensors)
    require(parameters.contains(name) || ignored.contains(name), source, ": nothing in the model is called '", name,
            "'; is this the right file for the config beside it?");
}

/// A module's parameters by name, as a weight file holds them.
///   prefix  put before each name
OPAD_ONCE Tensors parameters_of(const torch::nn::Module& module, const std::string& prefix = "") {
  Tensors tensors;
  for (const auto& item : module.named_parameters()) tensors.emplace(prefix + item.key(), item.value().detach());
  return tensors;
}

/// Random weights that keep activations sane, for tests, benchmarks and dry runs: matrices normal with standard
/// deviation gain / sqrt(fan in), scales of norms and layers 1, everything else of one dimension 0.
OPAD_ONCE void fill_random(torch::nn::Module& module, const Random& random, double gain = 0.7) {
  torch::NoGradGuard no_grad;
  for (auto& item : module.named_parameters()) {
    Tensor value = item.value();
    if (value.dim() >= 2)
      value.copy_(random.stream("init/" + item.key()).normal(value.sizes()) *
                  (gain / std::sqrt(static_cast<double>(value[0].numel()))));
    else value.fill_(item.key().ends_with("weight") || item.key().ends_with("gamma") ? 1.0 : 0.0);
  }
}

}  // namespace opad
