#include <opad/core/random.hpp>
#include <opad/experiment/options/suggest.hpp>

#include "support/catch.hpp"

using opad::edit_distance;

TEST_CASE("The edit distance counts insertions, deletions, replacements and swaps of neighbours",
          "[experiment][suggest]") {
  REQUIRE(edit_distance("", "") == 0);
  REQUIRE(edit_distance("weight", "weight") == 0);
  REQUIRE(edit_distance("", "seed") == 4);
  REQUIRE(edit_distance("kitten", "sitting") == 3);
  REQUIRE(edit_distance("weight", "wieght") == 1);
  REQUIRE(edit_distance("steps", "step") == 1);
}

TEST_CASE("The edit distance is symmetric and obeys the bounds that the lengths give", "[experiment][suggest]") {
  auto stream = opad::Random(7).stream("words");
  const auto word = [&] {
    std::string text(static_cast<std::size_t>(stream.integer(0, 9)), ' ');
    for (auto& letter : text) letter = static_cast<char>('a' + stream.integer(0, 3));
    return text;
  };
  for (int i = 0; i < 300; ++i) {
    const auto a = word(), b = word();
    const auto distance = edit_distance(a, b);
    REQUIRE(distance == edit_distance(b, a));
    REQUIRE((distance == 0) == (a == b));
    REQUIRE(distance <= std::max(a.size(), b.size()));
    REQUIRE(distance >= std::max(a.size(), b.size()) - std::min(a.size(), b.size()));
  }
}

TEST_CASE("The nearest known word is found by spelling, then by its last part, and nothing is made up",
          "[experiment][suggest]") {
  const std::vector<std::string> known{"seed", "steps", "loss.identity.weight", "loss.latent-mse.weight"};
  REQUIRE(opad::nearest("sede", known) == "seed");
  REQUIRE(opad::nearest("loss.latent-mse.wieght", known) == "loss.latent-mse.weight");
  REQUIRE(opad::nearest("weight", known) == "loss.identity.weight");
  REQUIRE(opad::nearest("xylophone", known).empty());
  REQUIRE(opad::did_you_mean("step", known, "--") == "; did you mean --steps?");
  REQUIRE(opad::did_you_mean("xylophone", known).empty());
}
