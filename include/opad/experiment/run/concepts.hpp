#pragma once
#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <opad/data/captions.hpp>
#include <opad/data/concept_dataset.hpp>
#include <opad/data/masks.hpp>
#include <opad/experiment/run/settings.hpp>

namespace opad {

/// What a run learns from, and what is worth a word about it.
struct RunConcepts {
  std::vector<ConceptData> data;
  std::string greeting;  // what was read and what was passed over; said when everything else is found to be in order
  Json contents = Json::object();  // by what the pictures are known (contents.hpp)
};

namespace detail {

/// "3 of 5 captioned"; the digests go where the pictures' are. Nothing where there is none.
OPAD_ONCE void note_companions(RunConcepts& out, const char* key, const char* word,
                               const std::vector<std::string>& sums) {
  const auto count = std::ranges::count_if(sums, [](const auto& sum) { return !sum.empty(); });
  if (count == 0) return;
  out.contents["instance-data"].back()[key] = sums;
  out.greeting += c10::str(count, " of ", sums.size(), " ", word, "\n");
}

OPAD_ONCE void read_captions(RunConcepts& out, ConceptData& data, const ConceptFolder& folder, const RunSettings& s) {
  std::vector<std::string> sums(folder.files.size());
  data.captions.resize(folder.files.size());
  for (std::size_t i = 0; i < folder.files.size(); ++i)
    if (const auto& file = folder.captions[i]; !file.empty()) {
      data.captions[i] = caption_prompt(read_caption(file), data.instance_prompt, s.modifier_token, file.string());
      sums[i] = digest(data.captions[i]);
    }
  note_companions(out, "captions", "captioned", sums);
}

/// Of a concept's own folder (--masks), or beside the photographs.
OPAD_ONCE void read_masks(RunConcepts& out, ConceptData& data, const ConceptFolder& folder,
                          const std::filesystem::path& own) {
  std::vector<std::filesystem::path> files = folder.masks;
  if (!own.empty()) {
    std::map<std::string, std::filesystem::path> named;
    for (const auto& entry : entries_of(own))
      if (why_no_picture(entry).empty()) {
        const auto stem = masked_stem(entry.path());
        named[stem.empty() ? entry.path().stem().string() : stem] = entry.path();
      }
    for (std::size_t i = 0; i < files.size(); ++i) files[i] = Companions::of(folder.files[i], named);
    require(std::ranges::any_of(files, [](const auto& file) { return !file.empty(); }), "--masks ", own.string(),
            ": no mask of a photograph; call that of ", folder.files.front().filename().string(), " ",
            folder.files.front().stem().string(), ".png");
  }
  if (std::ranges::all_of(files, [](const auto& file) { return file.empty(); })) return;
  std::vector<std::string> sums(files.size());
  data.masks.resize(files.size());
  for (std::size_t i = 0; i < files.size(); ++i)
    if (!files[i].empty()) {
      auto [values, sum] = read_mask(files[i], data.pictures[i]);
      data.masks[i] = values, sums[i] = sum;
    }
  note_companions(out, "masks", "masked", sums);
}

}  // namespace detail

/// The photographs of every concept with their captions and masks, and the given pictures of their classes.
OPAD_ONCE RunConcepts open_concepts(const RunSettings& s) {
  RunConcepts out;
  const auto pictures = [&](const char* option, const std::filesystem::path& path, const std::string& what) {
    ConceptFolder folder = read_concept_folder(path);
    Json names = Json::array();
    for (const auto& file : folder.files) names.push_back(file.filename().string());
    out.contents[option].push_back({{"files", names}, {"xxh3-64", folder.digests}});
    for (const auto& [file, reason] : folder.skipped)
      out.greeting += c10::str("skipped ", file.string(), " (", reason, ")\n");
    out.greeting += c10::str(folder.pictures.size(), " pictures of \"", what, "\"\n");
    return folder;
  };
  for (std::size_t i = 0; i < s.instance_data.size(); ++i) {
    const ConceptFolder folder = pictures("instance-data", s.instance_data[i], s.instance_prompt[i]);
    ConceptData data{
        .pictures = folder.pictures, .instance_prompt = s.instance_prompt[i], .class_pictures = {}, .class_prompt = ""};
    if (s.captions) detail::read_captions(out, data, folder, s);
    detail::read_masks(out, data, folder, s.masks.empty() ? std::filesystem::path() : s.masks[i]);
    if (s.has_prior()) data.class_prompt = s.class_prompt[i];
    if (!s.class_data.empty())
      data.class_pictures = pictures("class-data", s.class_data[i], data.class_prompt).pictures;
    if (s.instance_prompt[i].find("photo of") != std::string::npos)
      out.greeting += c10::str("--instance-prompt \"", s.instance_prompt[i],
                               "\" is put into sentences such as \"a photo of a ...\"; say only what is seen\n");
    out.data.push_back(std::move(data));
  }
  return out;
}

}  // namespace opad
