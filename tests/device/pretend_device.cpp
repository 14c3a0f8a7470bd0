// A GPU that is none. LibTorch's reserved backend PrivateUse1 with ordinary memory behind it, here named "pretend", for
// finding out on a machine without a GPU whether a program would run on one. Built as a shared library and preloaded,
// it needs no change in the program:
//
//   g++ -std=c++20 -O1 -g -fPIC -shared pretend_device.cpp -o pretend_device.so -I$T/include
//   -I$T/include/torch/csrc/api/include
//       -L$T/lib -Wl,-rpath,$T/lib -ltorch_cpu -lc10                      ($T: the folder of LibTorch; 20 s of a CPU)
//   LD_PRELOAD=./pretend_device.so PROGRAM --device pretend ...
//
// Places are of the program, by addr2line: file and line where it was built with -g1, functions elsewhere. Tried with
// LibTorch 2.13.
//
// What it finds, each as an error or in the report at the program's end:
//   - a CPU tensor beside a tensor of the device in one operator (allowed, but listed: tensors without dimensions, CPU
//   indices)
//   - host code that reads or writes device memory: its addresses are of pages that nobody may touch (SIGSEGV, with the
//   place)
//   - memory that is read before it was written: every allocation is filled with NaN
//   - lists that CUDA's fused optimisers refuse (strides, types, steps on the host)
//   - copies between host and device (on CUDA each waits for everything queued, unless non-blocking) and other waits
//   for the device (item(),
//     nonzero(), equal(), ...), counted by place
//   - operators launched, by name; the peak of the device's memory
// Every operator that has a CPU kernel of its own runs that kernel on the same numbers, so that results equal the
// CPU's. Autocast follows CUDA's lists, not the CPU's.
//
// What it cannot find: races of streams, kernels that differ between CPU and GPU (order of summation, determinism),
// time, the caching allocator's fragmentation, launch failures (index out of range on the device), types that a GPU
// kernel lacks.
//
// Environment:
//   PRETEND_REPORT=FILE   where the report goes; none: nowhere
//   PRETEND_MIX=log       mixed devices are only listed (the CPU's kernel takes both)
//   PRETEND_OPS=1         the report lists every operator, not only the sum
//   PRETEND_GIB=N         address space of the device, 16 by default (memory is taken as it is used)
#include "pretend_device.hpp"

#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/native/DispatchStub.h>
#include <ATen/native/ForeachUtils.h>
#include <ATen/native/transformers/attention.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/set_native.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <execinfo.h>
#include <link.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <sstream>
#include <unordered_map>

namespace pretend {
namespace {

using at::IntArrayRef, at::Scalar, at::ScalarType, at::Tensor;  // LibTorch's macros for autocast want them
constexpr auto kind = c10::DeviceType::PrivateUse1;
const c10::Device device(kind, 0);

bool here(const Tensor& t) { return t.defined() && t.device().type() == kind; }

// ---------------------------------------------------------------------------------------------------------------- what
// happened, and where

/// The program's own frames on the stack, innermost first: its code, not LibTorch's.
using Site = std::vector<void*>;

/// Where the program itself lies: its base (0 unless it is position-independent) and its last address.
struct Program {
  std::uintptr_t base = 0, end = 0;
};
const Program& program() {
  static const Program found = [] {
    Program out;
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* to) {
          auto& program = *static_cast<Program*>(to);
          program.base = info->dlpi_addr;
          for (int i = 0; i < info->dlpi_phnum; ++i)
            if (info->dlpi_phdr[i].p_type == PT_LOAD)
              program.end = std::max<std::uintptr_t>(
                  program.end, info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz);
          return 1;  // the first is the program
        },
        &out);
    return out;
  }();
  return found;
}

Site site() {
  void* frames[96];
  const int n = backtrace(frames, 96);
  Site out;
  for (int i = 0; i < n; ++i)
    if (const auto at = reinterpret_cast<std::uintptr_t>(frames[i]); at >= program().base && at < program().end)
      out.push_back(static_cast<char*>(frames[i]) - 1);  // in the call, not after it
  return out;
}

struct Count {
  std::int64_t times = 0, bytes = 0;
};

