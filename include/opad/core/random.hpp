#pragma once
#include <ATen/core/PhiloxRNGEngine.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <string_view>

#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>

namespace opad {

/// 64-bit FNV-1a hash: the same for a name on every machine and in every run.
constexpr std::uint64_t hash(std::string_view text, std::uint64_t state = 0xcbf29ce484222325) {
  for (const char c : text) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return state;
}

/// One stream of random numbers: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011)
/// keyed by what it is for and when. Numbers are made on the CPU in a fixed order, so they do not depend on the device.
class Stream {
 public:
  Stream(std::uint64_t key, std::uint64_t subsequence) : engine_(key, subsequence) {}

  /// 64 random bits.
  std::uint64_t bits() {
    const std::uint64_t low = engine_();
    return low | static_cast<std::uint64_t>(engine_()) << 32;
  }
  /// Uniform in [0, 1).
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  bool bernoulli(double probability) { return uniform() < probability; }
  /// Uniform integer in [low, high).
  std::int64_t integer(std::int64_t low, std::int64_t high) {
    require(low < high, "Stream::integer: the range [", low, ", ", high, ") is empty; give low < high");
    const auto span = static_cast<std::uint64_t>(high - low);
    return low + static_cast<std::int64_t>(static_cast<unsigned __int128>(bits()) * span >> 64);
  }

  /// Standard normal numbers, float32.
  OPAD_ONCE Tensor normal(at::IntArrayRef shape) {
    Tensor out = torch::empty(shape, torch::kFloat32);
    float* const data = out.data_ptr<float>();
    const std::int64_t n = out.numel();
    for (std::int64_t i = 0; i < n; i += 2) {  // Box-Muller; 1 - u lies in (0, 1], so the logarithm is finite
      const double radius = std::sqrt(-2 * std::log(1 - uniform())), angle = 2 * std::numbers::pi * uniform();
      data[i] = static_cast<float>(radius * std::cos(angle));
      if (i + 1 < n) data[i + 1] = static_cast<float>(radius * std::sin(angle));
    }
    return out;
  }
  OPAD_ONCE Tensor uniform(at::IntArrayRef shape) {  // float32 in [0, 1)
    Tensor out = torch::empty(shape, torch::kFloat32);
    float* const data = out.data_ptr<float>();
    for (std::int64_t i = 0; i < out.numel(); ++i) data[i] = static_cast<float>(bits() >> 40) * 0x1p-24f;
    return out;
  }
  OPAD_ONCE Tensor integers(std::int64_t low, std::int64_t high, at::IntArrayRef shape) {  // int64 in [low, high)
    Tensor out = torch::empty(shape, torch::kInt64);
    auto* const data = out.data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < out.numel(); ++i) data[i] = integer(low, high);
    return out;
  }
  /// 0 ... n - 1 in random order (Fisher and Yates).
  std::vector<std::int64_t> permutation(std::int64_t n) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    for (std::int64_t i = n - 1; i > 0; --i) std::swap(order[i], order[integer(0, i + 1)]);
    return order;
  }

 private:
  at::Philox4_32 engine_;
};

/// All randomness of a run. A draw comes from a stream named after its purpose ("student/noise"), its iteration, its
/// micro-step and its rank, and from nothing else: a resumed run needs no generator state, adding a policy changes no
/// other draw, and two variants of a sweep with one seed see the same noise.
class Random {
 public:
  explicit Random(std::uint64_t seed, std::uint64_t rank = 0) : seed_(seed), rank_(rank) {}

  Stream stream(std::string_view name, std::int64_t iteration = 0, std::int64_t micro_step = 0) const {
    require(iteration >= 0 && iteration < std::int64_t{1} << 40 && micro_step >= 0 && micro_step < 1 << 12 &&
                rank_ < 1 << 12,
            "Random::stream: iteration ", iteration, ", micro-step ", micro_step, ", rank ", rank_, " out of range");
    const auto when =
        static_cast<std::uint64_t>(iteration) << 24 | static_cast<std::uint64_t>(micro_step) << 12 | rank_;
    return {hash(name, hash("opad") ^ seed_ * 0x9e3779b97f4a7c15), when};
  }
  std::uint64_t seed() const { return seed_; }

 private:
  std::uint64_t seed_, rank_;
};

}  // namespace opad
