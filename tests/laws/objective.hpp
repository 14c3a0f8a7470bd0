#pragma once
/// The laws that every Objective, Head, Regulariser and PictureChange obeys (adversarial/).
#include <opad/adversarial/augmentation/augmentation.hpp>
#include <opad/adversarial/head/mlp.hpp>
#include <opad/adversarial/objective/objective.hpp>
#include <opad/adversarial/regulariser/regulariser.hpp>

#include "laws/gradient.hpp"

namespace laws {

/// Pays the student for logits that look real and the head for telling apart; one value for each picture, which sees no
/// other; gradients.
template <opad::Objective O>
void objective(const O& objective) {
  const auto says = [](double x) {
    return O::outputs == 2 ? torch::tensor({{-x, x}}, torch::kFloat64) : torch::tensor({{x}}, torch::kFloat64);
  };
  REQUIRE(objective.student(says(1)).template item<double>() < objective.student(says(-1)).template item<double>());
  REQUIRE(objective.real(says(1)).template item<double>() < objective.real(says(-1)).template item<double>());
  REQUIRE(objective.fake(says(0)).template item<double>() < objective.fake(says(1)).template item<double>());
  for (const opad::Shape& shape : {opad::Shape{3, O::outputs}, opad::Shape{3, 5, O::outputs}}) {
    const Tensor logits = opad::Random(1).stream("logits").normal(shape).to(torch::kFloat64);
    Tensor other = logits.clone();
    other[2] += 1;
    for (const auto& loss : {&O::student, &O::real, &O::fake}) {
      const auto value = [&](const Tensor& x) { return (objective.*loss)(x); };
      REQUIRE(value(logits).sizes() == at::IntArrayRef{3});
      REQUIRE(at::equal(value(logits).narrow(0, 0, 2), value(other).narrow(0, 0, 2)));
      gradient(value, logits);
    }
  }
}

/// Logits for every picture, or every token of it; one picture sees no other; the weights come from the stream alone;
/// gradients in features and weights.
template <opad::Head H>
void head(const H& head) {
  const std::int64_t tokens = 3, width = 6, outputs = 2;
  const auto build = [&] {
    auto stream = opad::Random(4).stream("head");
    const auto network = head.build(tokens, width, outputs, stream);
    network->to(torch::kFloat64);
    return network;
  };
  const auto network = build();
  const Tensor features = opad::Random(2).stream("features").normal({4, tokens, width}).to(torch::kFloat64),
               logits = network->forward(features);
  REQUIRE(logits.size(0) == 4);
  REQUIRE(logits.size(-1) == outputs);
  REQUIRE(at::equal(build()->forward(features), logits));
  Tensor other = features.clone();
  other[3] += 1;
  REQUIRE(at::allclose(network->forward(other).narrow(0, 0, 3), logits.narrow(0, 0, 3)));
  REQUIRE_FALSE(at::allclose(network->forward(other)[3], logits[3]));
  gradient([&](const Tensor& x) { return network->forward(x); }, features);
  logits.square().sum().backward();
  for (const auto& p : network->parameters()) REQUIRE(p.grad().abs().max().template item<double>() > 0);
}

/// Not negative, and differentiable in the head's weights.
template <opad::Regulariser R>
void regulariser(const R& regulariser) {
  auto stream = opad::Random(4).stream("head");
  const auto head = opad::Mlp{.hidden = 5}.build(2, 3, 2, stream);
  const auto judge = [&](const Tensor& features) { return head->forward(features); };
  const Tensor real = stream.normal({4, 2, 3});
  Tensor penalty;
  if constexpr (opad::RegulariserOfBoth<R>)
    penalty = regulariser.penalty(judge, real, stream.normal({4, 2, 3}), stream);
  else penalty = regulariser.penalty(judge, real);
  REQUIRE(penalty.dim() == 0);
  REQUIRE(penalty.template item<double>() >= 0);
  if (!penalty.requires_grad()) return;
  penalty.backward();
  REQUIRE(head->named_parameters()["0.weight"].grad().abs().max().template item<double>() > 0);
}

/// Keeps shape and number type; a picture's change depends on the stream and its place alone, and is its own;
/// differentiable in the picture.
///   draws   whether it is random at all
template <opad::PictureChange C>
void picture_change(const C& change, bool draws = true) {
  const Tensor image = opad::Random(3).stream("image").normal({3, 3, 8, 12}).to(torch::kFloat64) * 0.5;
  const auto changed = [&](const Tensor& x, std::uint64_t seed = 5) {
    auto stream = opad::Random(seed).stream("change");
    return change(x, stream);
  };
  REQUIRE(changed(image).sizes() == image.sizes());
  for (const auto type : {torch::kFloat64, torch::kFloat32}) REQUIRE(changed(image.to(type)).scalar_type() == type);
  const Tensor twice = changed(image.narrow(0, 0, 1).repeat({2, 1, 1, 1}));
  REQUIRE(at::equal(twice[0], twice[1]) != draws);
  REQUIRE(at::equal(changed(image), changed(image)));
  REQUIRE_FALSE(at::equal(changed(image), image));
  REQUIRE(at::equal(changed(image), changed(image, 6)) != draws);
  Tensor other = image.clone();
  other[2] += 1;
  REQUIRE(at::equal(changed(other).narrow(0, 0, 2), changed(image).narrow(0, 0, 2)));
  gradient([&](const Tensor& x) { return changed(x).square(); }, image);
}

}  // namespace laws