struct Log {
  std::mutex mutex;
  std::map<std::string, Count> ops;
  std::map<std::pair<std::string, Site>, Count> events;  // (what, where)
  std::int64_t live = 0, peak = 0, allocations = 0;

  void op(const std::string& name, std::int64_t bytes = 0) {
    const std::lock_guard lock(mutex);
    auto& count = ops[name];
    ++count.times, count.bytes += bytes;
  }
  void event(const std::string& what, std::int64_t bytes = 0) {
    Site where = site();
    const std::lock_guard lock(mutex);
    auto& count = events[{what, std::move(where)}];
    ++count.times, count.bytes += bytes;
  }
};
Log& record() {
  static Log* log = new Log;  // outlives everybody's destructors
  return *log;
}

/// "file:line" of the program's addresses, by addr2line; what has none keeps its function's name.
std::map<void*, std::string> resolve(const std::vector<void*>& addresses) {
  std::map<void*, std::string> out;
  for (std::size_t first = 0; first < addresses.size(); first += 500) {
    std::ostringstream command;
    const auto pid = getpid();
    command << "LD_PRELOAD= addr2line -f -C -e /proc/" << pid << "/exe";
    const std::size_t last = std::min(addresses.size(), first + 500);
    for (std::size_t i = first; i < last; ++i) {
      command << " " << std::hex << "0x" << reinterpret_cast<std::uintptr_t>(addresses[i]) - program().base;
    }
    command << " 2>/dev/null";
    FILE* pipe = popen(command.str().c_str(), "r");
    if (!pipe) break;
    char name[8192], line[8192];
    for (std::size_t i = first; i < last && fgets(name, sizeof name, pipe) && fgets(line, sizeof line, pipe); ++i) {
      name[strcspn(name, "\n")] = 0;
      line[strcspn(line, "\n (")] = 0;
      out[addresses[i]] = line[0] == '?' ? std::string("[") + std::string(name).substr(0, 90) + "]" : std::string(line);
    }
    pclose(pipe);
  }
  return out;
}

/// The first frames that are neither LibTorch's headers nor the standard library's.
std::string describe(const Site& where, const std::map<void*, std::string>& names, std::size_t most = 3) {
  std::string out;
  std::size_t shown = 0;
  for (void* frame : where) {
    const auto found = names.find(frame);
    if (found == names.end()) continue;
    std::string text = found->second;
    if (text.find("/torch/") != std::string::npos || text.find("/c10/") != std::string::npos ||
        text.find("/ATen/") != std::string::npos || text.find("/c++/") != std::string::npos ||
        text.starts_with("[std::") || text.starts_with("[at::") || text.starts_with("[c10::"))
      continue;
    for (const char* root : {"/include/opad/", "/experiments/"})
      if (const auto at = text.rfind(root); at != std::string::npos) text = text.substr(at + 1);
    if (!out.empty() && out.ends_with(text)) continue;
    out += (out.empty() ? "" : " < ") + text;
    if (++shown == most) break;
  }
  return out.empty() ? "(in a thread of LibTorch: backward)" : out;
}

void report() {
  auto& log = record();
  const char* target = std::getenv("PRETEND_REPORT");
  FILE* out = target && *target ? std::fopen(target, "w") : nullptr;
  if (!out) return;
  std::vector<void*> addresses;
  for (const auto& [key, count] : log.events) addresses.insert(addresses.end(), key.second.begin(), key.second.end());
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  const auto names = resolve(addresses);
  std::int64_t ops = 0;
  for (const auto& [name, count] : log.ops) ops += count.times;
  std::fprintf(out, "pretend device: %lld operators, peak %.1f MiB, live %.1f MiB, %lld allocations\n",
               static_cast<long long>(ops), log.peak / 1048576.0, log.live / 1048576.0,
               static_cast<long long>(log.allocations));
  std::map<std::string, Count> lines, sums;
  for (const auto& [key, count] : log.events) {
    auto& line = lines[key.first + "\t" + describe(key.second, names)];
    auto& sum = sums[key.first];
    line.times += count.times, line.bytes += count.bytes, sum.times += count.times, sum.bytes += count.bytes;
  }
  for (const auto& [what, count] : sums)
    std::fprintf(out, "sum\t%lld\t%lld bytes\t%s\n", static_cast<long long>(count.times),
                 static_cast<long long>(count.bytes), what.c_str());
  for (const auto& [what, count] : lines)
    std::fprintf(out, "at\t%lld\t%lld bytes\t%s\n", static_cast<long long>(count.times),
                 static_cast<long long>(count.bytes), what.c_str());
  if (std::getenv("PRETEND_OPS"))
    for (const auto& [name, count] : log.ops)
      std::fprintf(out, "op\t%lld\t%lld bytes\t%s\n", static_cast<long long>(count.times),
                   static_cast<long long>(count.bytes), name.c_str());
  std::fclose(out);
}

