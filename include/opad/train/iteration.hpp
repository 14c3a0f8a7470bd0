#pragma once
#include <functional>
#include <typeindex>
#include <unordered_map>

#include <opad/core/random.hpp>
#include <opad/space/networks.hpp>
#include <opad/space/space.hpp>

namespace opad {

/// One actor's pictures of one iteration, in every space that somebody asks for. An entry is computed on first use from
/// the space it is made of, and kept.
class Pictures {
 public:
  using Make = std::function<Tensor()>;
  /// with_gradient: whether later entries are part of the graph that leads to the first one.
  Pictures(Networks& networks, bool with_gradient) : networks_(&networks), with_gradient_(with_gradient) {}

  /// Gives an entry, or how to make it when it is first asked for.
  template <Space S>
  void set(Tensor value) {
    entries_[typeid(S)] = std::move(value);
  }
  template <Space S>
  void set(Make make) {
    makers_[typeid(S)] = std::move(make);
  }

  template <Space S>
  const Tensor& get() {
    const std::type_index key = typeid(S);
    if (const auto found = entries_.find(key); found != entries_.end()) return found->second;
    if (const auto maker = makers_.find(key); maker != makers_.end()) return entries_[key] = made(maker->second);
    if constexpr (requires { typename S::from; }) {
      const Tensor parent = get<typename S::from>();
      return entries_[key] = made([&] { return S::render(*networks_, parent); });
    } else {
      fail("Pictures: the entry '", S::name, "' was asked for before it was given");
    }
  }
  /// An entry that exists already, else an undefined tensor.
  template <Space S>
  Tensor find() const {
    const auto found = entries_.find(typeid(S));
    return found == entries_.end() ? Tensor() : found->second;
  }
  /// An entry that belongs to one policy alone, by a name of its own.
  const Tensor& keep(const std::string& name, const Make& make) {
    const auto found = named_.find(name);
    return found != named_.end() ? found->second : named_[name] = made(make);
  }

 private:
  Tensor made(const Make& make) const {
    const torch::AutoGradMode mode(with_gradient_);
    return make();
  }

  Networks* networks_;
  bool with_gradient_;
  std::unordered_map<std::type_index, Tensor> entries_;
  std::unordered_map<std::type_index, Make> makers_;
  std::unordered_map<std::string, Tensor> named_;
};

/// Called with intermediate results while training, for tests: graphs included, so that gradients can be watched too.
/// Draws are reported as "draw.NAME", a whole stream by its first 64 bits.
using Observer = std::function<void(const std::string& name, const Tensor& value)>;

/// The random draws of one iteration, by name. A draw that is given (a replay of a recorded run) is not drawn.
class Draws {
 public:
  Draws(const Random& random, std::int64_t iteration, std::int64_t micro_step, torch::Device device,
        const Observer& observer, const Tensors* given = nullptr)
      : random_(random),
        iteration_(iteration),
        micro_step_(micro_step),
        device_(device),
        observer_(&observer),
        given_(given) {}

  Stream stream(std::string_view name) const {
    const Stream stream = random_.stream(name, iteration_, micro_step_);
    if (*observer_)
      (*observer_)(c10::str("draw.", name),
                   torch::tensor(static_cast<std::int64_t>(Stream(stream).bits()), torch::kInt64));
    return stream;
  }
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
    Stream s = random_.stream(name, iteration_, micro_step_);
    const Tensor value = make(s);
    if (*observer_) (*observer_)("draw." + name, value);
    return value.to(device_);
  }
  Random random_;
  std::int64_t iteration_, micro_step_;
  torch::Device device_;
  const Observer* observer_;
  const Tensors* given_;
};

/// The table of one iteration: actor x space (design.md §4), and what everybody in it shares.
///   student   x̂, with gradient        target   the teacher's answer, none        real   what the critics take for
///   real, none
/// HasTarget: false for recipes without a teacher; asking for the target is then a compile error.
template <bool HasTarget>
class Iteration {
 public:
  Iteration(Networks& networks, Draws draws, const Observer& observer)
      : draws_(std::move(draws)),
        observer_(&observer),
        student_(networks, true),
        target_(networks, false),
        real_(networks, false) {}

  template <Space S>
  const Tensor& student() {
    return student_.get<S>();
  }
  template <Space S>
  const Tensor& target() {
    static_assert(
        HasTarget,
        "This recipe has no target: its coupling trains the student without a teacher. Leave out the alignment terms, "
        "choose the target RealImages, or a coupling with a teacher (Joint, Sequential, FrozenTeacher).");
    return target_.get<S>();
  }
  template <Space S>
  const Tensor& real() {
    return real_.get<S>();
  }
  const Draws& draws() const { return draws_; }
  const Tensor& condition() const { return condition_; }            // c, detached  [B, 77, C]
  const Tensor& null_condition() const { return null_condition_; }  // c∅  [1, 77, C]
  const Tensor& real_weight() const {
    return real_weight_;
  }  // of each real picture in a head's own loss [B]; undefined: 1

  void set_conditions(Tensor condition, Tensor null_condition) {
    condition_ = std::move(condition), null_condition_ = std::move(null_condition);
  }
  void set_real_weight(Tensor weight) { real_weight_ = std::move(weight); }
  Pictures& student_pictures() { return student_; }
  Pictures& target_pictures() { return target_; }
  Pictures& real_pictures() { return real_; }

  /// Tells the observer, if there is one.
  void note(const std::string& name, const Tensor& value) const {
    if (*observer_ && value.defined()) (*observer_)(name, value);
  }

 private:
  Draws draws_;
  const Observer* observer_;
  Pictures student_, target_, real_;
  Tensor condition_, null_condition_, real_weight_;
};

}  // namespace opad
