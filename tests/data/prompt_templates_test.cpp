#include <set>

#include <opad/data/prompt_templates.hpp>

#include "support/catch.hpp"

TEST_CASE("There are 27 different prompt templates, each with one place for the concept", "[data][templates]") {
  REQUIRE(std::set<std::string_view>(opad::prompt_templates.begin(), opad::prompt_templates.end()).size() == 27);
  for (const auto text : opad::prompt_templates) {
    REQUIRE(text.find("{}") != std::string_view::npos);
    REQUIRE(text.find("{}") == text.rfind("{}"));
  }
}

TEST_CASE("With augmentation the two close-up templates are left out", "[data][templates]") {
  REQUIRE(opad::instance_prompts("<new1> dog", false).size() == 27);
  const auto prompts = opad::instance_prompts("<new1> dog", true);
  REQUIRE(prompts.size() == 25);
  for (const auto& prompt : prompts) {
    REQUIRE(prompt.find("close-up") == std::string::npos);
    REQUIRE(prompt.ends_with(" <new1> dog"));
  }
}

TEST_CASE("Words go after the first word of a prompt", "[data][templates]") {
  REQUIRE(opad::insert_words("a photo of a dog", "a far away") == "a a far away photo of a dog");
  REQUIRE(opad::insert_words("dog", "zoomed in") == "dog zoomed in");
}

TEST_CASE("A template without a place for the concept is refused", "[data][templates]") {
  REQUIRE_THROWS_WITH(opad::fill_template("a photo", "dog"), ContainsSubstring("write {} where the concept goes"));
}
