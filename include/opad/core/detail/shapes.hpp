#pragma once
#include <c10/core/Allocator.h>
#include <c10/util/Exception.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <atomic>

#include <opad/core/shapes.hpp>
#include <opad/core/tensor.hpp>

namespace opad::shapes::detail {

/// Gives no memory, and counts what was asked for.
class Counter : public c10::Allocator {
 public:
  static Counter& instance() {
    static Counter& counter = *new Counter;  // tensors may die after everything else
    return counter;
  }
  c10::DataPtr allocate(std::size_t bytes) override {
    const auto more = static_cast<std::int64_t>(bytes);
    now += more;
    most = std::max(most.load(), now.load());
    return {nullptr, new std::int64_t(more), &release, c10::Device(c10::DeviceType::Meta)};
  }
  void copy_data(void*, const void*, std::size_t) const override {}

  std::atomic<std::int64_t> now{0}, most{0};

 private:
  static void release(void* bytes) {
    instance().now -= *static_cast<std::int64_t*>(bytes);
    delete static_cast<std::int64_t*>(bytes);
  }
};

using Mask = std::array<bool, 3>;
using Three = std::tuple<Tensor, Tensor, Tensor>;
using MaybeTensor = std::optional<Tensor>;

inline Tensor like(const Tensor& t, bool wanted = true) { return wanted ? at::empty_like(t) : Tensor(); }

/// oneDNN copies what goes in and what comes out into a layout of its own.
inline Tensor working_memory(std::initializer_list<Tensor> copies) {
  std::int64_t bytes = 0;
  for (const Tensor& t : copies) bytes += static_cast<std::int64_t>(t.nbytes());
  return torch::empty({bytes}, torch::TensorOptions().device(torch::kMeta).dtype(torch::kUInt8));
}

inline Tensor convolution(const Tensor& input, const Tensor& weight, const MaybeTensor&, at::IntArrayRef stride,
                          at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed, at::IntArrayRef,
                          std::int64_t) {
  TORCH_CHECK(!transposed, "a transposed convolution is not counted");
  Shape sizes{input.size(0), weight.size(0)};
  for (std::int64_t i = 2; i < input.dim(); ++i) {
    const auto d = static_cast<std::size_t>(i - 2);
    sizes.push_back((input.size(i) + 2 * padding[d] - dilation[d] * (weight.size(i) - 1) - 1) / stride[d] + 1);
  }
  const Tensor output = torch::empty(sizes, input.options());
  const Tensor copies = working_memory({input, weight, output});
  return output;
}
inline Three convolution_backward(const Tensor& gradient, const Tensor& input, const Tensor& weight, at::IntArrayRef,
                                  at::IntArrayRef, at::IntArrayRef, bool, at::IntArrayRef, std::int64_t, Mask mask) {
  const Three out{like(input, mask[0]), like(weight, mask[1]),
                  mask[2] ? torch::empty({weight.size(0)}, weight.options()) : Tensor()};
  const Tensor copies = working_memory({gradient, weight, input});
  return out;
}
inline Three group_norm(const Tensor& input, const MaybeTensor&, const MaybeTensor&, std::int64_t samples, std::int64_t,
                        std::int64_t, std::int64_t groups, double) {
  return {like(input), torch::empty({samples, groups}, input.options()),
          torch::empty({samples, groups}, input.options())};
}
inline Tensor like(const MaybeTensor& t, bool wanted) { return t && wanted ? like(*t) : Tensor(); }
inline Three group_norm_backward(const Tensor&, const Tensor& input, const Tensor&, const Tensor&,
                                 const MaybeTensor& weight, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                                 Mask mask) {
  return {like(input, mask[0]), like(weight, mask[1]), like(weight, mask[2])};
}
inline Three layer_norm(const Tensor& input, at::IntArrayRef normalised, const MaybeTensor&, const MaybeTensor&,
                        double) {
  Shape rows(input.sizes().begin(), input.sizes().end());
  for (std::size_t i = rows.size() - normalised.size(); i < rows.size(); ++i) rows[i] = 1;
  return {like(input), torch::empty(rows, input.options()), torch::empty(rows, input.options())};
}
inline Three layer_norm_backward(const Tensor&, const Tensor& input, at::IntArrayRef, const Tensor&, const Tensor&,
                                 const MaybeTensor& weight, const MaybeTensor& bias, Mask mask) {
  return {like(input, mask[0]), like(weight, mask[1]), like(bias, mask[2])};
}
inline std::int64_t fused_attention(const Tensor&, const Tensor&, const Tensor&, const MaybeTensor&, double, bool,
                                    std::optional<double>, bool) {
  return 1;  // as on the CPU: flash attention
}
inline std::tuple<Tensor, Tensor> attention(const Tensor& query, const Tensor&, const Tensor& value, double, bool,
                                            const MaybeTensor&, std::optional<double>) {
  const Shape sizes{query.size(0), query.size(2), query.size(1), value.size(3)};
  return {torch::empty(sizes, query.options()).transpose(1, 2),
          torch::empty({query.size(0), query.size(2), query.size(1)}, query.options().dtype(torch::kFloat32))};
}
inline Three attention_backward(const Tensor&, const Tensor& query, const Tensor& key, const Tensor& value,
                                const Tensor&, const Tensor&, double, bool, const MaybeTensor&, std::optional<double>) {
  return {like(query), like(key), like(value)};
}

/// The place among an operator's arguments of the one that its answer is, as of operators that work in place; none: -1.
inline std::ptrdiff_t argument_returned(const c10::FunctionSchema& schema, std::size_t answer) {
  const auto* const alias = schema.returns()[answer].alias_info();
  const auto& arguments = schema.arguments();
  const auto found = std::find_if(arguments.begin(), arguments.end(), [&](const auto& argument) {
    return alias && argument.alias_info() && argument.alias_info()->beforeSets() == alias->beforeSets();
  });
  return found == arguments.end() ? -1 : found - arguments.begin();
}

template <class Change>
c10::IValue changed_tensors(const c10::IValue& value, const Change& change) {
  if (value.isTensor()) return change(value.toTensor());
  if (value.isTensorList()) {
    std::vector<Tensor> list;
    for (const Tensor& each : value.toTensorVector()) list.push_back(change(each));
    return list;
  }
  if (value.isOptionalTensorList()) {
    c10::List<std::optional<Tensor>> list;
    for (const std::optional<Tensor>& each : value.toOptionalTensorVector())
      list.push_back(each ? std::optional(change(*each)) : each);
    return list;
  }
  return value;
}

/// Any operator that LibTorch has for the CPU and not for "meta": on zeros, and of its answers only the shapes stay.
/// What only writes into its arguments, as optimisers do, need not run at all, unless it gives one a shape ("out").
inline void on_zeros(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const auto& schema = op.schema();
  const std::vector<c10::IValue> given = torch::jit::pop(*stack, schema.arguments().size());
  std::vector<c10::IValue> answers(schema.returns().size());
  bool new_ones = false;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto place = argument_returned(schema, i);
    if (place >= 0) answers[i] = given[static_cast<std::size_t>(place)];
    new_ones |= place < 0 || schema.arguments()[static_cast<std::size_t>(place)].is_out();
  }
  if (new_ones) {
    for (const c10::IValue& value : given)
      stack->push_back(value.isDevice() ? torch::Device(torch::kCPU) : changed_tensors(value, [](const Tensor& t) {
        return t.defined() && t.is_meta() ? torch::zeros(t.sizes(), t.options().device(torch::kCPU)) : t;
      }));
    op.callBoxed(stack);
    const auto made = torch::jit::pop(*stack, answers.size());
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (answers[i].isTensor()) {
        answers[i].toTensor().resize_(made[i].toTensor().sizes());
        continue;
      }
      answers[i] = changed_tensors(made[i], [](const Tensor& t) {
        return t.defined() && t.is_cpu()
                   ? torch::empty_strided(t.sizes(), t.strides(), t.options().device(torch::kMeta))
                   : t;
      });
    }
  }
  for (c10::IValue& answer : answers) stack->push_back(std::move(answer));
}

