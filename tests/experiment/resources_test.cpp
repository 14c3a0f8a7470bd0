#include <opad/experiment/run/resources.hpp>

#include <opad/core/error.hpp>

#include "support/catch.hpp"

using namespace opad;

TEST_CASE("Too much memory is said before a run, and refused where the models alone do not fit",
          "[experiment][memory]") {
  constexpr std::int64_t gibibyte = std::int64_t{1} << 30;
  REQUIRE(memory_warning(3 * gibibyte, 7 * gibibyte, 8 * gibibyte).empty());
  const std::string said = memory_warning(3 * gibibyte, 9 * gibibyte, 8 * gibibyte);
  REQUIRE_THAT(
      said, ContainsSubstring("9 GiB") && ContainsSubstring("8:") && ContainsSubstring("--gradient-checkpointing yes"));
  REQUIRE_THROWS_WITH(memory_warning(11 * gibibyte, 12 * gibibyte, 8 * gibibyte),
                      ContainsSubstring("11 GiB") && ContainsSubstring("8;"));
  REQUIRE(memory_limit() > 0);
  REQUIRE(resident_bytes().most >= resident_bytes().now);
  REQUIRE(resident_bytes().now > 0);
}
