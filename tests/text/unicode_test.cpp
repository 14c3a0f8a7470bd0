#include <opad/text/unicode.hpp>

#include "support/catch.hpp"

namespace unicode = opad::unicode;

TEST_CASE("UTF-8 goes through code points and back", "[text][unicode]") {
  const std::string text = "a\u00e9\u65e5\U0001f600" + std::string(1, '\0') + "z";
  REQUIRE(unicode::decode(text).size() == 6);
  REQUIRE(unicode::encode(unicode::decode(text)) == text);
}

TEST_CASE("Each byte of no valid sequence becomes U+FFFD, and the rest survives", "[text][unicode]") {
  REQUIRE(unicode::decode("a\xff"
                          "b") == U"a\uFFFDb");
  REQUIRE(unicode::decode("\xe2\x82") == U"\uFFFD\uFFFD");                      // cut short
  REQUIRE(unicode::decode("\xc0\xaf") == U"\uFFFD\uFFFD");                      // overlong
  REQUIRE(unicode::decode("\xed\xa0\x80") == U"\uFFFD\uFFFD\uFFFD");            // a surrogate
  REQUIRE(unicode::decode("\xf4\x90\x80\x80") == U"\uFFFD\uFFFD\uFFFD\uFFFD");  // beyond U+10FFFF
}

TEST_CASE("Normal form C composes, orders marks and composes Hangul", "[text][unicode]") {
  REQUIRE(unicode::nfc(U"e\u0301") == U"\u00e9");
  REQUIRE(unicode::nfc(U"q\u0307\u0323") == U"q\u0323\u0307");
  REQUIRE(unicode::nfc(U"\u1112\u1161\u11ab") == U"\ud55c");
  REQUIRE(unicode::nfc(U"\u212b") == U"\u00c5");
  REQUIRE(unicode::nfc(U"\u0958") == U"\u0915\u093c");  // excluded from composition
  REQUIRE(unicode::nfc(U"plain \u00e9") == U"plain \u00e9");
}

TEST_CASE("Normal form C is idempotent", "[text][unicode]") {
  for (char32_t point = 0; point < 0x3100; ++point) {
    const std::u32string once = unicode::nfc(std::u32string(U"a") + point + U"\u0323\u0301" + point);
    if (unicode::nfc(once) != once) FAIL("U+" << std::hex << static_cast<unsigned>(point));
  }
}

TEST_CASE("A long run of marks in the wrong order is ordered, stably", "[text][unicode]") {
  std::u32string text = U"q";
  for (int i = 0; i < 100000; ++i) text += i % 2 ? U'\u0323' : U'\u0307';  // above, below, above, ...
  REQUIRE(unicode::nfc(text) == U"q" + std::u32string(50000, U'\u0323') + std::u32string(50000, U'\u0307'));
}

TEST_CASE("Lower case goes letter by letter", "[text][unicode]") {
  REQUIRE(unicode::lower(U"A\u0130\u03a3\u1e9e\U00010400") == U"ai\u0307\u03c3\u00df\U00010428");
}

TEST_CASE("Runs of white space of every kind become one space", "[text][unicode]") {
  REQUIRE(unicode::collapse_spaces(U"\t a\u00a0\u2003b\r\n\u3000") == U" a b ");
  REQUIRE(unicode::collapse_spaces(U"a\u200bb\ufeff") == U"a\u200bb\ufeff");  // these are no white space
}

TEST_CASE("Letters and numbers are Unicode's categories L and N", "[text][unicode]") {
  for (const char32_t point : U"aZ\u00e9\u65e5\u01c5\u02b0\u05d0") REQUIRE((point == 0 || unicode::is_letter(point)));
  for (const char32_t point : U"7\u0663\u2167\u00bd\u00b2") REQUIRE((point == 0 || unicode::is_number(point)));
  for (const char32_t point : U"!_\u0301\u20e3\u200d ")
    REQUIRE_FALSE((unicode::is_letter(point) || unicode::is_number(point)));
}

TEST_CASE("Letters, numbers and capitals of Unicode 16 are known, whatever utf8proc knows", "[text][unicode]") {
  for (const char32_t point : {0x1C8A, 0x105C0, 0x10D50, 0x13460, 0x16D40, 0x2EBF0, 0x2EE5D})
    REQUIRE(unicode::is_letter(point));
  for (const char32_t point : {0x10D40, 0x116D0, 0x1CCF9, 0x1E5FA}) REQUIRE(unicode::is_number(point));
  REQUIRE_FALSE((unicode::is_letter(0x2EE5E) || unicode::is_number(0x1CCFA)));
  REQUIRE(unicode::lower(U"\u1c89\ua7cb\ua7dc\U00010d50\U00016ea0") == U"\u1c8a\u0264\u019b\U00010d70\U00016ebb");
}