// -------------------------------------------------------------------------------------------------------------------------------
// memory

/// Two views of one range: addresses that the program sees and must not touch, and the memory itself a constant
/// distance away.
class Arena : public c10::DeviceAllocator {
 public:
  Arena() {
    const char* gib = std::getenv("PRETEND_GIB");
    size_ = static_cast<std::size_t>(gib ? std::atoi(gib) : 16) << 30;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    shown_ = static_cast<char*>(mmap(nullptr, size_, PROT_NONE, flags, -1, 0));
    real_ = static_cast<char*>(mmap(nullptr, size_, PROT_READ | PROT_WRITE, flags, -1, 0));
    TORCH_CHECK(shown_ != MAP_FAILED && real_ != MAP_FAILED, "pretend device: no address space");
  }
  bool holds(const void* p) const { return p >= shown_ && p < shown_ + size_; }
  void* real(const void* p) const { return p ? real_ + (static_cast<const char*>(p) - shown_) : nullptr; }

  c10::DataPtr allocate(std::size_t bytes) override {
    if (bytes == 0) return {nullptr, nullptr, &release, device};
    const std::size_t rounded = round(bytes);
    char* place = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (auto& list = free_[rounded]; !list.empty()) place = list.back(), list.pop_back();
      else {
        TORCH_CHECK(used_ + rounded <= size_, "pretend device: out of memory; raise PRETEND_GIB");
        place = shown_ + used_, used_ += rounded;
      }
      taken_[place] = rounded;
      auto& log = record();
      log.live += static_cast<std::int64_t>(rounded), log.peak = std::max(log.peak, log.live), ++log.allocations;
    }
    std::memset(real(place), 0xff, rounded);  // NaN in every floating type, -1 in every integer
    return {place, place, &release, device};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    std::memcpy(real(to), real(from), bytes);
  }
  bool initialized() override { return true; }
  void emptyCache(c10::MempoolId_t) override {}
  void recordStream(const c10::DataPtr&, c10::Stream) override {}
  c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex) override {
    c10::CachingDeviceAllocator::DeviceStats stats;
    stats.allocated_bytes[0].peak = record().peak;
    stats.reserved_bytes[0].peak = static_cast<std::int64_t>(used_);
    return stats;
  }
  void resetAccumulatedStats(c10::DeviceIndex) override {}
  void resetPeakStats(c10::DeviceIndex) override {}

 private:
  /// At most an eighth too much, so that pieces are used again.
  static std::size_t round(std::size_t bytes) {
    bytes = (bytes + 511) & ~std::size_t{511};
    std::size_t step = 512;
    while (step * 16 <= bytes) step *= 2;
    return (bytes + step - 1) / step * step;
  }
  static void release(void* place);

  char *shown_, *real_;
  std::size_t size_, used_ = 0;
  std::mutex mutex_;
  std::unordered_map<std::size_t, std::vector<char*>> free_;
  std::unordered_map<void*, std::size_t> taken_;
};
Arena& arena() {
  static Arena* arena = new Arena;
  return *arena;
}
void Arena::release(void* place) {
  if (!place) return;
  auto& a = arena();
  const std::lock_guard lock(a.mutex_);
  const auto found = a.taken_.find(place);
  record().live -= static_cast<std::int64_t>(found->second);
  a.free_[found->second].push_back(static_cast<char*>(place));
  a.taken_.erase(found);
}

