#pragma once
#include <concepts>
#include <string_view>

namespace opad {

/// What the critics take for real.
///   real(iteration) -> [B, 3, H, W]    of the table of the iteration (train/iteration.hpp): photographs<Pixel>(),
///                                      whole_photographs(), target<Pixel>(), networks(), draws()
///   real.weight(iteration) -> [B]      optional: how much each counts in a head's own loss; none: 1
///   R::from_teacher                    whether the teacher's answers are asked for, target<Pixel>()
/// Called without gradient, once for each micro-batch, when a critic first looks.
template <class R>
concept RealPictures = std::copy_constructible<R> && requires {
  { R::name } -> std::convertible_to<std::string_view>;
  { R::from_teacher } -> std::convertible_to<bool>;
};

}  // namespace opad
