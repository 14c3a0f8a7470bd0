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

/// A run's picture of a prompt, framed where it failed.
///   root  the page's folder: addresses begin there
OPAD_ONCE std::string picture(const SweepResults& results, const std::string& variant, const std::string& subject,
                              std::size_t prompt, const std::filesystem::path& root) {
  const std::string missing =
      c10::str("<figure", attribute("data-row", variant), "><span class=\"soft\">–</span><figcaption>",
               row_name(results, variant), "</figcaption></figure>\n");
  const RunResult* const run = results.find(variant, subject, results.seeds.front());
  if (!run) return missing;
  const auto count = run->json.value("count", std::int64_t{1});
  const std::size_t i = prompt * static_cast<std::size_t>(count);
  const auto file = run->folder / "evaluation" / picture_name(i, count);
  if (!std::filesystem::exists(file)) return missing;
  const auto value = [&](std::string_view metric) {
    const Json all = run->json.value("pictures", Json::object()).value(metric, Json::array());
    return i < all.size() && all[i].is_number() ? all[i].get<double>() : std::numeric_limits<double>::quiet_NaN();
  };
  const auto prompts = run->json.at("prompts").get<std::vector<std::string>>();
  Picture shown{.images = {},
                .facts = {{"row", variant},
                          {"concept", subject},
                          {"prompt", filled(prompts.at(prompt), run->json.value("class", "…"))},
                          {"noise", c10::str("seed ", run->seed, ", prompt ", prompt + 1, "; the same in every row")}},
                .caption = row_name(results, variant),
                .classes = value("failures") > 0.5 ? "failed" : "",
                .row = variant};
  std::string scores;
  for (const auto& column : metric_columns)
    if (const double score = value(column.key); column.key != "failures" && std::isfinite(score)) {
      shown.facts.emplace_back(column.title, decimal(score));
      scores += c10::str(", ", column.title, " ", decimal(score, 2));
    }
  if (!shown.classes.empty()) shown.facts.emplace_back("failure", "it counts as one"), scores += ", a failure";
  const Tensor pixels = read_image(file);
  shown.images = image(pixels, variant + scores);
  if (std::max(pixels.size(0), pixels.size(1)) > exact_side) shown.file = url(std::filesystem::proximate(file, root));
  if (std::filesystem::exists(run->folder / "report.html"))
    shown.page = url(std::filesystem::proximate(run->folder / "report.html", root));
  return html(shown);
}

/// Of each concept its photographs, and all variants' pictures side by side, made from the same noise.
OPAD_ONCE std::string pictures(const SweepResults& results, const std::filesystem::path& root) {
  constexpr std::size_t shown_prompts = 5, opened_concepts = 6;
  std::string out = c10::str("<h2 id=\"pictures\">Pictures</h2>\n<p>Every row was made from the same noise (seed ",
                             results.seeds.front(),
                             "), so what differs between its pictures is the variant. Red frames are failures. A "
                             "picture opens large; the arrow keys walk on from it.</p>\n");
  std::size_t number = 0;
  for (const std::string& subject : results.subjects) {
    const RunResult* any = nullptr;
    for (const std::string& variant : results.variants)
      if (!any) any = results.find(variant, subject, results.seeds.front());
    if (!any) continue;
    out += c10::str("<details", number++ < opened_concepts ? " open" : "", "><summary><h3>", escape(subject),
                    "</h3></summary>\n");
    if (const std::filesystem::path folder = any->json.value("photographs", ""); std::filesystem::is_directory(folder))
      out += "<h4>Photographs</h4>\n" + photographs(read_concept_folder(folder).pictures, subject);
    const auto prompts = any->json.at("prompts").get<std::vector<std::string>>();
    for (std::size_t p = 0; p < prompts.size();
         p += std::max<std::size_t>(1, (prompts.size() + shown_prompts - 1) / shown_prompts)) {
      out +=
          c10::str("<h4>", escape(filled(prompts[p], any->json.value("class", "…"))), "</h4>\n<div class=\"grid\">\n");
      for (const std::string& variant : results.variants) out += picture(results, variant, subject, p, root);
      out += "</div>\n";
    }
    out += "</details>\n";
  }
  return out;
}

}  // namespace opad::page
