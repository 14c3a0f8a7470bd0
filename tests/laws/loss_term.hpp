#pragma once
/// The laws that every LossTerm obeys (loss/loss.hpp).
#include <torch/autograd.h>

#include <functional>

#include <opad/core/random.hpp>
#include <opad/loss/loss.hpp>

#include "support/catch.hpp"

namespace laws {

using Distance = std::function<opad::Tensor(const opad::Tensor& student, const opad::Tensor& target)>;

inline void distance(const Distance& value, const opad::Shape& shape) {
  auto stream = opad::Random(11).stream("laws");
  const opad::Tensor student = stream.normal(shape).to(torch::kFloat64) * 0.5,
                     target = stream.normal(shape).to(torch::kFloat64) * 0.5;
  const opad::Tensor direction = stream.normal(shape).to(torch::kFloat64), values = value(student, target);

  REQUIRE(values.sizes() == at::IntArrayRef{shape[0]});
  REQUIRE((values >= 0).all().item<bool>());
  REQUIRE(value(student, student).abs().max().item<double>() < 1e-12);

  // sample i sees only sample i
  opad::Tensor other = target.clone();
  other[1] += 1;
  const opad::Tensor changed = value(student, other);
  REQUIRE(changed[0].item<double>() == Approx(values[0].item<double>()).epsilon(1e-12));
  REQUIRE(changed[1].item<double>() != Approx(values[1].item<double>()).epsilon(1e-9));

  // the gradient in `student` along a random direction, against a central difference
  const opad::Tensor leaf = student.clone().requires_grad_();
  const opad::Tensor gradient = torch::autograd::grad({value(leaf, target).sum()}, {leaf})[0];
  const double h = 1e-6, along = (gradient * direction).sum().item<double>();
  const double difference =
      (value(student + h * direction, target).sum() - value(student - h * direction, target).sum()).item<double>() /
      (2 * h);
  REQUIRE(along == Approx(difference).epsilon(1e-4).margin(1e-7));
}

/// shape  of the pictures in the term's space, at least 2 samples. Checked in double precision; a term that draws sees
/// the same numbers each time.
template <opad::LossTerm Term>
void loss_term(const Term& term, const opad::Shape& shape) {
  distance(
      [&](const opad::Tensor& student, const opad::Tensor& target) {
        if constexpr (requires(opad::Stream& stream) { term(student, target, stream); }) {
          opad::Stream stream = opad::Random(3).stream("law");
          return term(student, target, stream);
        } else {
          return term(student, target);
        }
      },
      shape);
}

}  // namespace laws
