#pragma once
#include <ATen/autocast_mode.h>
#include <torch/types.h>

namespace opad {

/// While one lives with `on`, networks' passes on the device compute in bfloat16 where that is known to be safe.
class Autocast {
 public:
  Autocast(bool on, c10::DeviceType device)
      : on_(on),
        device_(device),
        before_(at::autocast::is_autocast_enabled(device)) {
    if (!on_) return;
    at::autocast::set_autocast_enabled(device_, true);
    at::autocast::set_autocast_dtype(device_, torch::kBFloat16);
    at::autocast::increment_nesting();
  }
  ~Autocast() {
    if (!on_) return;
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, before_);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool on_;
  c10::DeviceType device_;
  bool before_;
};

/// A network's answer, float32; with `bfloat16` computed under autocast. Only networks' passes go through here, so that
/// losses and heads are float32 whatever a network computes in.
template <class Network>
torch::Tensor network_pass(bool bfloat16, torch::Device device, const Network& network) {
  if (!bfloat16) return network();
  const Autocast autocast(true, device.type());
  return network().to(torch::kFloat32);
}

}  // namespace opad
