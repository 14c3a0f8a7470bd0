#pragma once
/// What benchmarks say beside seconds: floating-point operations and bytes a second, and how near they come to what
/// this machine was measured to do in the same program.
#include <ATen/record_function.h>
#include <benchmark/benchmark.h>
#include <torch/autograd.h>

#include <algorithm>
#include <string>
#include <string_view>

#include <opad/core/least_processor_time.hpp>
#include <opad/core/tensor.hpp>

namespace bench {

/// Work of matrix products, convolutions and attention: a multiply-add is 2 operations; the bytes are those of their
/// operands, each once.
struct Work {
  double operations = 0, bytes = 0;
};

/// Counts the work of what LibTorch runs in this thread while it lives, backward passes too.
class Count {
 public:
  Count()
      : handle_(at::addThreadLocalCallback(
            at::RecordFunctionCallback(&begin).needsInputs(true).scopes({at::RecordScope::FUNCTION}))) {
    sum() = {};
  }
  ~Count() { at::removeCallback(handle_); }
  Count(const Count&) = delete;
  Count& operator=(const Count&) = delete;
  Work work() const { return sum(); }

 private:
  static Work& sum() {
    thread_local Work work;
    return work;
  }
  /// Called before each operator: its arguments are gone when it ends.
  static std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& function) {
    const std::string_view name = function.name();
    const auto in = function.inputs();
    const auto tensor = [&](std::size_t input) { return in[input].toTensor(); };
    const auto size = [&](std::size_t input, std::int64_t dimension) {
      return static_cast<double>(tensor(input).size(dimension));
    };
    const auto numel = [&](std::size_t input) { return static_cast<double>(tensor(input).numel()); };
    double operations = 0;
    if (name == "aten::mm") operations = 2 * size(0, 0) * size(0, 1) * size(1, 1);
    else if (name == "aten::addmm") operations = 2 * size(1, 0) * size(1, 1) * size(2, 1);
    else if (name == "aten::bmm") operations = 2 * size(0, 0) * size(0, 1) * size(0, 2) * size(1, 2);
    else if (name == "aten::baddbmm") operations = 2 * size(1, 0) * size(1, 1) * size(1, 2) * size(2, 2);
    else if (name == "aten::convolution") {
      const auto stride = in[3].toIntVector(), padding = in[4].toIntVector();
      operations = 2 * size(0, 0) * numel(1);
      for (const std::int64_t d : {0, 1})
        operations *= (tensor(0).size(2 + d) + 2 * padding[d % padding.size()] - tensor(1).size(2 + d)) /
                          stride[d % stride.size()] +
                      1;  // one number may stand for both
    } else if (name == "aten::convolution_backward") {
      const auto wanted = in[10].toBoolList();  // gradients of input, weight, bias
      operations = 2 * numel(0) * numel(2) / size(2, 0) * (wanted[0] + wanted[1]);
    } else if (name == "aten::_scaled_dot_product_flash_attention_for_cpu") {
      operations = 4 * numel(0) * size(1, 2);
    } else if (name == "aten::_scaled_dot_product_flash_attention_for_cpu_backward") {
      operations = 10 * numel(1) * size(2, 2);  // softmax(q k^T) again, and four gradients
    }
    if (operations == 0) return nullptr;
    sum().operations += operations;
    for (const auto& value : in)
      if (value.isTensor() && value.toTensor().defined()) sum().bytes += static_cast<double>(value.toTensor().nbytes());
    return nullptr;
  }

  at::CallbackHandle handle_;
};

/// Operations and bytes a second that this machine reaches with LibTorch's threads: the better of a matrix product and
/// a convolution, and a copy of 64 MiB.
struct Peak {
  double operations, bytes;
};
inline const Peak& peak() {
  static const Peak measured = [] {
    const torch::NoGradGuard no_grad;
    const auto last = at::MemoryFormat::ChannelsLast;
    const at::Tensor matrix = torch::ones({1024, 1024}), picture = torch::ones({4, 128, 32, 32}).contiguous(last),
                     kernel = torch::ones({128, 128, 3, 3}).contiguous(last), from = torch::ones({16 << 20});
    at::Tensor to = torch::empty_like(from);
    const double product = 2.0 * 1024 * 1024 * 1024 / opad::least_processor_time([&] { at::mm(matrix, matrix); });
    const double convolution = 2.0 * 4 * 32 * 32 * 128 * 128 * 9 /
                               opad::least_processor_time([&] { at::conv2d(picture, kernel, {}, {1, 1}, {1, 1}); });
    const double stream = 2.0 * from.nbytes() / opad::least_processor_time([&] { to.copy_(from); });
    return Peak{std::max(product, convolution), stream};
  }();
  return measured;
}

/// Counters of a loop whose every turn does the work: FLOP/s, bytes/s, and `roofline`, the share of the time that the
/// machine's peaks would need.
inline void report(benchmark::State& state, const Work& work) {
  using benchmark::Counter;
  const double least = std::max(work.operations / peak().operations, work.bytes / peak().bytes);
  if (work.operations > 0) state.counters["FLOP/s"] = Counter(work.operations, Counter::kIsIterationInvariantRate);
  state.counters["bytes/s"] = Counter(work.bytes, Counter::kIsIterationInvariantRate);
  state.counters["roofline"] = Counter(least, Counter::kIsIterationInvariantRate);
}

/// A benchmark's loop: turn() again and again, and what it does beside its seconds.
template <class Turn>
void measure(benchmark::State& state, const Turn& turn) {
  Work work;
  {
    const Count count;
    turn();
    work = count.work();
  }
  for (auto _ : state) turn();
  report(state, work);
}

/// A benchmark of a name with the sizes `least`, doubled up to `most`, and a fit of how its time grows with them.
template <class Run>
void add(const std::string& name, const Run& run, std::int64_t least, std::int64_t most, benchmark::TimeUnit unit) {
  benchmark::RegisterBenchmark(name.c_str(), run)->RangeMultiplier(2)->Range(least, most)->Complexity()->Unit(unit);
}

}  // namespace bench
