#include <opad/core/random.hpp>
#include <opad/loss/sorted_distance.hpp>

#include <limits>

#include "support/catch.hpp"

using namespace opad;

namespace {

/// Value and gradient, for each sample a gradient of its own.
std::pair<Tensor, Tensor> both(const auto& distance, const Tensor& student, const Tensor& target) {
  const Tensor leaf = student.detach().clone().requires_grad_();
  const Tensor value = distance(leaf, target);
  value.backward(torch::tensor({0.75f, -0.3f}));
  return {value.detach(), leaf.grad()};
}
void require_same(const Tensor& student, const Tensor& target) {
  const auto [value, gradient] = both(sorted_distance, student, target);
  const auto [known, known_gradient] = both(sorted_distance_by_torch, student, target);
  REQUIRE(at::equal(value, known));
  REQUIRE(at::equal(gradient, known_gradient));
  REQUIRE(at::equal(sorted_distance(student, target), known));  // without a graph
}

}  // namespace

TEST_CASE("Sorted distances and their gradients are those of LibTorch's stable sort, bit for bit", "[loss][sort]") {
  const auto numbers = [](const char* name, std::int64_t n) { return Random(3).stream(name).normal({2, 5, n}); };
  for (const std::int64_t n : {1, 2, 7, 64, 1000, 4097}) {
    INFO(n << " numbers");
    require_same(numbers("student", n), numbers("target", n));
    require_same((numbers("student", n) * 2).round(), (numbers("target", n) * 2).round());  // most are equal, some -0
  }
  SECTION("rows that do not lie one after the other") {
    require_same(numbers("student", 6).transpose(1, 2), numbers("target", 6).transpose(1, 2));
  }
  SECTION("infinite ones") {
    Tensor student = numbers("student", 50), target = numbers("target", 50);
    student[0][1][7] = std::numeric_limits<float>::infinity(),
    target[1][2][3] = -std::numeric_limits<float>::infinity();
    require_same(student, target);
  }
}

TEST_CASE("A number that is none makes its sample's distance none, as LibTorch's sort does", "[loss][sort]") {
  for (const float sign : {1.0f, -1.0f}) {
    Tensor student = Random(3).stream("student").normal({2, 2, 30});
    student[1][0][4] = sign * std::numeric_limits<float>::quiet_NaN();
    const Tensor target = Random(3).stream("target").normal({2, 2, 30});
    const auto [value, gradient] = both(sorted_distance, student, target);
    const auto [known, known_gradient] = both(sorted_distance_by_torch, student, target);
    REQUIRE(at::allclose(value, known, 0, 0, /*equal_nan=*/true));
    REQUIRE(at::allclose(gradient, known_gradient, 0, 0, /*equal_nan=*/true));
  }
}

TEST_CASE("Other types and a target that learns are sorted too", "[loss][sort]") {
  const Tensor student = Random(3).stream("student").normal({2, 2, 9}),
               target = Random(3).stream("target").normal({2, 2, 9});
  require_same(student.to(torch::kFloat64).to(torch::kFloat32), target);
  const Tensor wide = sorted_distance(student.to(torch::kFloat64), target.to(torch::kFloat64));
  REQUIRE(wide.scalar_type() == torch::kFloat64);
  REQUIRE(at::allclose(wide.to(torch::kFloat32), sorted_distance(student, target)));
  const Tensor learns = target.clone().requires_grad_();
  sorted_distance(student, learns).sum().backward();
  REQUIRE(learns.grad().abs().sum().item<float>() > 0);
}
