#pragma once
#include <opad/models/parameters.hpp>

namespace opad {

OPAD_ONCE void load_parameters(torch::nn::Module& module, const Tensors& tensors, const std::string& source,
                               const std::set<std::string>& ignored) {
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

OPAD_ONCE Tensors parameters_of(const torch::nn::Module& module, const std::string& prefix) {
  Tensors tensors;
  for (const auto& item : module.named_parameters()) tensors.emplace(prefix + item.key(), item.value().detach());
  return tensors;
}

OPAD_ONCE void fill_random(torch::nn::Module& module, const Random& random, double gain) {
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
