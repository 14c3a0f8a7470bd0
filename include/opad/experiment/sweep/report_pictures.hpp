#pragma once
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/data/concept_folder.hpp>
#include <opad/experiment/sweep/report_page.hpp>

namespace opad::page {

/// A prompt with the concept's class in the place of {}.
inline std::string filled(std::string prompt, const std::string& words) {
  if (const auto at = prompt.find("{}"); at != std::string::npos) prompt.replace(at, 2, words);
  return prompt;
}

/// Those that a run learned from.
OPAD_ONCE std::string photographs(const RunResult& run) {
  const std::filesystem::path folder = run.json.value("photographs", "");
  if (!std::filesystem::is_directory(folder)) return "";
  std::string out = "<span class=\"small soft\">photographs</span>";
  for (const Tensor& photograph : read_concept_folder(folder).pictures)
    out += image(photograph, "photograph of " + run.subject);
  return out;
}

/// A run's picture of a prompt, framed where it failed.
OPAD_ONCE std::string picture(const SweepResults& results, const std::string& variant, const std::string& subject,
                              std::size_t prompt) {
  const RunResult* const run = results.find(variant, subject, results.seeds.front());
  if (!run) return "<span class=\"soft\">–</span>";
  const auto count = run->json.value("count", std::int64_t{1});
  const std::size_t i = prompt * static_cast<std::size_t>(count);
  const auto file = run->folder / "evaluation" / picture_name(i, count);
  if (!std::filesystem::exists(file)) return "<span class=\"soft\">–</span>";
  const auto value = [&](const char* metric) {
    const Json all = run->json.value("pictures", Json::object()).value(metric, Json::array());
    return i < all.size() && all[i].is_number() ? all[i].get<double>() : std::numeric_limits<double>::quiet_NaN();
  };
  return image(read_image(file),
               c10::str(variant, ": DINO ", decimal(value("dino"), 2), ", CLIP-T ", decimal(value("clip-t"), 2)),
               value("failures") > 0.5 ? "failed" : "");
}

/// Of each concept its photographs, and all variants' pictures side by side, made from the same noise.
OPAD_ONCE std::string pictures(const SweepResults& results) {
  constexpr std::size_t shown_prompts = 5, opened_concepts = 6;
  std::string out = c10::str("<h2 id=\"pictures\">Pictures</h2>\n<p>Every row was made from the same noise (seed ",
                             results.seeds.front(),
                             "), so what differs between its pictures is the variant. Red frames are failures.</p>\n");
  std::size_t number = 0;
  for (const std::string& subject : results.subjects) {
    const RunResult* any = nullptr;
    for (const std::string& variant : results.variants)
      if (!any) any = results.find(variant, subject, results.seeds.front());
    if (!any) continue;
    out += c10::str("<details", number++ < opened_concepts ? " open" : "", "><summary>", escape(subject),
                    "</summary>\n<div class=\"photos\">", photographs(*any),
                    "</div>\n<div class=\"scroll\"><table class=\"pictures\"><thead><tr><th></th>");
    for (const std::string& variant : results.variants)
      out += c10::str("<th>", key(results, variant), escape(variant), "</th>");
    out += "</tr></thead><tbody>\n";
    const auto prompts = any->json.at("prompts").get<std::vector<std::string>>();
    for (std::size_t p = 0; p < prompts.size();
         p += std::max<std::size_t>(1, (prompts.size() + shown_prompts - 1) / shown_prompts)) {
      out += c10::str("<tr><th class=\"prompt\">", escape(filled(prompts[p], any->json.value("class", "…"))), "</th>");
      for (const std::string& variant : results.variants)
        out += "<td>" + picture(results, variant, subject, p) + "</td>";
      out += "</tr>\n";
    }
    out += "</tbody></table></div></details>\n";
  }
  return out;
}

}  // namespace opad::page
