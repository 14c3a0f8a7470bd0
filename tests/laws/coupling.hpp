#pragma once
/// The laws that every Coupling and every PictureFilter obeys (coupling/).
#include <opad/coupling/coupling.hpp>
#include <opad/coupling/filter/filter.hpp>
#include <opad/experiment/run/second_stage.hpp>
#include <opad/space/render.hpp>

#include "support/catch.hpp"

namespace laws {

/// A pure function of (iteration, total); somebody always moves; what it says never to move never does; the student's
/// age counts the iterations in which the student has moved.
template <opad::Coupling C>
void coupling(const C& coupling) {
  for (const std::int64_t total : {10, 17}) {
    std::int64_t age = 0;
    for (std::int64_t k = 0; k < total; ++k) {
      const opad::Moves moves = coupling(k, total);
      REQUIRE(moves == coupling(k, total));
      REQUIRE((moves.teacher || moves.student));
      REQUIRE((C::trains_teacher || !moves.teacher));
      REQUIRE((C::has_teacher || !C::trains_teacher));
      REQUIRE((moves.student || !moves.critics));
      if (moves.student) REQUIRE(moves.student_age == age++);
    }
    REQUIRE((age > 0 || C::trains_teacher));
  }
}

/// Keeps a share in (0, 1]; where it compares pictures, it does so in a space that is rendered from them, and none
/// looks more like a photograph than the photograph itself.
template <opad::PictureFilter F>
void filter(const F& filter, opad::Networks& networks) {
  if constexpr (requires { typename F::space; }) {
    REQUIRE((0 < filter.share && filter.share <= 1));
    std::vector<opad::Tensor> pictures;
    for (int i = 0; i < 3; ++i)
      pictures.push_back((opad::Random(4).stream("picture", i).uniform({64, 64, 3}) * 255).to(torch::kUInt8));
    const auto render = [](opad::Networks& n, const opad::Tensor& image) {
      return opad::render_picture<typename F::space>(n, image);
    };
    const auto scores = opad::likeness(render, networks, pictures, {pictures[1]}, 64, torch::kCPU);
    REQUIRE(scores.size() == 3);
    REQUIRE(scores[1] == Approx(1).epsilon(1e-5));
    REQUIRE((scores[0] < scores[1] && scores[2] < scores[1]));
  }
}

}  // namespace laws
