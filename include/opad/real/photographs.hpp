#pragma once
#include <boost/hana.hpp>

#include <opad/real/real.hpp>
#include <opad/space/space.hpp>

namespace opad {

/// The photographs of the batch.
///   canvas       as the teacher's step sees them: the augmentation makes most of them smaller and puts them on a grey
///                canvas, which the student's pictures never have, so a head that sees it tells the two apart by that
///                (the released trainer); else each photograph fills its picture
///   through_vae  decoded from their latents, so that the decoder's own traces say nothing
struct Photographs {
  static constexpr std::string_view name = "photographs";
  static constexpr bool from_teacher = false;
  bool canvas = true, through_vae = false;

  template <class Iteration>
  Tensor operator()(Iteration& it) const {
    const Tensor pictures = canvas ? it.template photographs<Pixel>() : it.whole_photographs();
    if (!through_vae) return pictures;
    auto& networks = it.networks();
    return networks.decode(networks.encode(pictures).mean * networks.vae_config().scaling_factor);
  }
};
static_assert(RealPictures<Photographs>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Photographs, canvas, through_vae);