/// Says who touched the device's memory, and ends.
void on_fault(int signal, siginfo_t* info, void*) {
  ::signal(signal, SIG_DFL);
  if (arena().holds(info->si_addr)) {
    const Site where = site();
    const auto names = resolve(where);
    std::fprintf(stderr, "pretend device: host code touched device memory, at %s\n", describe(where, names, 6).c_str());
    void* frames[48];
    backtrace_symbols_fd(frames, backtrace(frames, 48), 2);
    std::_Exit(139);
  }
  raise(signal);
}

/// A CPU tensor over a device tensor's memory: what kernels work on. It keeps the memory alive.
Tensor host(const Tensor& t) {
  if (!here(t)) return t;
  auto* owner = new c10::Storage(t.storage());
  c10::DataPtr data(
      arena().real(owner->data()), owner, [](void* p) { delete static_cast<c10::Storage*>(p); },
      c10::Device(c10::kCPU));
  c10::Storage storage(c10::Storage::use_byte_size_t(), owner->nbytes(), std::move(data), c10::GetAllocator(c10::kCPU),
                       /*resizable=*/true);
  Tensor out = at::detail::make_tensor<c10::TensorImpl>(std::move(storage), c10::DispatchKeySet(c10::DispatchKey::CPU),
                                                        t.dtype());
  out.unsafeGetTensorImpl()->set_sizes_and_strides(t.sizes(), t.strides(), t.storage_offset());
  return out;
}

Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, std::optional<c10::ScalarType> dtype,
                     std::optional<c10::Layout>, std::optional<c10::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(size, stride, &arena(), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                           c10::dtype_or_default(dtype));
}
Tensor empty(at::IntArrayRef size, std::optional<c10::ScalarType> dtype, std::optional<c10::Layout>,
             std::optional<c10::Device>, std::optional<bool>, std::optional<c10::MemoryFormat> format) {
  return at::detail::empty_generic(size, &arena(), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                   c10::dtype_or_default(dtype), format);
}

/// A kernel's result, moved onto the device with its strides.
Tensor landed(const Tensor& t) {
  if (!t.defined() || here(t)) return t;
  Tensor out = empty_strided(t.sizes(), t.strides(), t.scalar_type(), {}, {}, {});
  if (t.numel() > 0) {
    std::int64_t extent = 1;
    for (std::int64_t d = 0; d < t.dim(); ++d) extent += (t.size(d) - 1) * t.stride(d);
    std::memcpy(arena().real(out.data_ptr()), t.const_data_ptr(), static_cast<std::size_t>(extent) * t.element_size());
  }
  if (t.unsafeGetTensorImpl()->is_wrapped_number()) out.unsafeGetTensorImpl()->set_wrapped_number(true);
  return out;
}

const Tensor& resize_(const Tensor& self, at::IntArrayRef size, std::optional<c10::MemoryFormat> format) {
  TORCH_CHECK(!format || *format == c10::MemoryFormat::Contiguous, "pretend device: resize_ with a memory format");
  auto* impl = self.unsafeGetTensorImpl();
  if (self.sizes() == size) return self;
  const std::size_t bytes =
      static_cast<std::size_t>(c10::multiply_integers(size) + self.storage_offset()) * self.element_size();
  if (bytes > self.storage().nbytes()) {
    c10::DataPtr data = arena().allocate(bytes);
    if (self.storage().nbytes() > 0)
      std::memcpy(arena().real(data.get()), arena().real(self.storage().data()), self.storage().nbytes());
    self.storage().set_data_ptr_noswap(std::move(data));
    self.storage().set_nbytes(bytes);
  }
  impl->set_sizes_contiguous(size);
  return self;
}

// ---------------------------------------------------------------------------------------------------------------------------
// operators

/// Takes every tensor of an operator's arguments, on its own or in a list.
template <class Visit>
void each_tensor(const c10::IValue& value, const Visit& visit) {
  if (value.isTensor()) visit(value.toTensor());
  else if (value.isTensorList())
    for (const Tensor& t : value.toTensorVector()) visit(t);
  else if (value.isOptionalTensorList())
    for (const auto& t : value.toOptionalTensorVector())
      if (t) visit(*t);
}

