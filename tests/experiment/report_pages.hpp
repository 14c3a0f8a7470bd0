#pragma once
#include <opad/data/sprites/held_out.hpp>
#include <opad/experiment/run/run_report.hpp>
#include <opad/experiment/sweep/report.hpp>

#include <regex>

#include "experiment/scratch_folder.hpp"

/// A sweep and a run as their programs leave them, small and made up, and what pages made of them are asked.
namespace report_pages {

using namespace opad;

inline const std::vector<std::string> prompts{"a {} in the snow", "a <{}> & more", "a {} on the beach"};

/// A run's folder as a sweep leaves it: pictures of the concept, curves, results.
inline void write_run(const std::filesystem::path& root, const std::string& variant, const sprites::HeldOut& thing,
                      std::uint64_t seed, double shift, double own) {
  const auto folder = root / variant / std::string(thing.name) / c10::str("seed-", seed);
  Stream random(hash(variant), hash(thing.name) + seed);
  const auto picture = [&] { return encode_png(random.integers(0, 256, {16, 16, 3}).to(torch::kUInt8)); };
  std::vector<double> dino, failures, clip_t;
  for (std::size_t i = 0; i < prompts.size() * 2; ++i) {
    put_text(folder / "evaluation" / picture_name(i, 2), picture());
    dino.push_back(0.6 + shift), clip_t.push_back(0.3), failures.push_back(i == 2 ? 1 : 0);
  }
  for (const char* name : {"1.png", "2.png"})
    put_text(root / "photographs" / std::string(thing.name) / name, picture());
  std::string metrics = "step,student,teacher\n";
  for (int step = 1; step <= 60; ++step)
    metrics += c10::str(step, ",", std::exp(-step / 20.0) + shift, ",", random.uniform(), "\n");
  put_text(folder / "metrics.csv", metrics);
  const Json json{
      {"variant", variant},
      {"concept", thing.name},
      {"seed", seed},
      {"metrics",
       {{"dino", 0.6 + shift + own}, {"clip-t", 0.31 - shift / 5 + own}, {"failures", 0.1 - shift / 2 + own / 10}}},
      {"prompts", prompts},
      {"count", 2},
      {"class", "dog"},
      {"photographs", (root / "photographs" / std::string(thing.name)).string()},
      {"pictures", {{"dino", dino}, {"clip-t", clip_t}, {"failures", failures}}},
      {"summary",
       {{"seconds per iteration", 0.125},
        {"peak memory in MiB", 812},
        {"passes per iteration", {{"student-unet", {{"forward", 1}, {"backward", 1}}}}}}},
      {"command", "ablate --only '" + variant + "'"},
      {"plan", Json::object()}};
  put_text(folder / "results.json", json.dump());
}

/// Rows beyond the three are more of the third.
inline SweepResults results_in(const std::filesystem::path& root, std::size_t rows = 3) {
  SweepResults results{.title = "ablate <losses>",
                       .protocol = "mini-world",
                       .variants = {"full", "without-critics", "worse & odd"},
                       .published = {0, -1, -1},
                       .subjects = {},
                       .seeds = {1, 2},
                       .runs = {},
                       .commands = {"bin/ablate --steps 60"}};
  for (std::size_t i = 3; i < rows; ++i)
    results.variants.push_back(c10::str("without-something-long-", i)), results.published.push_back(0);
  for (std::size_t i = 6; i < 12; ++i) results.subjects.emplace_back(sprites::held_out[i].name);
  const auto shift = [](const std::string& variant) { return variant == "without-critics" ? 0.02 : 0.1; };
  for (const std::string& variant : results.variants)
    for (std::size_t i = 6; i < 12; ++i)
      for (const std::uint64_t seed : results.seeds) {
        write_run(root, variant, sprites::held_out[i], seed, shift(variant),
                  variant == "full"              ? 0
                  : variant == "without-critics" ? 0.002 * static_cast<double>(i)
                                                 : (i % 2 == 0 ? 0.02 : -0.02));
        results.runs.push_back(
            RunResult::read(root / variant / std::string(sprites::held_out[i].name) / c10::str("seed-", seed)));
      }
  return results;
}

/// The first tag that is opened and not closed, or closed and not opened.
inline std::string unbalanced(const std::string& html) {
  static const std::set<std::string> empty{"meta", "img", "line", "circle", "br", "input"};
  std::vector<std::string> open;
  const std::regex tag(R"(<(/?)([a-z][a-z0-9]*)[^>]*>)");
  for (std::sregex_iterator it(html.begin(), html.end(), tag), end; it != end; ++it) {
    const std::string name = (*it)[2];
    if (empty.contains(name)) continue;
    if ((*it)[1].length() == 0) {
      open.push_back(name);
    } else {
      if (open.empty() || open.back() != name) return "/" + name;
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back();
}

inline std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

/// Without the pictures' data, which may hold anything.
inline std::string without_pictures(const std::string& html) {
  const std::string_view begin = "base64,";
  std::string out;
  for (std::size_t at = 0, end = 0; at < html.size(); at = end) {
    const auto found = html.find(begin, at);
    end = found == std::string::npos ? html.size() : html.find('"', found);
    out += html.substr(at, found == std::string::npos ? found : found + begin.size() - at);
  }
  return out;
}

/// The page of a run.
inline std::string run_page(const std::filesystem::path& folder) {
  Options options("opad", "");
  RunSettings settings;
  settings.bind(options);
  settings.instance_data = {folder / "photographs"}, settings.instance_prompt = {"<new1> & dog"};
  settings.initializer_token = {"dog"}, settings.validation_prompt = {"a <new1> dog", "a <new1> dog in the snow"};
  settings.steps = 60, settings.preview_count = 3;
  put_text(folder / "config.json", Json{{"options", options.resolved()}}.dump());
  std::string metrics = "step,student,validation.dino\n";
  for (int step = 1; step <= settings.steps; ++step)
    metrics +=
        c10::str(step, ",", std::exp(-step / 20.0), ",", step % 20 == 0 ? std::to_string(step / 100.0) : "", "\n");
  put_text(folder / "metrics.csv", metrics);
  Stream random(7, 7);
  const auto pictures = [&] { return random.normal({6, 3, 32, 32}).clamp(-1, 1); };
  ConceptData data{.pictures = {}, .instance_prompt = "<new1> & dog", .class_pictures = {}, .class_prompt = ""};
  for (int i = 0; i < 4; ++i) data.pictures.push_back(random.integers(0, 256, {16, 24, 3}).to(torch::kUInt8));
  put_text(folder / "previews" / "teacher.png", encode_png(random.integers(0, 256, {300, 400, 3}).to(torch::kUInt8)));
  const RunReport report{.folder = folder,
                         .recipe = "default",
                         .program = "bin/opad",
                         .options = options.all(),
                         .settings = settings,
                         .data = {data},
                         .summary = {{"seconds per iteration", 0.25}, {"seconds", 15}, {"peak memory in MiB", 812}},
                         .before = pictures(),
                         .after = pictures()};
  return report.html();
}

}  // namespace report_pages
