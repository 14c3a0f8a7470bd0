#include <opad/core/random.hpp>
#include <opad/text/clip_tokenizer.hpp>

#include "support/catch.hpp"

using opad::ClipTokenizer;
using opad::lost_words_note;
using opad::require_rows;
using opad::require_seen;
using Ids = std::vector<std::int64_t>;

namespace {

ClipTokenizer small() { return ClipTokenizer::from_pretrained(OPAD_SOURCE_DIR "/tests/golden/tokenizer_small/model"); }

Ids operator+(Ids left, const Ids& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

}  // namespace

TEST_CASE("Tokens of texts with white space between are the tokens of each", "[text][tokenizer]") {
  auto t = small();
  t.add_token("<new1>");
  const std::string parts[] = {"a photo of a dog", "<new1>", "it's", "12 cats!",   "\u00e9t\u00e9",
                               "\u65e5\u672c",     "!!!",    "'",    "don't-stop", "\U0001f600"};
  for (const auto& a : parts)
    for (const auto& b : parts)
      for (const std::string space : {" ", "  ", "\n", "\t \u3000"})
        REQUIRE(t.tokenize(a + space + b) == t.tokenize(a) + t.tokenize(b));
}

TEST_CASE("Outer white space and the case of letters do not matter", "[text][tokenizer]") {
  auto t = small();
  t.add_token("<new1>");
  REQUIRE(t.tokenize(" \n A Photo OF <NEW1> \t") == t.tokenize("a photo of <new1>"));
  REQUIRE(t.tokenize("").empty());
  REQUIRE(t.tokenize(" \t\n").empty());
}

TEST_CASE("A text and its decomposed form have the same tokens", "[text][tokenizer]") {
  REQUIRE(small().tokenize("e\u0301te\u0301 A\u030a") == small().tokenize("\u00e9t\u00e9 \u00c5"));
}

TEST_CASE("encode puts the start and end tokens around", "[text][tokenizer]") {
  const auto t = small();
  REQUIRE(t.encode("a dog") == Ids{t.bos_token_id()} + t.tokenize("a dog") + Ids{t.eos_token_id()});
}

TEST_CASE("Rows have one length, end with the end token and then padding", "[text][tokenizer]") {
  const auto t = small();
  std::string long_text;
  for (int i = 0; i < 200; ++i) long_text += "a ";
  const auto rows = t({"", "a dog", long_text});
  REQUIRE(rows.sizes() == at::IntArrayRef({3, 77}));
  REQUIRE(rows.scalar_type() == torch::kInt64);
  for (std::int64_t i = 0; i < 3; ++i) {
    REQUIRE(rows[i][0].item<std::int64_t>() == t.bos_token_id());
    REQUIRE(rows[i][76].item<std::int64_t>() == (i < 2 ? t.pad_token_id() : t.eos_token_id()));
  }
  REQUIRE(rows[0][1].item<std::int64_t>() == t.eos_token_id());
  REQUIRE(rows[2].slice(0, 1, 76).eq(t.tokenize("a")[0]).all().item<bool>());
  REQUIRE(at::equal(rows[1], t({"a dog"})[0]));  // a row does not depend on its neighbours
  REQUIRE(t({}).sizes() == at::IntArrayRef({0, 77}));
}

TEST_CASE("An added token gets the next id and is found wherever it stands", "[text][tokenizer]") {
  auto t = small();
  const auto before = t.size();
  REQUIRE_FALSE(t.token_id("<new1>"));
  REQUIRE(t.add_token("<new1>") == before);
  REQUIRE(t.add_token("<new2>") == before + 1);
  REQUIRE(t.size() == before + 2);
  REQUIRE(t.token_id("<new2>") == before + 1);
  REQUIRE(t.tokenize("x<new1>y") == t.tokenize("x") + Ids{before} + t.tokenize("y"));
  REQUIRE(t.tokenize("<new1><NEW2>") == Ids{before, before + 1});
}

TEST_CASE("Of added tokens that begin alike the longest is taken", "[text][tokenizer]") {
  for (const bool short_first : {true, false}) {
    auto t = small();
    for (const char* token : short_first ? std::array{"sks", "sksdog"} : std::array{"sksdog", "sks"})
      t.add_token(token);
    REQUIRE(t.tokenize("sksdog sks") == Ids{*t.token_id("sksdog"), *t.token_id("sks")});
  }
}

TEST_CASE("A token that exists, reads like another or is blank cannot be added", "[text][tokenizer]") {
  auto t = small();
  t.add_token("<new1>");
  const auto size = t.size();
  REQUIRE_THROWS_WITH(t.add_token("<new1>"), ContainsSubstring("is a token already"));
  REQUIRE_THROWS_WITH(t.add_token("a</w>"), ContainsSubstring("is a token already"));
  REQUIRE_THROWS_WITH(t.add_token("<NEW1>"), ContainsSubstring("cannot be told from"));
  REQUIRE_THROWS_WITH(t.add_token(" \n"), ContainsSubstring("is blank"));
  REQUIRE_THROWS_AS(t.add_token(""), opad::Error);
  REQUIRE(t.size() == size);
}

TEST_CASE("A special token counts only as it is written, but always parts words", "[text][tokenizer]") {
  const auto t = small();
  REQUIRE(t.tokenize("a<|endoftext|>b") == t.tokenize("a") + Ids{t.eos_token_id()} + t.tokenize("b"));
  const auto upper = t.tokenize("<|ENDOFTEXT|>.");
  REQUIRE(std::count(upper.begin(), upper.end(), t.eos_token_id()) == 0);
  REQUIRE(upper == t.tokenize("<|") + t.tokenize("endoftext") + t.tokenize("|>") + t.tokenize("."));
}

TEST_CASE("Bytes that are no UTF-8 are tokens like any others", "[text][tokenizer]") {
  const auto t = small();
  REQUIRE(t.tokenize("\xff") == t.tokenize("\ufffd"));
  REQUIRE(t.tokenize("dog \xe2\x82 cat") == t.tokenize("dog \ufffd\ufffd cat"));
  auto stream = opad::Random(1).stream("bytes");
  for (int i = 0; i < 300; ++i) {
    std::string text;
    for (std::int64_t n = stream.integer(0, 40); n > 0; --n) text += static_cast<char>(stream.integer(0, 256));
    for (const auto id : t.tokenize(text)) REQUIRE((id >= 0 && id < t.size()));
  }
}

TEST_CASE("A text of a million letters without a space, or of marks, is tokenized", "[text][tokenizer]") {
  const auto t = small();
  REQUIRE(t.tokenize(std::string(1000000, 'x')).size() > 1000);
  std::string marks = "q";
  for (int i = 0; i < 100000; ++i) marks += i % 2 ? "\u0323" : "\u0307";
  REQUIRE(t.tokenize(marks).size() > 1000);
}

TEST_CASE("The words that fall outside the window are told, and a token among them is refused", "[text][tokenizer]") {
  ClipTokenizer tokenizer = small();
  tokenizer.add_token("<lost>");
  const auto room = static_cast<std::size_t>(tokenizer.model_max_length() - 2);
  std::string full;
  for (std::size_t i = 0; i < room; ++i) full += "a ";
  REQUIRE(tokenizer.tokenize(full).size() == room);
  REQUIRE(tokenizer.lost_words(full).empty());
  REQUIRE(lost_words_note(tokenizer, full).empty());
  REQUIRE_NOTHROW(require_seen(tokenizer, "<lost> " + full.substr(2), "<lost>"));

  const std::string long_one = full + "photo of\ta <lost>, Dog";
  REQUIRE(tokenizer.lost_words(long_one) == std::vector<std::string>{"photo", "of", "a", "<lost>,", "Dog"});
  REQUIRE(lost_words_note(tokenizer, long_one) ==
          c10::str("the prompt is longer than the ", room,
                   " tokens that the text encoder reads; lost: photo of a <lost>, Dog"));
  REQUIRE_THROWS_WITH(require_seen(tokenizer, long_one, "<lost>"),
                      ContainsSubstring("the token '<lost>' is not seen: the prompt is longer than"));
  REQUIRE_NOTHROW(require_seen(tokenizer, long_one, "<other>"));

  SECTION("a word that is cut is lost too") {
    const std::string word = "xyzzyqx";
    REQUIRE(tokenizer.tokenize(word).size() > 2);
    REQUIRE(tokenizer.lost_words(full.substr(4) + word) == std::vector<std::string>{word});
  }
}

TEST_CASE("A tokenizer with more tokens than the text encoder has rows is refused with both numbers",
          "[text][tokenizer]") {
  ClipTokenizer tokenizer = small();
  const std::int64_t rows = tokenizer.size();
  REQUIRE_NOTHROW(require_rows(tokenizer, rows, "models/x"));
  tokenizer.add_token("<extra>");
  REQUIRE_THROWS_WITH(require_rows(tokenizer, rows, "models/x"),
                      ContainsSubstring(c10::str("models/x: the tokenizer has ", rows + 1, " tokens, the text encoder ",
                                                 rows, " rows: none for '<extra>' (id ", rows, ")")));
}
