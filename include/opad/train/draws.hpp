#pragma once
#include <functional>

#include <opad/core/random.hpp>

namespace opad {

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
  /// One integer that the host must know.
  std::int64_t integer(const std::string& name, std::int64_t low, std::int64_t high) const {
    return on_host(name, [&](Stream& s) { return s.integers(low, high, {1}); }).template item<std::int64_t>();
  }

 private:
  template <class Make>
  Tensor draw(const std::string& name, const Make& make) const {
    return to_device(on_host(name, make), device_);
  }
  template <class Make>
  Tensor on_host(const std::string& name, const Make& make) const {
    if (given_)
      if (const auto found = given_->find(name); found != given_->end()) return found->second;
    Stream s = random_.stream(name, iteration_, micro_step_);
    const Tensor value = make(s);
    if (*observer_) (*observer_)("draw." + name, value);
    return value;
  }
  Random random_;
  std::int64_t iteration_, micro_step_;
  torch::Device device_;
  const Observer* observer_;
  const Tensors* given_;
};

}  // namespace opad
