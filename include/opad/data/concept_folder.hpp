#pragma once
#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>
#include <opad/io/image.hpp>

namespace opad {

/// The pictures of a folder, in the order of their names, decoded once.
struct ConceptFolder {
  struct Skipped {
    std::filesystem::path file;
    std::string reason;
  };
  std::vector<std::filesystem::path> files;
  std::vector<Tensor> pictures;  // uint8 [H, W, 3], upright RGB, each of its own size
  std::vector<Skipped> skipped;  // whatever else lies there, to be told to the user once
};

namespace detail {

inline std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// Why an entry of a concept folder is not taken for a picture; empty if it is.
inline std::string why_no_picture(const std::filesystem::directory_entry& entry) {
  constexpr std::array<std::string_view, 4> endings{".jpg", ".jpeg", ".png", ".webp"};
  const std::string name = lower_case(entry.path().filename().string()),
                    ending = lower_case(entry.path().extension().string());
  if (name.starts_with('.')) return "hidden";
  if (name == "thumbs.db" || name == "desktop.ini") return "made by the file manager";
  std::error_code error;
  if (entry.is_directory(error)) return "a folder";
  if (std::find(endings.begin(), endings.end(), ending) == endings.end())
    return "not a .jpg, .jpeg, .png or .webp file";
  return "";
}

}  // namespace detail

/// Reads all pictures of a folder: files that end in .jpg, .jpeg, .png or .webp in any case, whose content decides what
/// they are. Throws Error for a folder that is missing, unreadable, empty or without pictures, and for a picture that
/// cannot be decoded.
OPAD_ONCE ConceptFolder read_concept_folder(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  const std::string where = folder.string();
  require(fs::exists(folder), where, ": no such folder; give a folder with a few photographs of the concept");
  require(fs::is_directory(folder), where, ": not a folder; give the folder that holds the photographs");
  std::error_code error;
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) entries.push_back(*it);
  require(!error, where, ": cannot be listed: ", error.message());
  require(!entries.empty(), where, ": the folder is empty; put a few photographs there");
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.path().filename() < b.path().filename(); });

  ConceptFolder out;
  for (const fs::directory_entry& entry : entries) {
    if (std::string reason = detail::why_no_picture(entry); !reason.empty()) {
      out.skipped.push_back({entry.path(), std::move(reason)});
    } else {
      out.pictures.push_back(read_image(entry.path()));
      out.files.push_back(entry.path());
    }
  }
  if (out.files.empty()) {
    const auto& [file, reason] = out.skipped.front();
    fail(where, ": no picture among its ", entries.size(), " entries (", file.filename().string(), ": ", reason,
         "); save the photographs as .jpg, .png or .webp");
  }
  return out;
}

}  // namespace opad
