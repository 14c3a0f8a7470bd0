#pragma once
#include <boost/hana.hpp>
#include <cmath>

#include <opad/core/number_error.hpp>
#include <opad/coupling/filter/keep_all.hpp>
#include <opad/coupling/joint.hpp>

namespace opad {

/// The second stage of the method: after the joint stage the student, which needs one step for a picture, makes
/// pictures of the concept in many settings; a filter keeps the good ones, and both models go on learning from
/// photographs and kept pictures together.
///   Base         how teacher and student learn together in either stage
///   joint_share  the part of all iterations before the student's pictures join, in (0, 1)
///   pictures     how many the student makes, one for each setting in turn (data/prompt_settings.hpp)
template <class Base = Joint, class FilterPolicy = KeepAll>
struct Collaborative {
  static_assert(Coupling<Base>, "Collaborative<Base>: Base is not a Coupling, such as Joint.");
  static_assert(
      Base::has_teacher,
      "Collaborative<Base>: Base has no teacher, so there are not two models to learn from each other; use Joint.");
  static_assert(PictureFilter<FilterPolicy>,
                "Collaborative<Base, Filter>: Filter is not a PictureFilter, such as KeepAll.");
  static constexpr std::string_view name = "collaborative";
  static constexpr bool has_teacher = true, trains_teacher = Base::trains_teacher;
  using Filter = FilterPolicy;
  double joint_share = 0.6;
  std::int64_t pictures = 32;
  Base base = {};
  Filter filter = {};

  void check() const {
    require_number(0 < joint_share && joint_share < 1, "Collaborative", "joint_share", joint_share,
                   "a share in (0, 1)");
    require_number(pictures > 0, "Collaborative", "pictures", pictures, "1 or more");
  }

  /// The first iteration of the second stage.
  std::int64_t boundary(std::int64_t total) const {
    check();
    return static_cast<std::int64_t>(std::ceil(joint_share * static_cast<double>(total)));
  }
  Moves operator()(std::int64_t iteration, std::int64_t total) const {
    const std::int64_t second = boundary(total);
    if (iteration < second) return base(iteration, second);
    Moves moves = base(iteration - second, total - second);
    moves.student_age += base(second - 1, second).student_age + 1;
    return moves;
  }
};
static_assert(Coupling<Collaborative<>>);

}  // namespace opad

namespace boost::hana {
template <class Base, class Filter>
struct accessors_impl<opad::Collaborative<Base, Filter>> {
  static constexpr auto apply() {
    return make_tuple(
        make_pair(BOOST_HANA_STRING("joint_share"), [](auto&& c) -> decltype(auto) { return (c.joint_share); }),
        make_pair(BOOST_HANA_STRING("pictures"), [](auto&& c) -> decltype(auto) { return (c.pictures); }),
        make_pair(BOOST_HANA_STRING("base"), [](auto&& c) -> decltype(auto) { return (c.base); }),
        make_pair(BOOST_HANA_STRING("filter"), [](auto&& c) -> decltype(auto) { return (c.filter); }));
  }
};
}  // namespace boost::hana
