#pragma once
#include <string>
#include <utility>
#include <vector>

#include <opad/optimiser/clip_gradient_norm.hpp>
#include <opad/optimiser/optimiser.hpp>

namespace opad {

/// What moves together: parameters in groups, each with an optimiser of its own; one norm for all of them. Teacher (its
/// layers and the new token rows), student and every critic are learners.
class Learner {
 public:
  explicit Learner(std::string name) : name_(std::move(name)) {}
  /// build(parameters) -> std::unique_ptr<OptimiserState>, such as an Optimiser's build
  template <class Build>
  void add(const Build& build, const NamedTensors& parameters) {
    groups_.push_back(build(parameters));
    parameters_.insert(parameters_.end(), parameters.begin(), parameters.end());
  }
  const std::string& name() const { return name_; }
  const NamedTensors& parameters() const { return parameters_; }

  /// Adds the loss's gradients to the parameters', and computes no others.
  void learn_from(const Tensor& loss) const {
    std::vector<Tensor> inputs;
    for (const auto& [name, p] : parameters_)
      if (p.requires_grad()) inputs.push_back(p);
    if (inputs.empty()) return loss.backward();  // says what is wrong
    loss.backward({}, /*retain_graph=*/{}, /*create_graph=*/false, inputs);
  }
  /// Scales the gradients to a global norm of at most `max_norm`; returns the norm before.
  Tensor clip(double max_norm) const { return clip_gradient_norm(parameters_, max_norm); }
  /// One step at `factor` times the learning rates; the gradients are gone then.
  void step(double factor) {
    for (auto& group : groups_) group->step(factor), group->zero_grad();
  }
  void zero_grad() {
    for (auto& group : groups_) group->zero_grad();
  }
  /// Parameters and moments, under names that begin with the learner's. Throws where two optimisers of one learner give
  /// different tensors one name: a checkpoint would lose one of them.
  void add_state(Tensors& out) const {
    for (const auto& group : groups_)
      for (const auto& [key, tensor] : group->state())
        require(out.emplace(name_ + "." + key, tensor).second, "the optimisers of ", name_, " keep two things as '",
                key, "'; let each name in an optimiser's state() hold a parameter's name");
  }

 private:
  std::string name_;
  std::vector<std::unique_ptr<OptimiserState>> groups_;
  NamedTensors parameters_;
};

}  // namespace opad
