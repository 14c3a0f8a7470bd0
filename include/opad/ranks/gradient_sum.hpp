#pragma once
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <opad/ranks/ranks.hpp>

namespace opad {

/// The gradients of parameters, summed over all micro-steps of all ranks in the order of the list of micro-batches, so
/// that N ranks add what one would, bit for bit. Every rank adds a part of the numbers: of each micro-step it gets that
/// part of all ranks' gradients (N-1 of N parts travel), at the end all get all parts (as many again). With one rank
/// alone gradients add up where they are, and this does nothing. What has no gradient anywhere keeps none.
///
/// Gradients travel in buckets of neighbours in the list, the last parameters first, as a backward pass reaches them: a
/// bucket leaves when its last gradient has been computed, and is waited for when the next micro-step's leaves. Their
/// order is the same in all ranks, so one whose turn has not come waits. Between two calls of add() there is one
/// backward pass.
class GradientSum {
 public:
  /// `ranks` and `parameters` outlive it. Sets the parameters' hooks for accumulated gradients, and takes them away.
  OPAD_ONCE GradientSum(const Ranks& ranks, const NamedTensors& parameters) : ranks_(ranks) {
    if (!ranks.several() || parameters.empty()) return;
    for (auto p = parameters.rbegin(); p != parameters.rend(); ++p) {
      if (buckets_.empty() || buckets_.back().numbers >= message * ranks.size()) buckets_.emplace_back();
      buckets_.back().parameters.push_back(p->second);
      buckets_.back().places.push_back(buckets_.back().numbers);
      buckets_.back().numbers += p->second.numel();
    }
    for (Bucket& bucket : buckets_)
      for (std::size_t k = 0; k < bucket.parameters.size(); ++k)
        torch::autograd::impl::set_post_acc_grad_hooks(bucket.parameters[k],
                                                       std::make_unique<Arrival>(*this, bucket, k));
  }
  OPAD_ONCE ~GradientSum() {
    for (const Bucket& bucket : buckets_)
      for (const Tensor& p : bucket.parameters) torch::autograd::impl::set_post_acc_grad_hooks(p, nullptr);
  }
  GradientSum(const GradientSum&) = delete;
  GradientSum& operator=(const GradientSum&) = delete;

  /// After each micro-step's backward pass: what has not left leaves. The parameters have no gradients then.
  ///   flag  travels with them: does this rank say so?
  OPAD_ONCE void add(bool flag = false) {
    flag_ = flag_ || flag;
    if (buckets_.empty()) return;
    for (std::size_t i = next_; i < buckets_.size(); ++i)
      for (std::size_t k = 0; k < buckets_[i].parameters.size(); ++k) take(buckets_[i], k);
    while (next_ < buckets_.size()) send(buckets_[next_++], flag);
    next_ = 0;
  }
  /// The sums become the gradients.  -> whether any rank's flag was up
  OPAD_ONCE bool finish() {
    if (buckets_.empty()) return ranks_.any(flag_);
    torch::NoGradGuard no_grad;
    std::vector<Tensor> parts;
    for (Bucket& bucket : buckets_) receive(bucket), parts.push_back(bucket.total);
    const Tensor all = ranks_.engine_->gather(at::cat(parts));  // [N, parts of all buckets]
    std::int64_t begin = 0;
    bool flag = false;
    for (Bucket& bucket : buckets_) {
      const std::int64_t part = bucket.total.numel(), count = static_cast<std::int64_t>(bucket.parameters.size());
      const Tensor flat = all.narrow(1, begin, part).reshape({-1});
      const Tensor there = flat.narrow(0, bucket.numbers, count + 1).to(torch::kCPU);
      for (std::size_t k = 0; k < bucket.parameters.size(); ++k)
        if (Tensor p = bucket.parameters[k]; there.const_data_ptr<float>()[k] > 0)
          p.mutable_grad() = flat.narrow(0, bucket.places[k], p.numel())
                                 .view(p.sizes())
                                 .to(p.device(), p.scalar_type(), /*non_blocking=*/false, /*copy=*/true);
      flag = flag || there.const_data_ptr<float>()[count] > 0;
      begin += part;
    }
    return flag;
  }

 private:
  /// Numbers that a bucket holds at least for each rank (64 KiB): with fewer a message costs more than its bytes.
  static constexpr std::int64_t message = 16384;
  static constexpr const char* twice = "GradientSum: a second backward pass before add()";

  struct Bucket {
    std::vector<Tensor> parameters;
    std::vector<std::int64_t> places;  // where each one's numbers begin
    std::int64_t numbers = 0;
    Tensor flat, there;               // of this micro-step: gradients, then which of them there are and the flag
    std::size_t come = 0;             // so many of them
    std::function<Tensor()> arrives;  // of the micro-step before
    Tensor total;                     // this rank's part of the sums
  };
  struct Arrival : torch::autograd::PostAccumulateGradHook {
    Arrival(GradientSum& sum, Bucket& bucket, std::size_t place) : sum_(sum), bucket_(bucket), place_(place) {}
    void operator()(const Tensor&) override {
      sum_.take(bucket_, place_);
      sum_.send_full();
    }
    GradientSum& sum_;
    Bucket& bucket_;
    std::size_t place_;
  };

  /// A parameter's gradient moves into its bucket.
  OPAD_ONCE void take(Bucket& bucket, std::size_t k) const {
    torch::NoGradGuard no_grad;
    Tensor p = bucket.parameters[k];
    const auto count = static_cast<std::int64_t>(bucket.parameters.size());
    TORCH_CHECK(&bucket >= buckets_.data() + next_, twice);
    if (!bucket.flat.defined()) {
      bucket.flat = torch::empty({ranks_.padded(bucket.numbers + count + 1)}, p.options().dtype(torch::kFloat32));
      bucket.there = torch::zeros({bucket.flat.numel() - bucket.numbers}, torch::kFloat32);
    }
    float& there = bucket.there.data_ptr<float>()[k];
    const Tensor slot = bucket.flat.narrow(0, bucket.places[k], p.numel()).view(p.sizes());
    if (p.grad().defined()) {
      TORCH_CHECK(there == 0, twice);
      slot.copy_(p.grad()), p.mutable_grad().reset();
      there = 1, ++bucket.come;
    } else if (there == 0) {
      slot.zero_();
    }
  }
  void send_full() {
    while (next_ + 1 < buckets_.size() && buckets_[next_].come == buckets_[next_].parameters.size())
      send(buckets_[next_++], false);
  }
  OPAD_ONCE void send(Bucket& bucket, bool flag) {
    receive(bucket);
    torch::NoGradGuard no_grad;
    bucket.there.data_ptr<float>()[bucket.parameters.size()] = flag ? 1 : 0;
    bucket.flat.narrow(0, bucket.numbers, bucket.there.numel()).copy_(bucket.there);
    RankEngine& engine = *ranks_.engine_;
    bucket.arrives =
        engine.begin_all_to_all(bucket.flat.to(engine.place(bucket.flat.device())).view({ranks_.size(), -1}));
    bucket.flat.reset(), bucket.come = 0;
  }
  static void receive(Bucket& bucket) {
    if (bucket.arrives) bucket.total = Ranks::added(bucket.total, std::exchange(bucket.arrives, nullptr)());
  }

  const Ranks& ranks_;
  std::vector<Bucket> buckets_;  // in the order in which they leave; the last one waits for add(), which has the flag
  std::size_t next_ = 0;
  bool flag_ = false;
};

}  // namespace opad
