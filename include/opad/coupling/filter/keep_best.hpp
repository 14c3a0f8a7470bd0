#pragma once
#include <boost/hana.hpp>

#include <opad/core/number_error.hpp>
#include <opad/coupling/filter/filter.hpp>
#include <opad/encoder/identity_encoder.hpp>
#include <opad/space/features.hpp>

namespace opad {

/// Of the student's pictures, the share that looks most like the photographs: by the largest cosine with any of them in
/// a space of features, the mean over tokens.  share in (0, 1].
///   S  Features<IdentityEncoder> (CLIP's view of identity), Features<Dino>, ...
template <class S = Features<IdentityEncoder>>
struct KeepBest {
  static constexpr std::string_view name = "keep-best";
  using space = S;
  double share = 0.5;
  void check() const { require_number(0 < share && share <= 1, "KeepBest", "share", share, "a share in (0, 1]"); }
};
static_assert(PictureFilter<KeepBest<>>);

}  // namespace opad

namespace boost::hana {
template <class S>
struct accessors_impl<opad::KeepBest<S>> {
  static constexpr auto apply() {
    return make_tuple(
        make_pair(BOOST_HANA_STRING("share"), [](auto&& filter) -> decltype(auto) { return (filter.share); }));
  }
};
}  // namespace boost::hana
