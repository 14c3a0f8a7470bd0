#pragma once
#include <chrono>
#include <memory>
#include <stdexcept>

#include <opad/core/tensor.hpp>
#include <opad/ranks/launch.hpp>

namespace opad {

/// Another process of the training has ended, or cannot be reached any more.
class RankLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What joins the processes: the three operations that all else is made of. Every process calls them in one order.
/// Tensors are contiguous and on the CPU. Throws RankLost.
struct RankEngine {
  virtual ~RankEngine() = default;
  virtual void sum(Tensor& flat) = 0;        // in place, the same bits in all
  virtual void broadcast(Tensor& flat) = 0;  // what rank 0 has
  virtual void leave() = 0;                  // waits for the others; from here on each may end when it likes
};

/// The processes (ranks) that train one model together. A global batch is a list of micro-batches; each rank takes an
/// equal share of the list, and what was learned is summed over the ranks before it moves a weight. Ranks hold the same
/// weights at all times. By itself a value stands for one process, and everything here does nothing.
/// Every rank calls the same functions in the same order.
class Ranks {
 public:
  Ranks() = default;
  Ranks(Launch launch, std::shared_ptr<RankEngine> engine) : launch_(std::move(launch)), engine_(std::move(engine)) {}

  std::int64_t rank() const { return launch_.rank; }
  std::int64_t size() const { return launch_.size; }
  std::int64_t local_rank() const { return launch_.local_rank; }
  /// The one that writes.
  bool first() const { return launch_.rank == 0; }
  bool several() const { return launch_.size > 1; }

  /// This rank's share of `count` micro-batches: the next `count` of them from `first` on.
  struct Share {
    std::int64_t first, count;
  };
  Share share(std::int64_t count) const {
    require(count % size() == 0, "--accumulation ", count, " does not divide among ", size(),
            " ranks, which share the batches of an update; give a multiple of ", size());
    return {rank() * (count / size()), count / size()};
  }

  /// Makes a tensor the sum over all ranks, in place, of any type and device. Two numbers have one sum; more are added
  /// in an order that depends on the number of ranks alone.
  OPAD_ONCE void sum(const Tensor& tensor) const {
    if (several()) exchange(tensor, [&](Tensor& flat) { engine_->sum(flat); });
  }
  /// Gives every rank what rank 0 has.
  OPAD_ONCE void broadcast(const Tensor& tensor) const {
    if (several()) exchange(tensor, [&](Tensor& flat) { engine_->broadcast(flat); });
  }
  void broadcast(const Tensors& tensors) const {
    for (const auto& [name, tensor] : tensors) broadcast(tensor);
  }
  OPAD_ONCE void broadcast(std::int64_t& number) const {
    if (!several()) return;
    const Tensor tensor = torch::full({1}, number, torch::kInt64);
    broadcast(tensor);
    number = tensor.item<std::int64_t>();
  }
  OPAD_ONCE void broadcast(std::string& text) const {
    if (!several()) return;
    auto length = static_cast<std::int64_t>(text.size());
    broadcast(length);
    text.resize(static_cast<std::size_t>(length));
    if (length > 0) broadcast(torch::from_blob(text.data(), {length}, torch::kUInt8));
  }
  /// Does any of them say so? All wait for all.
  OPAD_ONCE bool any(bool flag) const {
    if (!several()) return flag;
    const Tensor count = torch::full({1}, static_cast<double>(flag), torch::kFloat64);
    sum(count);
    return count.item<double>() > 0;
  }

  /// Makes every gradient the sum over all ranks; what no rank has a gradient of keeps none. One message: the gradients
  /// of all parameters as float32 in a row, then for each whether there is one.
  OPAD_ONCE void sum_gradients(const NamedTensors& parameters) const {
    if (!several() || parameters.empty()) return;
    torch::NoGradGuard no_grad;
    std::int64_t numbers = 0;
    for (const auto& [name, p] : parameters) numbers += p.numel();
    const auto count = static_cast<std::int64_t>(parameters.size());
    Tensor flat = torch::zeros({numbers + count}, torch::kFloat32);
    const auto slot = [&](std::int64_t at, const Tensor& p) { return flat.narrow(0, at, p.numel()).view(p.sizes()); };
    std::int64_t at = 0, k = numbers;
    for (const auto& [name, p] : parameters) {
      if (p.grad().defined()) slot(at, p).copy_(p.grad()), flat[k] = 1;
      at += p.numel(), ++k;
    }
    engine_->sum(flat);
    at = 0, k = numbers;
    for (const auto& [name, p] : parameters) {
      if (flat[k].item<float>() > 0) {
        if (p.grad().defined()) p.grad().copy_(slot(at, p));
        else Tensor(p).mutable_grad() = slot(at, p).to(p.device(), p.scalar_type(), false, /*copy=*/true);
      }
      at += p.numel(), ++k;
    }
  }

  /// The work that is shared is done: waits for the others, after which each may end when it likes.
  void leave() const {
    if (several()) engine_->leave();
  }

 private:
  template <class Work>
  static void exchange(const Tensor& tensor, const Work& work) {
    torch::NoGradGuard no_grad;
    Tensor flat = tensor.detach().to(torch::kCPU).contiguous();
    work(flat);
    if (flat.data_ptr() != tensor.data_ptr()) Tensor(tensor).detach().copy_(flat);
  }

  Launch launch_;
  std::shared_ptr<RankEngine> engine_;
};

/// Was this program built with an engine for several ranks (LibTorch's c10d with Gloo)?
bool ranks_are_known();

/// Meets the other processes of a launch. Where they are several: throws where this program was built without an
/// engine, and where the others do not come within `patience`.
///   listening  called in rank 0 with the port, as soon as the others can come
Ranks join(Launch launch, std::chrono::seconds patience = std::chrono::minutes(5),
           const std::function<void(std::int64_t port)>& listening = {});

/// ": rank 1" for a message of any rank but the first, which speaks for all.
OPAD_ONCE std::string rank_mark() {
  try {
    const Launch launch = launch_of_process();
    return launch.rank > 0 ? ": rank " + std::to_string(launch.rank) : "";
  } catch (const Error&) { return ""; }
}

}  // namespace opad

#if !defined(OPAD_COMPILED) && !defined(OPAD_COMPILED_LIBRARY)
#include <opad/ranks/detail/join.hpp>
#endif
