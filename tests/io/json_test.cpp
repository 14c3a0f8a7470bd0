#include <opad/io/json.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using opad::Json;
using opad::parse_json;
using opad::read_json;

TEST_CASE("write_json and read_json keep values and the order of keys", "[io][json]") {
  const TemporaryFolder folder;
  const Json value = {
      {"z", 1}, {"a", {1.5, nullptr, true, "é\n"}}, {"m", {{"b", -3}, {"a", 1e300}}}, {"big", 18446744073709551615u}};
  opad::write_json(folder / "x.json", value);
  REQUIRE(read_json(folder / "x.json") == value);
  REQUIRE(read_json(folder / "x.json").dump() == value.dump());
}

TEST_CASE("write_json replaces bytes that are not UTF-8", "[io][json]") {
  const TemporaryFolder folder;
  opad::write_json(folder / "x.json", {{"a", "b\xff"}});
  REQUIRE(read_json(folder / "x.json").at("a") == "b\xEF\xBF\xBD");
}

TEST_CASE("a JSON error names file, line and column", "[io][json]") {
  const TemporaryFolder folder;
  opad::write_atomically(folder / "config.json", "{\n  \"a\": 1,\n  \"b\": oops\n}\n");
  REQUIRE_THROWS_WITH(
      read_json(folder / "config.json"),
      ContainsSubstring((folder / "config.json").string() + ": not JSON: parse error at line 3, column 8"));
  REQUIRE_THROWS_WITH(read_json(folder / "absent.json"), ContainsSubstring("absent.json: no such file"));
}

TEST_CASE("parse_json refuses what is not exactly one JSON value", "[io][json]") {
  for (const std::string text : {"", " ", "{", "[1,]", "{\"a\":1,}", "1 2", "{} x", "nul", "'a'", "{a:1}", "NaN",
                                 "1e999", "\"\xff\"", "// c\n1"})
    REQUIRE_THROWS_WITH(parse_json(text, "where"), ContainsSubstring("where: not JSON: "));
  REQUIRE_THROWS_WITH(parse_json(std::string("1\0garbage", 9), "where"), ContainsSubstring("zero byte"));
}

TEST_CASE("parse_json refuses a key that comes twice in one object, and only that", "[io][json]") {
  REQUIRE_THROWS_WITH(parse_json(R"({"a": 1, "b": 2, "a": 3})", "w"), ContainsSubstring("w: the key 'a' comes twice"));
  REQUIRE_THROWS_WITH(parse_json(R"([0, {"x": {"a": 1, "\u0061": 1}}])", "w"),
                      ContainsSubstring("the key 'a' comes twice"));
  REQUIRE_NOTHROW(parse_json(R"({"a": {"a": [{"a": 1}, {"a": 2}]}, "b": {"a": 1}, "c": [[{"a": 3}]]})", "w"));
}

TEST_CASE("parse_json ends at 200 levels", "[io][json]") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  REQUIRE_NOTHROW(parse_json(nested(200), "w"));
  REQUIRE_THROWS_WITH(parse_json(nested(1'000'000), "w"),
                      ContainsSubstring("w: not read: nested more than 200 levels deep"));
}

TEST_CASE("parse_json refuses what would take minutes, and does not repeat what is long", "[io][json]") {
  std::string keys = "{";
  for (int i = 0; i < 100'000; ++i) keys += c10::str("\"key", i, "\": 1,");
  REQUIRE_THROWS_WITH(parse_json(keys + "\"x\": 1}", "w"),
                      ContainsSubstring("w: not read: an object of more than 10000 keys"));
  REQUIRE(parse_json<nlohmann::json>(keys + "\"x\": 1}", "w").size() == 100'001);  // whose keys are in a tree
  try {
    parse_json("{\"a\": \"" + std::string(1'000'000, 'x') + "\n\"}", "w");
    FAIL("a line break in a string");
  } catch (const opad::Error& error) { REQUIRE(std::string(error.what()).size() < 500); }
  REQUIRE(opad::brief(Json("short")) == "\"short\"");
  REQUIRE(opad::brief(Json(std::string(1000, 'x'))).size() < 110);
}
