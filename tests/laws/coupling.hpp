#pragma once
/// The laws that every Coupling, TimestepWeight, LearningRate and Resize policy obeys.
#include <opad/coupling/coupling.hpp>
#include <opad/learning_rate/learning_rate.hpp>
#include <opad/space/resize.hpp>
#include <opad/weighting/weighting.hpp>

#include "laws/objective.hpp"

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

/// In [0, 1], one number for each sample, not smaller where less noise is left.
template <opad::TimestepWeight W>
void weighting(const W& weighting) {
  const Tensor omega = weighting(torch::linspace(0.001, 0.999, 50, torch::kFloat64));
  REQUIRE(omega.sizes() == at::IntArrayRef{50});
  REQUIRE((omega >= 0).all().template item<bool>());
  REQUIRE((omega <= 1).all().template item<bool>());
  REQUIRE((omega.diff() >= 0).all().template item<bool>());
  REQUIRE(weighting(torch::ones({1})).template item<double>() == Approx(1));  // a clean answer counts in full
}

/// In [0, 1], rising during the warm-up, 1 right after it.
template <opad::LearningRate R>
void learning_rate(R rate) {
  for (std::int64_t k = 0; k < 20; ++k) REQUIRE((0 <= rate(k, 20) && rate(k, 20) <= 1));
  REQUIRE(rate(0, 20) == 1);
  rate.warmup = 5;
  for (std::int64_t k = 1; k < 5; ++k) REQUIRE(rate(k - 1, 20) < rate(k, 20));
  REQUIRE(rate(5, 20) == 1);
}

/// The asked size, gradients, and (unless it pads) an even picture stays even.
template <class R>
void resize_policy(const R& resize, bool pads = false) {
  const Tensor image = opad::Random(3).stream("image").normal({2, 3, 6, 8}).to(torch::kFloat64);
  REQUIRE(resize(image, 9, 11).sizes() == at::IntArrayRef{2, 3, 9, 11});
  if (!pads) REQUIRE(resize(image, 4, 5).sizes() == at::IntArrayRef{2, 3, 4, 5});
  if (!pads)
    REQUIRE(at::allclose(resize(at::full_like(image, 0.3), 9, 11), torch::full({2, 3, 9, 11}, 0.3, torch::kFloat64)));
  gradient([&](const Tensor& x) { return resize(x, 9, 11).square(); }, image);
}

}  // namespace laws
