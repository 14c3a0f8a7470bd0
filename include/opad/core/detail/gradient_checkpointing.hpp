#pragma once
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/engine.h>

#include <memory>
#include <mutex>
#include <vector>

#include <opad/core/gradient_checkpointing.hpp>

namespace opad::detail {

/// What autocast does on a device, put there while one lives.
class AutocastState {
 public:
  explicit AutocastState(torch::DeviceType device)
      : device_(device),
        on_(at::autocast::is_autocast_available(device) && at::autocast::is_autocast_enabled(device)),
        type_(on_ ? at::autocast::get_autocast_dtype(device) : torch::kFloat32) {}
  template <class Run>
  auto during(const Run& run) const {
    const AutocastState before(device_);
    const struct Restore {
      const AutocastState& state;
      ~Restore() { state.set(); }
    } restore{before};
    set();
    return run();
  }

 private:
  void set() const {
    if (!at::autocast::is_autocast_available(device_)) return;
    at::autocast::set_autocast_enabled(device_, on_);
    if (on_) at::autocast::set_autocast_dtype(device_, type_);
  }
  torch::DeviceType device_;
  bool on_;
  torch::ScalarType type_;
};

/// One run of a block: knows how many tensors its graph asked to keep, and makes them again, in the same order.
class CheckpointedPass {
 public:
  CheckpointedPass(torch::DeviceType device, std::function<Tensor()> again)
      : again_(std::move(again)),
        autocast_(device) {}

  std::size_t next_place() { return places_++; }

  /// The tensor of a place. It is handed out once: who asks again has the block run again.
  Tensor take(std::size_t place);

 private:
  std::vector<Tensor> run_again() const;
  void forget() {
    const std::lock_guard lock(mutex_);
    tensors_.clear();
  }

  const std::function<Tensor()> again_;
  const AutocastState autocast_;
  std::size_t places_ = 0;
  std::mutex mutex_;
  std::vector<Tensor> tensors_;  // made again and not yet taken
};

/// What happens to tensors that a graph asks to keep, in this thread.
struct SavingMode {
  std::shared_ptr<CheckpointedPass> first;  // a block's first run: nothing is kept
  std::vector<Tensor>* again = nullptr;     // a block's later run: they are collected
  std::size_t wanted = 0;                   // how many
  bool plain() const { return !first && !again; }
};
inline thread_local SavingMode saving_mode;

class InSavingMode {
 public:
  explicit InSavingMode(SavingMode mode) : before_(std::exchange(saving_mode, std::move(mode))) {}
  ~InSavingMode() { saving_mode = std::move(before_); }
  InSavingMode(const InSavingMode&) = delete;
  InSavingMode& operator=(const InSavingMode&) = delete;

 private:
  SavingMode before_;
};

/// Stands in a graph for a tensor that was not kept.
struct MadeAgain : torch::autograd::SavedVariableHooks {
  std::shared_ptr<CheckpointedPass> pass;
  std::size_t place = 0;
  explicit MadeAgain(std::shared_ptr<CheckpointedPass> pass_) : pass(std::move(pass_)) {}
  void call_pack_hook(const Tensor&) override { place = pass->next_place(); }
  Tensor call_unpack_hook() override { return pass->take(place); }
};

struct Enough {};  // thrown where all is collected: the rest of the block need not run

struct Collected : torch::autograd::SavedVariableHooks {
  Tensor value;
  void call_pack_hook(const Tensor& tensor) override {
    value = tensor.detach();
    saving_mode.again->push_back(value);
    if (saving_mode.again->size() == saving_mode.wanted) throw Enough{};
  }
  Tensor call_unpack_hook() override { return value; }
};

/// LibTorch asks its engine how a graph keeps tensors; in C++ there is no other way to have a say in it.
class CheckpointingEngine : public torch::autograd::Engine {
 public:
  ~CheckpointingEngine() override { stop(); }
  std::unique_ptr<torch::autograd::SavedVariableHooks> get_default_saved_variable_hooks() override {
    if (saving_mode.first) return std::make_unique<MadeAgain>(saving_mode.first);
    if (saving_mode.again) return std::make_unique<Collected>();
    return nullptr;
  }
  static torch::autograd::Engine& instance() {
    static CheckpointingEngine engine;
    return engine;
  }
};

OPAD_ONCE std::vector<Tensor> CheckpointedPass::run_again() const {
  std::vector<Tensor> made;
  const InSavingMode collecting({.again = &made, .wanted = places_});
  const torch::AutoGradMode learns(true);
  try {
    autocast_.during(again_);
  } catch (const Enough&) {}
  TORCH_CHECK(made.size() == places_, "gradient checkpointing: a block kept ", places_, " tensors and then ",
              made.size(), "; it must do the same each time");
  return made;
}

OPAD_ONCE Tensor CheckpointedPass::take(std::size_t place) {
  {
    const std::lock_guard lock(mutex_);
    if (place < tensors_.size() && tensors_[place].defined()) return std::exchange(tensors_[place], Tensor());
  }
  // a backward pass goes through one block after the other: what nobody took of the one before goes now
  static std::mutex mutex;
  static std::weak_ptr<CheckpointedPass> before;
  {
    const std::lock_guard lock(mutex);
    if (const auto other = before.lock()) other->forget();
  }
  auto made = run_again();
  Tensor value = std::exchange(made[place], Tensor());
  const std::lock_guard lock(mutex_);
  tensors_ = std::move(made);
  return value;
}

OPAD_ONCE Tensor checkpoint(torch::DeviceType device, const std::function<Tensor()>& first,
                            std::function<Tensor()> again) {
  if (!saving_mode.plain()) return first();
  static const bool installed = (torch::autograd::set_default_engine_stub(&CheckpointingEngine::instance), true);
  static_cast<void>(installed);
  const InSavingMode keeping_nothing({.first = std::make_shared<CheckpointedPass>(device, std::move(again))});
  return first();
}

}  // namespace opad::detail
