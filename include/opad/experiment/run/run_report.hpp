#pragma once
#include <algorithm>
#include <cmath>
#include <deque>
#include <filesystem>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/data/concept_dataset.hpp>
#include <opad/experiment/options/option.hpp>
#include <opad/experiment/options/shell_word.hpp>
#include <opad/experiment/page/chart.hpp>
#include <opad/experiment/page/cost.hpp>
#include <opad/experiment/page/document.hpp>
#include <opad/experiment/run/metrics.hpp>
#include <opad/experiment/run/run_record.hpp>
#include <opad/experiment/run/second_stage.hpp>
#include <opad/experiment/run/settings.hpp>
#include <opad/pipeline/bytes.hpp>

namespace opad {

/// report.html of a run: one file that needs nothing else, in the parts and style of a sweep's (experiment/page). What
/// it shows: the student's pictures before and after, made from the same noise, with a slider; the teacher's; the words
/// and photographs; pictures of the second stage; curves; cost; the options that are not the defaults; the command.
struct RunReport {
  const std::filesystem::path& folder;  // config.json and metrics.csv are read there, and previews/teacher.png
  std::string recipe, program;          // program: how it was started, without options
  const std::deque<Option>& options;    // their defaults
  const RunSettings& settings;
  const std::vector<ConceptData>& data;
  Json summary;
  Tensor before, after;  // [prompts * preview-count, 3, H, W] in [-1, 1]

  std::string html() const {
    std::vector<std::pair<std::string, std::string>> sections;
    std::string body;
    for (const auto& [id, name, part] : {std::tuple{"pictures", "Before and after", pairs()},
                                         {"teacher", "The teacher", teacher()},
                                         {"learned", "What it learned from", learned_from()},
                                         {"second", "Second stage", second_stage()},
                                         {"curves", "Curves", curves()},
                                         {"cost", "Cost", cost()},
                                         {"options", "Options", changed_options()},
                                         {"command", "Command", command()}})
      if (!part.empty()) {
        sections.emplace_back(id, name);
        body += c10::str("<h2 id=\"", id, "\">", name, "</h2>\n", part);
      }
    const auto name = std::filesystem::absolute(folder / "").parent_path().filename().string();
    return page::document(
        name, c10::str("<h1>", page::escape(name), "</h1>\n<p class=\"soft\">", settings.steps,
                       " iterations of the recipe ", page::escape(recipe), ", batches of ", settings.batch_size,
                       ", seed ", settings.seed, ", on ", page::escape(settings.device), " in ",
                       page::escape(settings.dtype), ".</p>\n", page::navigation(sections), body));
  }

 private:
  std::string pairs() const;
  std::string teacher() const;
  std::string learned_from() const;
  std::string second_stage() const;
  std::string curves() const;
  std::string cost() const {
    return "<p>Of this process: a run that went on counts what it did itself. Passes are those of the last iteration, "
           "forward and, where a gradient went back, backward.</p>\n" +
           page::cost_table("recipe", {{page::escape(recipe), "", {summary}}});
  }
  std::string changed_options() const;
  std::string command() const;

  struct Changed {
    const Option& option;
    Json value;
  };
  std::vector<Changed> changed() const;