struct Silent : c10::WarningHandler {
  void process(const c10::Warning&) override {}
};

inline void register_operators(torch::Library& library) {
  Silent silent;  // one of them has a kernel, which knows nothing of the CPU's attention
  const c10::WarningUtils::WarningHandlerGuard guard(&silent);
  library.impl("convolution_overrideable", &convolution);
  library.impl("convolution_backward_overrideable", &convolution_backward);
  library.impl("native_group_norm", &group_norm);
  library.impl("native_group_norm_backward", &group_norm_backward);
  library.impl("native_layer_norm", &layer_norm);
  library.impl("native_layer_norm_backward", &layer_norm_backward);
  library.impl("_fused_sdp_choice", &fused_attention);
  library.impl("_scaled_dot_product_flash_attention_for_cpu", &attention);
  library.impl("_scaled_dot_product_flash_attention_for_cpu_backward", &attention_backward);
  auto& dispatcher = c10::Dispatcher::singleton();
  for (const auto& name : dispatcher.getAllOpNames()) {
    const auto op = dispatcher.findOp(name);
    if (name.getNamespace() != "aten" || !op || !op->hasKernelForDispatchKey(c10::DispatchKey::CPU)) continue;
    if (op->hasKernelForDispatchKey(c10::DispatchKey::Meta) ||
        op->hasKernelForDispatchKey(c10::DispatchKey::CompositeExplicitAutograd) ||
        op->hasKernelForDispatchKey(c10::DispatchKey::CompositeExplicitAutogradNonFunctional) ||
        op->hasKernelForDispatchKey(c10::DispatchKey::CompositeImplicitAutograd))
      continue;
    const std::string whole = name.overload_name.empty() ? name.name : name.name + "." + name.overload_name;
    library.impl(whole.c_str(), torch::CppFunction::makeFromBoxedFunction<&on_zeros>());
  }
}

}  // namespace opad::shapes::detail

namespace opad::shapes {

OPAD_ONCE void prepare() {
  static torch::Library& library = [&]() -> torch::Library& {
    c10::SetAllocator(c10::DeviceType::Meta, &detail::Counter::instance(), /*priority=*/100);
    // a parameter may become a shape: Module::to asks this before it puts other data into a tensor
    auto& moves = *new torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::AutogradMeta, __FILE__, __LINE__);
    moves.impl("_has_compatible_shallow_copy_type", +[](const Tensor&, const Tensor&) { return true; });
    auto& made = *new torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::Meta, __FILE__, __LINE__);
    detail::register_operators(made);
    return made;
  }();
  static_cast<void>(library);
}

OPAD_ONCE Bytes bytes() { return {detail::Counter::instance().now, detail::Counter::instance().most}; }
OPAD_ONCE void forget_most() { detail::Counter::instance().most = detail::Counter::instance().now.load(); }

}  // namespace opad::shapes
