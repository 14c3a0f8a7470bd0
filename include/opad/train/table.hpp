#pragma once
#include <opad/train/draws.hpp>
#include <opad/train/pictures.hpp>

namespace opad {

/// What one micro-batch of an iteration holds, whatever the recipe: the four actors' pictures and what everybody
/// shares. Policies see it as Iteration<Policies>, which knows what their recipe can give.
struct Table {
  Table(Networks& networks_, Draws draws_, const Observer& observer_)
      : networks(&networks_),
        draws(draws_),
        observer(&observer_),
        student(networks_, true),
        target(networks_, false),
        photographs(networks_, false),
        real(networks_, false) {}

  Networks* networks;
  Draws draws;
  const Observer* observer;
  Pictures student, target, photographs, real;
  Tensor condition, null_condition;  // c, detached  [B, 77, C];  c∅  [1, 77, C]
  Tensor omega, real_weight;         // [B]
  Tensor whole;                      // photographs that fill their picture [B, 3, H, W]; undefined: the batch has none

  Tensor whole_photographs() const {
    require(whole.defined(),
            "Trainer: the batch has no pictures without the canvas; give Batch::whole, or Photographs{.canvas = true}");
    return whole;
  }
  /// Tells the observer, if there is one.
  void note(const std::string& name, const Tensor& value) const {
    if (*observer && value.defined()) (*observer)(name, value);
  }
};

}  // namespace opad