  /// As words of a command line.
  static std::string words_of(const Json& value) {
    if (!value.is_array()) return shell_word(option_detail::plain(value));
    std::string words;
    for (const Json& each : value) words += (words.empty() ? "" : " ") + words_of(each);
    return words;
  }
};

OPAD_ONCE std::string RunReport::pairs() const {
  constexpr std::int64_t large = 512;
  std::string out =
      "<p>One step each, from the same noise: left of the seam before the training, right of it after. A pair opens "
      "large; the arrow keys walk on from it.</p>\n<label class=\"slider\" data-of=\"pairs\" hidden>untrained<input "
      "type=\"range\" min=\"0\" max=\"100\" value=\"50\" aria-label=\"seam between untrained and trained "
      "pictures\">trained</label>\n<div id=\"pairs\">\n";
  for (std::size_t p = 0; p < settings.validation_prompt.size(); ++p) {
    const std::string& prompt = settings.validation_prompt[p];
    out += "<h3>" + page::escape(prompt) + "</h3>\n<div class=\"pairs\">\n";
    for (std::int64_t k = 0; k < settings.preview_count; ++k) {
      const std::int64_t i = static_cast<std::int64_t>(p) * settings.preview_count + k;
      out += page::html(
          {.images = page::image(to_bytes(before[i]), "untrained: " + prompt, large, "untrained") +
                     page::image(to_bytes(after[i]), "trained: " + prompt, large, "trained"),
           .facts = {{"prompt", prompt},
                     {"noise", c10::str("picture ", k + 1, " of seed ", settings.seed, "; the same for every prompt")},
                     {"iterations", std::to_string(settings.steps)}},
           .classes = "pair"});
    }
    out += "</div>\n";
  }
  return out + "</div>\n";
}

OPAD_ONCE std::string RunReport::teacher() const {
  const auto file = folder / "previews" / "teacher.png";
  if (!std::filesystem::exists(file)) return "";
  const std::string steps = c10::str(settings.teacher_preview_steps, " steps of its own sampler, guidance ",
                                     settings.teacher_preview_guidance);
  return "<p>The same prompts and noise, " + steps + ".</p>\n<div class=\"natural\">" +
         page::html({.images = page::image(read_image(file), "the teacher's pictures of the prompts above", 1024),
                     .facts = {{"model", "teacher"}, {"how", steps}}}) +
         "</div>\n";
}

OPAD_ONCE std::string RunReport::learned_from() const {
  std::string out;
  for (const ConceptData& each : data) {
    out += c10::str("<h3>", page::escape(each.instance_prompt), "</h3>\n",
                    page::photographs(each.pictures, each.instance_prompt, each.captions));
    if (!each.class_pictures.empty())
      out +=
          c10::str("<p>and ", each.class_pictures.size(), " pictures of “", page::escape(each.class_prompt), "”</p>\n");
  }
  page::Table words{
      .name = "trained words", .first = "new word", .columns = {{"began as", page::Table::Column::Text}}, .rows = {}};
  for (std::size_t i = 0; i < settings.modifier_token.size(); ++i)
    words.rows.push_back({page::escape(settings.modifier_token[i]), {page::escape(settings.initializer_token.at(i))}});
  return out + page::html(words);
}

OPAD_ONCE std::string RunReport::second_stage() const {
  constexpr std::size_t most = 24;
  std::string out;
  for (std::size_t c = 0; c < data.size(); ++c) {
    const auto made_folder = folder / "collaborative" / std::to_string(c);
    if (!std::filesystem::exists(made_folder / "pictures.json")) continue;
    const MadePictures made = load_made(made_folder);
    out += c10::str("<p>", made.kept.size(), " of ", made.pictures.size(), " pictures of “",
                    page::escape(data[c].instance_prompt), "” by the student joined the photographs",
                    made.kept.size() > most ? c10::str("; the first ", most, " are") : std::string(": these"),
                    made.kept.size() > most ? " shown" : "", ".</p>\n<div class=\"grid\">\n");
    for (std::size_t k = 0; k < std::min(most, made.kept.size()); ++k) {
      const std::size_t i = made.kept[k];
      page::Picture shown{.images = page::image(made.pictures[i], made.prompts[i]),
                          .facts = {{"prompt", made.prompts[i]}}};
      if (i < made.scores.size()) shown.facts.emplace_back("likeness to the photographs", decimal(made.scores[i]));
      out += page::html(shown);
    }
    out += "</div>\n";
  }
  return out;
}

OPAD_ONCE std::string RunReport::curves() const {
  constexpr std::size_t rough = 40;  // from so many values on a curve is smoothed
  const MetricsTable metrics = read_metrics(folder / "metrics.csv");
  const auto steps = metrics.column(metrics.columns.front());
  std::string out = "<div class=\"charts\">\n";
  for (std::size_t c = 1; c < metrics.columns.size(); ++c) {
    const auto values = metrics.column(metrics.columns[c]);
    const auto measured = std::ranges::count_if(values, [](double value) { return std::isfinite(value); });
    std::vector<page::Line> lines;
    page::Line line{metrics.columns[c], steps, values};
    if (static_cast<std::size_t>(measured) >= rough) {
      lines.push_back(page::thinned(line)), lines.back().pale = true;
      line.y = curve_detail::smooth(values), line = page::thinned(line);
    }
    lines.push_back(line);
    out += page::chart(metrics.columns[c], lines) + "\n";
  }
  return out + "</div>\n";
}

/// As config.json has them: what the run filled in is among them.
OPAD_ONCE std::vector<RunReport::Changed> RunReport::changed() const {
  const auto given = detail::option_leaves(read_json(folder / "config.json").at("options"));
  std::vector<Changed> out;
  for (const Option& option : options) {
    const auto found = given.find(option.name);
    if (option.name == "output" || found == given.end()) continue;
    Json value = Json::parse(found->second);
    if (option_detail::plain(value) != option.default_text) out.push_back({option, std::move(value)});
  }
  return out;
}

OPAD_ONCE std::string RunReport::changed_options() const {
  page::Table table{.name = "options that are not the defaults",
                    .first = "option",
                    .columns = {{"value", page::Table::Column::Text},
                                {"default", page::Table::Column::Text},
                                {"meaning", page::Table::Column::Text}},
                    .rows = {}};
  for (const auto& [option, value] : changed())
    table.rows.push_back(
        {"--" + page::escape(option.name),
         {page::escape(words_of(value)), page::escape(option.default_text.empty() ? "none" : option.default_text),
          page::escape(option.help)}});
  return "<p>Those that are not the defaults, and what the run filled in. All are in config.json.</p>\n" +
         page::html(table);
}

OPAD_ONCE std::string RunReport::command() const {
  const auto again = [](const std::filesystem::path& path) {
    return shell_word(std::filesystem::absolute(path).string());
  };
  std::string whole = program;
  for (const auto& [option, value] : changed()) {
    if (value.is_array() && value.empty()) continue;  // no word stands for no words
    whole += " \\\n  --" + option.name + " " + words_of(value);
  }
  return "<p>The same run again, in another folder:</p>\n<pre>" +
         page::escape(program + " --config " + again(folder / "config.json") + " --output FOLDER") +
         "</pre>\n<p>The same in words:</p>\n<pre>" + page::escape(whole + " \\\n  --output FOLDER") +
         "</pre>\n<p>Pictures with what was learned:</p>\n<pre>" +
         page::escape("generate --adapters " + again(folder) + " --prompt " +
                      shell_word(settings.validation_prompt.front()) + " --output FOLDER") +
         "</pre>\n<p class=\"small soft\">" + page::origin() + "</p>\n";
}

}  // namespace opad
