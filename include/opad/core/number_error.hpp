#pragma once
#include <string>
#include <string_view>

#include <opad/core/error.hpp>

namespace opad {

/// A number of a policy that cannot be. The policy knows its member, Options by which option it came: a program says
/// "--loss.pixel-huber.delta -1: give more than 0", who builds a policy by hand reads "PixelHuber: delta = -1; ...".
class NumberError : public Error {
 public:
  NumberError(std::string_view policy, std::string_view member_, const std::string& value_, std::string_view advice_)
      : Error(c10::str(policy, ": ", member_, " = ", value_, "; give ", advice_)),
        member(member_),
        value(value_),
        advice(advice_) {}
  std::string member, value, advice;
};

/// Throws NumberError unless ok.
///   advice  what to give: "0 or more", "a share in (0, 1)"
template <class Number>
void require_number(bool ok, std::string_view policy, std::string_view member, Number value, std::string_view advice) {
  if (!ok) [[unlikely]]
    throw NumberError(policy, member, c10::str(value), advice);
}

}  // namespace opad
