#pragma once
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>
#include <opad/io/digest.hpp>
#include <opad/io/folder.hpp>
#include <opad/io/image.hpp>

namespace opad {

/// The pictures of a folder, in the order of their names, decoded once.
struct ConceptFolder {
  /// A file that is no picture, and why.
  struct Skipped {
    std::filesystem::path file;
    std::string reason;
  };
  std::vector<std::filesystem::path> files;
  std::vector<std::string> digests;  // of the files' bytes (io/digest.hpp)
  std::vector<Tensor> pictures;      // uint8 [H, W, 3], upright RGB, each of its own size
  std::vector<Skipped> skipped;      // whatever else lies there, to be told to the user once
  /// What lies beside each picture NAME.jpg: NAME.txt, its caption (data/captions.hpp), and NAME.mask.png, which part
  /// of it counts (data/masks.hpp). Empty where there is none.
  std::vector<std::filesystem::path> captions, masks;
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
  struct ::stat status{};
  if (::stat(entry.path().c_str(), &status) != 0) return std::strerror(errno);  // such as a link that leads nowhere
  if (const auto kind = kind_of_file(status.st_mode); !kind.empty()) return std::string(kind);
  if (std::find(endings.begin(), endings.end(), ending) == endings.end())
    return "not a .jpg, .jpeg, .png or .webp file";
  return "";
}

/// The picture's name that a mask has, "01" of 01.mask.png; empty for what is no mask by its name.
inline std::string masked_stem(const std::filesystem::path& file) {
  const auto stem = file.stem();
  return lower_case(file.extension().string()) == ".png" && lower_case(stem.extension().string()) == ".mask"
             ? stem.stem().string()
             : "";
}

/// What lies beside the pictures of a folder, by their names.
struct Companions {
  std::map<std::string, std::filesystem::path> captions, masks;

  explicit Companions(const std::vector<std::filesystem::directory_entry>& entries) {
    std::set<std::string> pictures;
    for (const auto& entry : entries)
      if (masked_stem(entry.path()).empty() && why_no_picture(entry).empty())
        pictures.insert(entry.path().stem().string());
    for (const auto& entry : entries) {
      const auto& file = entry.path();
      if (!is_file(entry)) continue;
      if (const auto stem = masked_stem(file); pictures.contains(stem)) masks[stem] = file;
      else if (lower_case(file.extension().string()) == ".txt" && pictures.contains(file.stem().string()))
        captions[file.stem().string()] = file;
    }
  }
  bool has(const std::filesystem::path& file) const {
    const auto in = [&](const auto& files) {
      return std::ranges::any_of(files, [&](const auto& each) { return each.second == file; });
    };
    return in(captions) || in(masks);
  }
  static std::filesystem::path of(const std::filesystem::path& picture,
                                  const std::map<std::string, std::filesystem::path>& files) {
    const auto found = files.find(picture.stem().string());
    return found == files.end() ? std::filesystem::path() : found->second;
  }
};

}  // namespace detail

/// The pictures of one folder may take so much memory, decoded: 200 photographs of 12 million pixels, or 10,000 of 512
/// x 512.
inline constexpr std::uint64_t most_folder_bytes = std::uint64_t{8} << 30;

/// Reads all pictures of a folder: files that end in .jpg, .jpeg, .png or .webp in any case, whose content decides what
/// they are. Throws Error for a folder that is missing, unreadable, empty or without pictures, for pictures that would
/// fill the memory, and for a picture that cannot be decoded.
OPAD_ONCE ConceptFolder read_concept_folder(const std::filesystem::path& folder,
                                            std::uint64_t most = most_folder_bytes) {
  const std::string where = folder.string();
  require_folder(folder, "give the folder with a few photographs of the concept");
  const auto entries = entries_of(folder);
  require(!entries.empty(), where, ": the folder is empty; put a few photographs there");

  ConceptFolder out;
  const detail::Companions beside(entries);
  std::uint64_t bytes = 0;
  for (const auto& entry : entries) {
    if (beside.has(entry.path())) continue;
    if (std::string reason = detail::why_no_picture(entry); !reason.empty()) {
      out.skipped.push_back({entry.path(), std::move(reason)});
    } else {
      constexpr std::uint64_t header = 1 << 20;  // what a camera writes before the size is less
      bytes += decoded_bytes(InputFile(entry.path()).head(header));
      out.files.push_back(entry.path());
      out.captions.push_back(detail::Companions::of(entry.path(), beside.captions));
      out.masks.push_back(detail::Companions::of(entry.path(), beside.masks));
    }
  }
  require(bytes <= most, where, ": its ", out.files.size(), " pictures take ", bytes >> 20,
          " MiB of memory once decoded, more than ", most >> 20, " MiB; give fewer or smaller ones");
  if (out.files.empty()) {
    const auto& [file, reason] = out.skipped.front();
    fail(where, ": no picture among its ", entries.size(), " entries (", file.filename().string(), ": ", reason,
         "); save the photographs as .jpg, .png or .webp");
  }
  for (const auto& file : out.files) {
    const std::string content = read_file(file, most_image_bytes);
    out.digests.push_back(digest(content));
    out.pictures.push_back(decode_image(std::as_bytes(std::span(content)), file.string()));
  }
  return out;
}

}  // namespace opad
