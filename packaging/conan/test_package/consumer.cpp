// Needs opad and LibTorch, and no more of either than a tensor: reading all headers takes half a minute.
#include <opad/core/error.hpp>
#include <opad/core/random.hpp>

#include <iostream>

int main() {
  const auto order = opad::Random(42).stream("package").permutation(5);
  opad::require(order.size() == 5, "the permutation lost a number");
  std::cout << "opad works: " << order << "\n";
}
