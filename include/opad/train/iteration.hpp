#pragma once
#include <functional>
#include <typeindex>
#include <unordered_map>

#include <opad/core/concepts.hpp>
#include <opad/core/random.hpp>
#include <opad/space/networks.hpp>

namespace opad {

/// One actor's pictures of one iteration, in every space that somebody asks for. An entry is computed on first use from the space it is
/// made of, and kept.
class Pictures {
 public:
  /// with_gradient: whether later entries are part of the graph that leads to the first one.
  Pictures(Networks& networks, bool with_gradient) : networks_(&networks), with_gradient_(with_gradient) {}

  /// Gives an entry, or how to make it when it is first asked for.
  template <Space S>
  void set(Tensor value) {
    entries_[typeid(S)] = std::move(value);
  }
  template <Space S>
  void set(std::function<Tensor()> make) {
    makers_[typeid(S)] = std::move(make);
  }

  template <Space S>
  const Tensor& get() {
    const std::type_index key = typeid(S);
    if (const auto found = entries_.find(key); found != entries_.end()) return found->second;
    if (const auto maker = makers_.find(key); maker != makers_.end()) {
      const torch::AutoGradMode mode(with_gradient_);
      return entries_[key] = maker->second();
    }
    if constexpr (requires { typename S::from; }) {
      const Tensor parent = get<typename S::from>();
      const torch::AutoGradMode mode(with_gradient_);
      return entries_[key] = S::render(*networks_, parent);
    } else {
      fail("Pictures: the entry '", S::name, "' was asked for before it was given");
    }
  }

 private:
  Networks* networks_;
  bool with_gradient_;
  std::unordered_map<std::type_index, Tensor> entries_;
  std::unordered_map<std::type_index, std::function<Tensor()>> makers_;
};

/// The random draws of one iteration, by name. A draw that is given (a replay of a recorded run) is not drawn.
class Draws {
 public:
  Draws(const Random& random, std::int64_t iteration, std::int64_t micro_step, torch::Device device, const Tensors* given = nullptr)
      : random_(random), iteration_(iteration), micro_step_(micro_step), device_(device), given_(given) {}

  Stream stream(std::string_view name) const { return random_.stream(name, iteration_, micro_step_); }
  /// Standard normal numbers, float32.
  Tensor normal(const std::string& name, at::IntArrayRef shape) const {
    return draw(name, [&](Stream& s) { return s.normal(shape); });
  }
  /// Integers in [low, high), int64.
  Tensor integers(const std::string& name, std::int64_t low, std::int64_t high, at::IntArrayRef shape) const {
    return draw(name, [&](Stream& s) { return s.integers(low, high, shape); });
  }

 private:
  template <class Make>
  Tensor draw(const std::string& name, Make&& make) const {
    if (given_)
      if (const auto found = given_->find(name); found != given_->end()) return found->second.to(device_);
    Stream s = stream(name);
    return make(s).to(device_);
  }
  Random random_;
  std::int64_t iteration_, micro_step_;
  torch::Device device_;
  const Tensors* given_;
};

/// The table of one iteration: actor x space (design.md §4), and omega of the alignment terms.
///   student   x̂, with gradient        target   the teacher's answer, none        real   the photographs, none
/// HasTarget: false for recipes without a teacher; asking for the target is then a compile error.
template <bool HasTarget>
class Iteration {
 public:
  Iteration(Networks& networks, Draws draws) : draws_(std::move(draws)), student_(networks, true), target_(networks, false), real_(networks, false) {}

  template <Space S>
  const Tensor& student() {
    return student_.get<S>();
  }
  template <Space S>
  const Tensor& target() {
    static_assert(HasTarget, "This recipe has no target: its coupling trains the student without a teacher. Leave out the alignment terms, "
                             "or choose a coupling with a teacher (Joint, Sequential, FrozenTeacher).");
    return target_.get<S>();
  }
  template <Space S>
  const Tensor& real() {
    return real_.get<S>();
  }
  const Draws& draws() const { return draws_; }

  Pictures& student_pictures() { return student_; }
  Pictures& target_pictures() { return target_; }
  Pictures& real_pictures() { return real_; }

 private:
  Draws draws_;
  Pictures student_, target_, real_;
};

}  // namespace opad
