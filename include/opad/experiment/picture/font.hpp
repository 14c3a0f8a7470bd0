#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace opad::font {

inline constexpr int width = 5, height = 9;  // of a letter, in dots: seven rows above the base line, two below it
inline constexpr int advance = 6, line_height = 11;

/// The printable ASCII characters: a bit for each dot, row by row from the top left, the first dot in the highest of 45
/// bits.
inline constexpr std::uint64_t glyphs[95] = {
    0x000000000000, 0x042108401000, 0x0a5280000000, 0x0a57d5f52800, 0x047d1c5f1000, 0x19c88889cc00,  //   ! " # $ %
    0x0c9511593400, 0x042100000000, 0x022210820800, 0x082084222000, 0x00abbeea8000, 0x00213e420000,  // & ' ( ) * +
    0x000000031100, 0x00001c000000, 0x000000063000, 0x010888884000, 0x0e8ceb98b800, 0x046508427c00,  // , - . / 0 1
    0x0e884c887c00, 0x0e884c18b800, 0x0232a5f10800, 0x1f878218b800, 0x06443d18b800, 0x1f0884421000,  // 2 3 4 5 6 7
    0x0e8c5d18b800, 0x0e8c5e113000, 0x000318063000, 0x000318062200, 0x022220820800, 0x0007c1f00000,  // 8 9 : ; < =
    0x082082222000, 0x0e8844401000, 0x0e8deb783800, 0x045463f8c400, 0x1e8c7d18f800, 0x0e8c2108b800,  // > ? @ A B C
    0x1c9463197000, 0x1f843d087c00, 0x1f843d084000, 0x0e8c2f18bc00, 0x118c7f18c400, 0x0e2108423800,  // D E F G H I
    0x071084293000, 0x119531494400, 0x108421087c00, 0x11dd6b18c400, 0x11ce6b39c400, 0x0e8c6318b800,  // J K L M N O
    0x1e8c7d084000, 0x0e8c63593400, 0x1e8c7d494400, 0x0f841c10f800, 0x1f2108421000, 0x118c6318b800,  // P Q R S T U
    0x118c62a51000, 0x118c6b5dc400, 0x118a88a8c400, 0x118a88421000, 0x1f0888887c00, 0x0e4210843800,  // V W X Y Z [
    0x108208208400, 0x0e1084213800, 0x045440000000, 0x0000000003e0, 0x082000000000, 0x000382f8bc00,  // \ ] ^ _ ` a
    0x1087a318f800, 0x0003a308b800, 0x010be318bc00, 0x0003a3f83c00, 0x064a3c842000, 0x0003e318bc2e,  // b c d e f g
    0x1085b318c400, 0x040308423800, 0x020184210a4c, 0x1084a98a4800, 0x0c2108423800, 0x0006ab5ad400,  // h i j k l m
    0x0005b318c400, 0x0003a318b800, 0x0007a318fa10, 0x0003e318bc21, 0x0005b3084000, 0x0003e0e0f800,  // n o p q r s
    0x084790849800, 0x00046319b400, 0x000463151000, 0x0004635aa800, 0x000454454400, 0x00046319b42e,  // t u v w x y
    0x0007c4447c00, 0x032110420c00, 0x042108421000, 0x182104426000, 0x00022a200000,                  // z { | } ~
};

/// Is the dot at column x, row y of this character set? Characters outside of printable ASCII look like a question
/// mark.
constexpr bool dot(char character, int x, int y) {
  const bool printable = character >= ' ' && character <= '~';
  return glyphs[(printable ? character : '?') - ' '] >> (width * height - 1 - width * y - x) & 1;
}

/// UTF-8 as one character for each letter, '?' for those outside of ASCII.
inline std::string ascii(std::string_view utf8) {
  std::string text;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) text += c;
    else if (byte >= 0xc0) text += '?';  // the bytes that follow it belong to the same letter
  }
  return text;
}

}  // namespace opad::font
