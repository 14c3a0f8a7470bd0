#pragma once
#include <boost/hana.hpp>

namespace opad {

namespace hana = boost::hana;

}  // namespace opad
