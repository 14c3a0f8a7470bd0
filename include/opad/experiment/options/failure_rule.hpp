#pragma once
#include <opad/core/once.hpp>
#include <opad/evaluate/metrics.hpp>
#include <opad/experiment/options/options.hpp>

namespace opad {

/// When a picture counts as a failure, as every program that scores pictures can be told it.
OPAD_ONCE void bind_failure_rule(Options& options, FailureRule& rule) {
  options.bind_value("failure-dino", rule.dino, "a picture fails below this likeness to the photographs");
  options.bind_value("failure-kind", rule.kind,
                     "a picture fails below this probability of its kind of thing (attribute reader)");
}

}  // namespace opad
