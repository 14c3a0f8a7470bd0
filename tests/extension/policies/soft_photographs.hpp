#pragma once
#include <boost/hana.hpp>

#include <opad/real/real.hpp>
#include <opad/space/space.hpp>

namespace lab {

/// The photographs, each mixed with a share of its blurred self that is drawn from [0, most): a one-step student's
/// pictures are softer than photographs, and a critic that sees only sharp ones tells the two apart by that alone.
struct SoftPhotographs {
  static constexpr std::string_view name = "soft-photographs";
  static constexpr bool from_teacher = false;
  double most = 0.5;
  template <class Iteration>
  opad::Tensor operator()(Iteration& it) const {  // [B, 3, H, W]
    opad::require(0 <= most && most <= 1, "SoftPhotographs: most = ", most, "; give 0 to 1");
    const opad::Tensor sharp = it.whole_photographs();
    const opad::Tensor soft = at::upsample_bilinear2d(at::avg_pool2d(sharp, 4), {sharp.size(2), sharp.size(3)}, false);
    opad::Stream stream = it.draws().stream("real/softness");
    return sharp.lerp(soft, (most * stream.uniform({sharp.size(0), 1, 1, 1})).to(sharp.options()));
  }
};
static_assert(opad::RealPictures<SoftPhotographs>);

}  // namespace lab

BOOST_HANA_ADAPT_STRUCT(lab::SoftPhotographs, most);
