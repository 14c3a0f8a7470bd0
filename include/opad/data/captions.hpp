#pragma once
#include <utf8proc.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/io/input_file.hpp>
#include <opad/text/unicode.hpp>

namespace opad {

/// What stands in a caption for the instance prompt ("<new1> dog"), as in prompt templates, and for the modifier token
/// alone, as trainers with one trigger word write it.
inline constexpr std::string_view caption_concept = "{}";
inline constexpr std::string_view caption_trigger = "[trigger]";  // the token alone

/// A caption's text: NAME.txt beside NAME.jpg, any white space as one space. Throws Error for a file that is empty,
/// blank, no UTF-8 or longer than 64 KiB.
OPAD_ONCE std::string read_caption(const std::filesystem::path& file) {
  constexpr std::uint64_t most = 1 << 16;
  const std::string where = file.string();
  const InputFile opened(file);
  require(opened.size() <= most, where, ": a caption of ", opened.size() >> 10,
          " KiB; a prompt has some ten words; is this the right file?");
  std::string bytes = read_file(file, most);
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.erase(0, 3);
  for (std::size_t at = 0; at < bytes.size();) {
    utf8proc_int32_t point = 0;
    const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(bytes.data() + at),
                                         static_cast<utf8proc_ssize_t>(bytes.size() - at), &point);
    require(length > 0 && point != 0, where, ": the caption is not UTF-8 text (byte ", at, "); save it as UTF-8");
    at += static_cast<std::size_t>(length);
  }
  std::string text = unicode::encode(unicode::collapse_spaces(unicode::decode(bytes)));
  if (text.starts_with(' ')) text.erase(0, 1);
  if (text.ends_with(' ')) text.pop_back();
  require(!text.empty(), where, ": the caption is empty; say what the picture shows, or remove the file");
  return text;
}

/// The caption as a prompt. Throws Error where it does not name the concept.
///   instance_prompt  "<new1> dog"      tokens  of the run; those in the instance prompt are the concept's
///   where            begins the message
OPAD_ONCE std::string caption_prompt(std::string text, const std::string& instance_prompt,
                                     const std::vector<std::string>& tokens, const std::string& where) {
  std::vector<std::string> own;
  std::ranges::copy_if(tokens, std::back_inserter(own),
                       [&](const auto& token) { return instance_prompt.find(token) != std::string::npos; });
  require(!own.empty(), where, ": the instance prompt \"", instance_prompt, "\" has no modifier token");
  const auto fill = [&](std::string_view place, const std::string& words) {
    for (auto at = text.find(place); at != std::string::npos; at = text.find(place, at + words.size()))
      text.replace(at, place.size(), words);
  };
  fill(caption_concept, instance_prompt), fill(caption_trigger, own.front());
  require(std::ranges::any_of(own, [&](const auto& token) { return text.find(token) != std::string::npos; }), where,
          ": the caption \"", text, "\" does not name the concept; write ", own.front(), ", ", caption_concept,
          " (for \"", instance_prompt, "\") or ", caption_trigger, " where it goes");
  return text;
}

}  // namespace opad
