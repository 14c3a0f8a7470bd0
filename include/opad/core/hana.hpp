#pragma once
#include <boost/hana.hpp>

namespace opad {

/// Boost.Hana: tuples of types and values, and structs whose members have names.
namespace hana = boost::hana;

}  // namespace opad
