#pragma once
/// Runs a law over a list of policies (the all.hpp of a slot's folder).
#include <opad/core/hana.hpp>

#include "support/catch.hpp"

namespace laws {

/// Each policy of the list as it is by default, in a section of its own.
template <class List, class Law>
void each(const List& list, const Law& law) {
  int number = 0;  // two views of one policy may share its name
  opad::hana::for_each(list, [&](auto type) {
    using Policy = typename decltype(type)::type;
    DYNAMIC_SECTION(++number << " " << Policy::name) { law(Policy{}); }
  });
}

}  // namespace laws