/// What CUDA would say of tensors on two devices.
void check_devices(const std::string& name, const at::ArrayRef<c10::IValue> arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool indices = i == 1 && (name.starts_with("aten::index.") || name.starts_with("aten::index_put") ||
                                    name.starts_with("aten::_index_put_impl_"));
    each_tensor(arguments[i], [&](const Tensor& t) {
      if (!t.defined() || here(t) || t.unsafeGetTensorImpl()->is_wrapped_number()) return;
      std::ostringstream text;
      text << (t.dim() == 0 ? "CPU scalar beside the device in "
               : indices    ? "CPU indices for the device (copied by the kernel, waits) in "
                            : "MIXED: CPU tensor ")
           << (t.dim() == 0 || indices ? "" : c10::str(t.sizes(), " with device tensor in ")) << name;
      record().event(text.str(), static_cast<std::int64_t>(t.nbytes()));
      static const char* const mix = std::getenv("PRETEND_MIX");
      TORCH_CHECK(t.dim() == 0 || indices || mix, "pretend device: cpu tensor ", t.sizes(),
                  " mixed with device tensor in ", name);
    });
  }
}

/// What CUDA's fused optimisers ask of their lists, where the CPU's kernels look at nothing: parameters, gradients and
/// moments of one type, dense, with the same strides; the steps on the device, in float32.
void check_fused(const std::string& name, const at::ArrayRef<c10::IValue> arguments) {
  if (!name.starts_with("aten::_fused_adam")) return;
  std::vector<std::vector<Tensor>> lists;
  for (const auto& value : arguments)
    if (value.isTensorList()) lists.push_back(value.toTensorVector());
  TORCH_CHECK(lists.size() == 6, "pretend device: ", name, " has other lists than expected");
  std::vector<at::TensorList> same;
  for (std::size_t i = 0; i < 5; ++i)
    if (!lists[i].empty()) same.emplace_back(lists[i]);
  TORCH_CHECK(at::native::check_fast_path_restrictions(same, {}, false), "pretend device: ", name,
              ": parameters, gradients and moments must have the same type, device and layout");
  for (const Tensor& step : lists[5])
    TORCH_CHECK(here(step) && step.scalar_type() == c10::kFloat, "pretend device: ", name,
                ": steps must be float32 on the device");
}

/// Operators whose result or size the host waits for on CUDA.
bool waits(const std::string& name) {
  if (name.starts_with("aten::linalg_vector_norm")) return false;
  for (const char* other :
       {"aten::nonzero", "aten::masked_select", "aten::equal", "aten::_unique", "aten::unique_", "aten::bincount",
        "aten::repeat_interleave.Tensor", "aten::multinomial", "aten::is_nonzero", "aten::linalg_", "aten::_linalg_"})
    if (name.starts_with(other)) return true;
  return false;
}

