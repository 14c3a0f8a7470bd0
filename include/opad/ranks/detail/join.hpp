#pragma once
#include <opad/ranks/ranks.hpp>
#ifdef OPAD_RANKS
#include <opad/ranks/detail/c10d.hpp>
#endif

/// The one place that knows an engine. In this repository it is a translation unit of its own
/// (cmake/opad-executables.cmake).
namespace opad {

#ifdef OPAD_RANKS
OPAD_ONCE bool ranks_are_known() { return true; }
#else
OPAD_ONCE bool ranks_are_known() { return false; }
#endif

OPAD_ONCE Ranks join(Launch launch, [[maybe_unused]] const std::function<void(std::int64_t)>& listening) {
  if (launch.size == 1) return {};
#ifdef OPAD_RANKS
  auto engine = std::make_shared<detail::C10dEngine>(launch, listening);
  return {std::move(launch), std::move(engine)};
#else
  fail("this program knows one process, but was started as rank ", launch.rank, " of ", launch.size,
       ": its build found no c10d with Gloo in LibTorch; start it alone, or build it with PyTorch's own LibTorch");
#endif
}

}  // namespace opad
