#pragma once
#include <boost/hana.hpp>
#include <concepts>
#include <string_view>

namespace opad {

/// What the critics take for real.
///   from_teacher   the teacher's answers y instead of photographs
template <class R>
concept RealPictures = requires {
  { R::name } -> std::convertible_to<std::string_view>;
  { R::from_teacher } -> std::convertible_to<bool>;
};

/// The photographs of the batch.
///   canvas       as the teacher's step sees them: the augmentation makes most of them smaller and puts them on a grey
///   canvas, which the
///                student's pictures never have, so a head that sees it tells the two apart by that (the released
///                trainer); else each photograph fills its picture
///   through_vae  decoded from their latents, so that the decoder's own traces say nothing
struct Photographs {
  static constexpr std::string_view name = "photographs";
  static constexpr bool from_teacher = false;
  bool canvas = true, through_vae = false;
};

/// The teacher's decoded answers, whose half of a head's loss counts omega per sample: a variant of the released
/// trainer.
struct TeacherAnswers {
  static constexpr std::string_view name = "teacher-answers";
  static constexpr bool from_teacher = true;
};
static_assert(RealPictures<Photographs> && RealPictures<TeacherAnswers>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Photographs, canvas, through_vae);