/// Runs an operator's CPU kernel on the device's memory.
void fallback(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const auto& schema = op.schema();
  const std::string name = schema.name() + (schema.overload_name().empty() ? "" : "." + schema.overload_name());
  const std::size_t n = schema.arguments().size(), begin = stack->size() - n;
  for (const auto& r : schema.returns())
    TORCH_CHECK(!r.alias_info() || r.alias_info()->isWrite(), "pretend device: the view ", name,
                " has no kernel of its own here");
  check_devices(name, torch::jit::last(*stack, n));
  check_fused(name, torch::jit::last(*stack, n));
  record().op(name);
  if (waits(name)) record().event("wait: " + name);

  std::vector<std::pair<Tensor, Tensor>> pairs;  // on the device, over its memory
  const auto shadow = [&](const Tensor& t) {
    if (!here(t)) return t;
    for (const auto& [own, over] : pairs)
      if (own.is_same(t)) return over;
    return pairs.emplace_back(t, host(t)).second;
  };
  for (std::size_t i = begin; i < stack->size(); ++i) {
    auto& value = (*stack)[i];
    if (value.isTensor()) value = shadow(value.toTensor());
    else if (value.isTensorList()) {
      c10::List<Tensor> list;
      for (const Tensor& t : value.toTensorVector()) list.push_back(shadow(t));
      value = std::move(list);
    } else if (value.isOptionalTensorList()) {
      c10::List<std::optional<Tensor>> list;
      for (const auto& t : value.toOptionalTensorVector()) list.push_back(t ? std::optional(shadow(*t)) : std::nullopt);
      value = std::move(list);
    } else if (value.isDevice()) {
      value = c10::Device(c10::kCPU);
    }
  }
  op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), stack);

  for (const auto& [own, over] : pairs) {  // an output that the kernel gave another size lies elsewhere now
    if (own.sizes() == over.sizes() && over.storage().data() == arena().real(own.storage().data())) continue;
    resize_(own, over.sizes(), {});
    host(own).copy_(over);
  }
  const auto home = [&](const Tensor& t) {
    for (const auto& [own, over] : pairs)
      if (over.is_same(t)) return own;
    return landed(t);
  };
  for (std::size_t i = stack->size() - schema.returns().size(); i < stack->size(); ++i) {
    auto& value = (*stack)[i];
    if (value.isTensor()) value = home(value.toTensor());
    else if (value.isTensorList()) {
      c10::List<Tensor> list;
      for (const Tensor& t : value.toTensorVector()) list.push_back(home(t));
      value = std::move(list);
    }
  }
}

Tensor copy_from(const Tensor& from, const Tensor& to, bool non_blocking) {
  const auto bytes = static_cast<std::int64_t>(to.nbytes());
  if (here(from) && here(to))
    record().op(from.scalar_type() == to.scalar_type()
                    ? "copy on the device"
                    : c10::str("cast ", from.scalar_type(), " to ", to.scalar_type()),
                bytes);
  else if (here(to)) record().event(c10::str("host to device", non_blocking ? ", non-blocking" : ""), bytes);
  else record().event("device to host (waits)", bytes);
  host(to).copy_(host(from));
  return to;
}
Tensor copy_from_and_resize(const Tensor& from, const Tensor& to) {
  to.resize_(from.sizes());
  return copy_from(from, to, false);
}
at::Scalar local_scalar(const Tensor& self) {
  record().event("wait: item()");
  return host(self).item();
}

/// A module's parameters may move here and back.
bool may_move(const Tensor& self, const Tensor& from) {
  return self.layout() == c10::kStrided && from.layout() == c10::kStrided;
}

/// Attention as the CPU's kernel would do it, so that numbers agree.
std::int64_t attention_kernel(const Tensor& query, const Tensor& key, const Tensor& value,
                              const std::optional<Tensor>& mask, double dropout, bool causal,
                              std::optional<double> scale, bool grouped) {
  return at::_fused_sdp_choice(host(query), host(key), host(value), mask ? std::optional(host(*mask)) : std::nullopt,
                               dropout, causal, scale, grouped);
}

struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return kind; }
  c10::Device exchangeDevice(c10::Device) const override { return device; }
  c10::Device getDevice() const override { return device; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device d) const override { return c10::Stream(c10::Stream::DEFAULT, d); }
  c10::Stream getDefaultStream(c10::Device d) const override { return getStream(d); }
  c10::Stream exchangeStream(c10::Stream s) const override { return s; }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  void record(void**, const c10::Stream&, const c10::DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream&) const override {}
  void recordDataPtrOnStream(const c10::DataPtr&, const c10::Stream&) const override {}
};
C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard)

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  void setCurrentDevice(c10::DeviceIndex) const override {}
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex) const override { return 0; }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex) const override { return 0; }
};

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", &empty);
  m.impl("empty_strided", &empty_strided);
  m.impl("resize_", &resize_);
  m.impl("as_strided", &at::native::as_strided_tensorimpl);
  m.impl("view", static_cast<Tensor (*)(const Tensor&, at::IntArrayRef)>(&at::native::view));
  m.impl("unfold", &at::native::unfold);
  m.impl("_reshape_alias", &at::native::_reshape_alias);
  m.impl("set_.source_Tensor", &at::native::set_tensor_);
  m.impl("set_.source_Storage", static_cast<Tensor& (*)(Tensor&, at::Storage)>(&at::native::set_));
  m.impl("_copy_from", &copy_from);
  m.impl("_copy_from_and_resize", &copy_from_and_resize);
  m.impl("_local_scalar_dense", &local_scalar);
  m.impl("_has_compatible_shallow_copy_type", &may_move);
}
TORCH_LIBRARY_IMPL(_, PrivateUse1, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&fallback>()); }

