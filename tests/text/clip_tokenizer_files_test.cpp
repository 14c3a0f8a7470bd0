#include <opad/text/clip_tokenizer.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using opad::ClipTokenizer;
using opad::Json;

namespace {

const std::filesystem::path fixture = OPAD_SOURCE_DIR "/tests/golden/tokenizer_small/model";

/// A copy of the small tokenizer to change.
struct Copy : TemporaryFolder {
  Copy() { std::filesystem::copy(fixture, path); }
  void write(const char* name, const std::string& text) const { opad::write_atomically(*this / name, text); }
  ClipTokenizer load() const { return ClipTokenizer::from_pretrained(path); }
};

}  // namespace

TEST_CASE("Special tokens are strings or objects, and special_tokens_map.json takes precedence", "[text][tokenizer]") {
  const Copy copy;
  copy.write("tokenizer_config.json",
             R"({"model_max_length": 16, "pad_token": "<|endoftext|>", "eos_token": {"content": "<|endoftext|>"}})");
  copy.write("special_tokens_map.json", R"({"pad_token": {"content": "!", "normalized": true}, "unk_token": null})");
  const auto t = copy.load();
  REQUIRE(t.pad_token_id() == 0);
  REQUIRE(t({"a"}).size(1) == 16);
  REQUIRE(t.tokenize("a!!") == std::vector<std::int64_t>{t.tokenize("a")[0], 0, 0});
}

TEST_CASE("Without config files the tokens are CLIP's", "[text][tokenizer]") {
  const Copy copy;
  std::filesystem::remove(copy / "tokenizer_config.json");
  std::filesystem::remove(copy / "special_tokens_map.json");
  const auto t = copy.load();
  REQUIRE(t.model_max_length() == 77);
  REQUIRE(t.pad_token_id() == t.eos_token_id());
  REQUIRE(t.tokenize("a photo") == ClipTokenizer::from_pretrained(fixture).tokenize("a photo"));
}

TEST_CASE("added_tokens.json keeps the ids it gives, in any order", "[text][tokenizer]") {
  const Copy copy;
  copy.write("added_tokens.json", R"({"<new10>": 600, "<new2>": 601, "<|endoftext|>": 599})");
  auto t = copy.load();
  REQUIRE(t.tokenize("<new2><new10>") == std::vector<std::int64_t>{601, 600});
  REQUIRE(t.size() == 602);
  REQUIRE(t.add_token("<new3>") == 602);
  REQUIRE_THROWS_AS(t.add_token("<new2>"), opad::Error);
  const auto upper =
      t.tokenize("<|ENDOFTEXT|>");  // named among the added ones, it stays special: not sought in lower case
  REQUIRE(std::count(upper.begin(), upper.end(), t.eos_token_id()) == 0);
}

TEST_CASE("tokenizer.json gives the same tokenizer as vocab.json and merges.txt", "[text][tokenizer]") {
  const bool pairs = GENERATE(true, false);
  const auto files = opad::ClipTokenizerFiles::read(fixture);
  nlohmann::json merges = nlohmann::json::array();
  for (const auto& [left, right] : files.merges)
    merges.push_back(pairs ? nlohmann::json({left, right}) : nlohmann::json(left + " " + right));
  const nlohmann::json json = {{"model", {{"vocab", files.vocabulary}, {"merges", merges}}},
                               {"added_tokens",
                                {{{"id", 599}, {"content", "<|endoftext|>"}, {"special", true}, {"normalized", false}},
                                 {{"id", 600}, {"content", "<new1>"}, {"special", false}, {"normalized", true}}}}};
  const TemporaryFolder folder;
  opad::write_atomically(folder / "tokenizer.json", json.dump());
  const auto t = ClipTokenizer::from_pretrained(folder.path);
  auto expected = ClipTokenizer::from_pretrained(fixture);
  REQUIRE(expected.add_token("<new1>") == 600);
  for (const char* text : {"a photo of a <NEW1> dog", "it's 12 o'clock!", "<|endoftext|> x"})
    REQUIRE(t.encode(text) == expected.encode(text));
}

TEST_CASE("Files that are missing or wrong are named", "[text][tokenizer]") {
  const Copy copy;
  const auto message = [&](const char* part) { REQUIRE_THROWS_WITH(copy.load(), ContainsSubstring(part)); };
  SECTION("no tokenizer at all") {
    const TemporaryFolder empty;
    REQUIRE_THROWS_WITH(ClipTokenizer::from_pretrained(empty.path), ContainsSubstring("no tokenizer here"));
  }
  SECTION("no merges") { std::filesystem::remove(copy / "merges.txt"), message("merges.txt: no such file"); }
  SECTION("a broken line of merges") {
    copy.write("merges.txt", "#version: 0.2\na b c\n"), message("merges.txt: line 2 is 'a b c'");
  }
  SECTION("merges of another vocabulary") { copy.write("merges.txt", "q zzz\n"), message("needs 'zzz'"); }
  SECTION("an empty vocabulary") { copy.write("vocab.json", "{}"), message("vocab.json: holds no vocabulary"); }
  SECTION("an id that is no number") { copy.write("vocab.json", R"({"a": "b"})"), message("has the id \"b\""); }
  SECTION("an id out of range") { copy.write("vocab.json", R"({"a": -1})"), message("has the id -1"); }
  SECTION("half a file") { copy.write("vocab.json", R"({"a": 1,)"), message("vocab.json: not JSON"); }
  SECTION("a length that holds no text") {
    copy.write("special_tokens_map.json", R"({"model_max_length": 1})"), message("model_max_length is 1");
  }
  SECTION("a special token without content") {
    copy.write("special_tokens_map.json", R"({"pad_token": {}})"), message("pad_token is {}");
  }
  SECTION("an added token on a taken id") {
    copy.write("added_tokens.json", R"({"<new1>": 5})"), message("asks for the id 5, which is taken");
  }
  SECTION("a token for whole words") {
    copy.write("tokenizer_config.json",
               R"({"added_tokens_decoder": {"600": {"content": "<w>", "single_word": true}}})");
    message("single_word");
  }
}

TEST_CASE("null says nothing in a tokenizer's files", "[text][tokenizer]") {
  const Copy copy;
  const auto before = copy.load();
  copy.write("tokenizer_config.json",
             R"({"model_max_length": null, "pad_token": null, "additional_special_tokens": null,
                 "added_tokens_decoder": {"599": {"content": "<|endoftext|>", "normalized": null, "special": true}}})");
  REQUIRE(copy.load().model_max_length() == 77);
  REQUIRE(copy.load().tokenize("a photo") == before.tokenize("a photo"));
}

TEST_CASE("A length of 1e30, which means none was set, is CLIP's 77", "[text][tokenizer]") {
  const Copy copy;
  copy.write("special_tokens_map.json", R"({"model_max_length": 1000000000000000019884624838656})");
  REQUIRE(copy.load().model_max_length() == 77);
}
