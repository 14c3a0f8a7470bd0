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

/// What joins the processes: the operations that all else is made of. Every process begins them in one order. Tensors
/// are contiguous, and on the CPU or where place() says. Throws RankLost.
struct RankEngine {
  virtual ~RankEngine() = default;
  /// Where tensors of a device can travel from: there, or the CPU.
  virtual torch::Device place(torch::Device) const { return torch::kCPU; }
  /// Row r of `rows` [N, n] goes to rank r, in the background. -> waits for [N, n]: row r came from rank r
  virtual std::function<Tensor()> begin_all_to_all(const Tensor& rows) = 0;
  /// -> [N, n]: row r is rank r's `row` [n]
  virtual Tensor gather(const Tensor& row) = 0;
  virtual void broadcast(Tensor& flat) = 0;  // what rank 0 has
  virtual void leave() = 0;                  // waits for the others; from here on each may end when it likes
};

/// The processes (ranks) that train one model together. A global batch is a list of micro-batches; each rank takes an
/// equal share of the list, and what was learned is summed over the ranks before it moves a weight, in the order of the
/// list: the number of ranks changes no bit. Ranks hold the same weights at all times. By itself a value stands for one
/// process, and everything here does nothing. Every rank calls the same functions in the same order.
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

  /// Throws unless each rank gets as many of `count` micro-batches.
  void require_equal_shares(std::int64_t count) const {
    require(count % size() == 0, "--accumulation ", count, " does not divide among ", size(),
            " ranks, which share the batches of an update; give a multiple of ", size());
  }
  /// This rank's share of `count` micro-batches: their numbers. Neighbours in the list are with different ranks.
  std::vector<std::int64_t> share(std::int64_t count) const {
    require_equal_shares(count);
    std::vector<std::int64_t> own;
    for (std::int64_t k = rank(); k < count; k += size()) own.push_back(k);
    return own;
  }

  /// Makes a tensor the sum over all ranks, in place, of any type and device. Added in the order of the ranks.
  OPAD_ONCE void sum(const Tensor& tensor) const {
    if (!several()) return;
    exchange(tensor, [&](Tensor& flat) {
      const std::int64_t n = flat.numel();
      const Tensor rows = torch::constant_pad_nd(flat.view({-1}), {0, padded(n) - n}).view({size(), -1});
      flat =
          engine_->gather(added({}, engine_->begin_all_to_all(rows)())).view({-1}).narrow(0, 0, n).view(flat.sizes());
    });
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

  /// The work that is shared is done: waits for the others, after which each may end when it likes.
  void leave() const {
    if (several()) engine_->leave();
  }

 private:
  friend class GradientSum;
  /// So many numbers that every rank adds an equal part of them.
  std::int64_t padded(std::int64_t numbers) const { return (numbers + size() - 1) / size() * size(); }
  /// total + the rows, one after the other; without a total the first row's memory becomes it.
  static Tensor added(Tensor total, const Tensor& rows) {
    for (std::int64_t r = 0; r < rows.size(0); ++r)
      if (total.defined()) total += rows[r];
      else total = rows[r];
    return total;
  }
  template <class Work>
  void exchange(const Tensor& tensor, const Work& work) const {
    torch::NoGradGuard no_grad;
    Tensor flat = tensor.detach().to(engine_->place(tensor.device())).contiguous();
    work(flat);
    if (flat.data_ptr() != tensor.data_ptr()) tensor.detach().copy_(flat);
  }

  Launch launch_;
  std::shared_ptr<RankEngine> engine_;
};

/// Was this program built with an engine for several ranks (LibTorch's c10d with Gloo)?
bool ranks_are_known();

/// Meets the other processes of a launch. Where they are several: throws where this program was built without an
/// engine, and where the others do not come within the launch's patience.
///   listening  called in rank 0 with the port, as soon as the others can come
Ranks join(Launch launch, const std::function<void(std::int64_t port)>& listening = {});

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