/// Autocast by CUDA's lists.
TORCH_LIBRARY_IMPL(_, AutocastPrivateUse1, m) { m.fallback(torch::CppFunction::makeFallthrough()); }
Tensor refused(const Tensor&, const Tensor&, const std::optional<Tensor>&, std::int64_t) {
  TORCH_CHECK(false,
              "binary_cross_entropy is unsafe to autocast (CUDA refuses it); take binary_cross_entropy_with_logits");
}
TORCH_LIBRARY_IMPL(aten, AutocastPrivateUse1, m) {
#define PRETEND_LOW(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, lower_precision_fp)
#define PRETEND_FP32(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, fp32)
#define PRETEND_FP32_OUT(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, fp32_set_opt_dtype)
#define PRETEND_WIDEST(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, promote)
  AT_FORALL_LOWER_PRECISION_FP(PRETEND_LOW)
  AT_FORALL_FP32(PRETEND_FP32)
  AT_FORALL_FP32_SET_OPT_DTYPE(PRETEND_FP32_OUT)
  AT_FORALL_DIFFERENT_REDISPATCH_SIGNATURE(KERNEL_DIFFERENT_REDISPATCH_SIGNATURE_PRIVATEUSEONE)
  AT_FORALL_PROMOTE(PRETEND_WIDEST)
  m.impl("binary_cross_entropy", &refused);
}

/// Everything with a CPU kernel of its own runs that, not the parts that LibTorch would compose it of for an unknown
/// device; and what is one launch on CUDA counts as one: convolutions and the operators on lists.
const bool registered = [] {
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::PrivateUse1, __FILE__, __LINE__);
  auto& dispatcher = c10::Dispatcher::singleton();
  for (const auto& name : dispatcher.getAllOpNames()) {
    if (name.name.rfind("aten::", 0) != 0) continue;
    const auto op = dispatcher.findOp(name);
    if (!op || op->hasKernelForDispatchKey(c10::DispatchKey::PrivateUse1)) continue;
    const std::string plain = name.name.substr(6);
    const bool whole = plain == "convolution" || plain == "convolution_backward" || plain.starts_with("_foreach_");
    if (!whole && !op->hasKernelForDispatchKey(c10::DispatchKey::CPU)) continue;
    library.impl((plain + (name.overload_name.empty() ? "" : "." + name.overload_name)).c_str(),
                 torch::CppFunction::makeFromBoxedFunction<&fallback>());
  }
  c10::SetAllocator(kind, &arena());
  c10::register_privateuse1_backend("pretend");
  at::RegisterPrivateUse1HooksInterface(new Hooks);
  struct sigaction action{};
  action.sa_sigaction = &on_fault, action.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &action, nullptr);
  void* warm[2];
  backtrace(warm, 2);  // loads the unwinder now
  std::atexit(&report);
  return true;
}();

}  // namespace
}  // namespace pretend

namespace at::native {
REGISTER_PRIVATEUSE1_DISPATCH(_fused_sdp_choice_stub, &pretend::attention_kernel)
}

namespace pretend {

Counts counts() {
  Counts out;
  auto& log = record();
  const std::lock_guard lock(log.mutex);
  for (const auto& [name, count] : log.ops) out.operators += count.times;
  for (const auto& [key, count] : log.events) {
    const std::string& what = key.first;
    if (what == "host to device, non-blocking") out.uploads += count.times;
    else if (what.starts_with("wait") || what.starts_with("host to device") || what.starts_with("device to host"))
      out.waits += count.times, out.what += c10::str(count.times, " x ", what, "; ");
  }
  return out;
}
void forget() {
  auto& log = record();
  const std::lock_guard lock(log.mutex);
  log.ops.clear(), log.events.clear();
}

}  // namespace pretend
