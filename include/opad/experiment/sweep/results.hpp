#pragma once
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/evaluate/metrics.hpp>
#include <opad/evaluate/statistics.hpp>
#include <opad/experiment/page/html.hpp>
#include <opad/io/json.hpp>

namespace opad {

/// The file of the i-th picture, `count` for each prompt: 003-1.png.
inline std::string picture_name(std::size_t i, std::int64_t count) {
  const std::string digits = std::to_string(i / static_cast<std::size_t>(count));
  return std::string(digits.size() < 3 ? 3 - digits.size() : 0, '0') + digits + "-" +
         std::to_string(i % static_cast<std::size_t>(count)) + ".png";
}

/// What one run of a sweep left behind: results.json in its folder.
struct RunResult {
  std::string variant, subject;
  std::uint64_t seed = 0;
  std::filesystem::path folder;
  Json json;  // metrics, teacher (metrics), pictures, prompts, count, summary, command, plan

  static RunResult read(const std::filesystem::path& folder) {
    const auto file = folder / "results.json";
    RunResult result{.folder = folder, .json = read_json(file)};
    const auto& json = result.json;
    require(json.is_object() && json.contains("variant") && json.contains("concept") && json.contains("seed") &&
                json.contains("metrics"),
            file.string(), ": not the results of a sweep's run");
    result.variant = json.at("variant").get<std::string>();
    result.subject = json.at("concept").get<std::string>();
    result.seed = json.at("seed").get<std::uint64_t>();
    return result;
  }
};

/// Everything that a sweep has finished.
struct SweepResults {
  std::string title, protocol;
  std::vector<std::string> variants;  // rows, the reference first
  std::vector<int>
      published;  // for each row: the paper's direction of its identity against the reference, 0 where it gives none
  std::vector<std::string> subjects;
  std::vector<std::uint64_t> seeds;
  std::vector<RunResult> runs;
  std::vector<std::string> commands;  // what made this sweep
  FailureRule rule;

  const std::string& reference() const { return variants.front(); }

  const RunResult* find(const std::string& variant, const std::string& subject, std::uint64_t seed) const {
    for (const RunResult& run : runs)
      if (run.variant == variant && run.subject == subject && run.seed == seed) return &run;
    return nullptr;
  }

  /// One metric of one variant; empty where it was not measured. "teacher.dino" is the teacher's.
  Scores scores(const std::string& variant, const std::string& metric) const {
    const bool of_teacher = metric.starts_with("teacher.");
    const std::string key = of_teacher ? metric.substr(8) : metric;
    Scores out;
    for (const RunResult& run : runs) {
      if (run.variant != variant) continue;
      const auto part = run.json.find(of_teacher ? "teacher" : "metrics");
      if (part == run.json.end() || !part->is_object()) continue;
      if (const auto value = part->find(key); value != part->end() && value->is_number())
        out[run.subject][run.seed] = value->template get<double>();
    }
    return out;
  }
};

/// One cell of the table: a variant's metric, and its difference to the reference row.
struct Cell {
  Summary summary;
  std::optional<Comparison> against_reference;  // none for the reference itself, nor without common runs
};

/// The table of a sweep.
struct SweepTable {
  /// A metric: key, heading, and whether more (+1) or less (-1) is better.
  struct Column {
    std::string key, title;
    int better;
  };
  std::vector<Column> columns;
  std::vector<std::string> rows, verdicts;  // verdicts: of DINO against the published direction, "" where there is none
  std::map<std::pair<std::string, std::string>, Cell>
      cells;  // by row and column key; absent where nothing was measured

  const Cell* cell(const std::string& row, const std::string& column) const {
    const auto found = cells.find({row, column});
    return found == cells.end() ? nullptr : &found->second;
  }
  /// Whether any row has a published direction.
  bool judged() const {
    return std::ranges::any_of(verdicts, [](const std::string& text) { return !text.empty(); });
  }
  /// The students' columns or the teachers', with the rows that have a number in them. Verdicts are the students'.
  SweepTable part(bool teacher) const {
    SweepTable out{.columns = {}, .rows = {}, .verdicts = {}, .cells = cells};
    std::ranges::copy_if(columns, std::back_inserter(out.columns),
                         [&](const Column& column) { return column.key.starts_with("teacher.") == teacher; });
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (std::ranges::none_of(out.columns, [&](const Column& column) { return cell(rows[i], column.key); })) continue;
      out.rows.push_back(rows[i]), out.verdicts.push_back(teacher ? "" : verdicts[i]);
    }
    return out;
  }
};

/// "drop: reproduced", "drop: not reproduced", "drop: undecided".
inline std::string verdict_text(const Comparison& comparison, int published) {
  constexpr std::string_view words[] = {"reproduced", "not reproduced", "undecided"};
  return c10::str(published < 0 ? "drop: " : "gain: ", words[static_cast<std::size_t>(verdict(comparison, published))]);
}

/// Means, spreads, differences with 95 % intervals and p-values. The same results give the same table.
OPAD_ONCE SweepTable make_table(const SweepResults& results, const Bootstrap& how = {}) {
  SweepTable table{.columns = {}, .rows = results.variants, .verdicts = {}, .cells = {}};
  const Random random(0);
  for (const bool teacher : {false, true})
    for (const auto& column : metric_columns) {
      const std::string key = (teacher ? "teacher." : "") + std::string(column.key);
      const Scores reference = results.scores(results.reference(), key);
      bool measured = false;
      for (const std::string& row : results.variants) {
        const Scores scores = results.scores(row, key);
        if (scores.empty()) continue;
        measured = true;
        Cell cell{.summary = summarise(scores), .against_reference = {}};
        if (row != results.reference() && !paired_differences(scores, reference).empty())
          cell.against_reference = compare(scores, reference, key, random, how);
        table.cells.emplace(std::pair(row, key), cell);
      }
      if (measured)
        table.columns.push_back({key, (teacher ? "teacher " : "") + std::string(column.title), column.better});
    }
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const Cell* const cell = table.cell(table.rows[i], "dino");
    const int published = i < results.published.size() ? results.published[i] : 0;
    table.verdicts.push_back(
        published == 0 || !cell || !cell->against_reference ? "" : verdict_text(*cell->against_reference, published));
  }
  return table;
}

/// One line for each variant and metric, for a spreadsheet or a plotting script.
OPAD_ONCE std::string table_csv(const SweepTable& table) {
  const auto quoted = [](const std::string& text) {
    return text.find_first_of(",\"\n") == std::string::npos ? text : "\"" + text + "\"";
  };
  std::string out =
      "variant,metric,mean,deviation between concepts,deviation between "
      "seeds,concepts,values,difference,low,high,p,pairs,published\n";
  for (std::size_t i = 0; i < table.rows.size(); ++i)
    for (const auto& column : table.columns) {
      const std::string& row = table.rows[i];
      const Cell* const cell = table.cell(row, column.key);
      if (!cell) continue;
      const Summary& s = cell->summary;
      out += c10::str(quoted(row), ",", column.key, ",", decimal(s.mean, 6), ",", decimal(s.between, 6), ",",
                      decimal(s.within, 6), ",", s.concepts, ",", s.values);
      if (const auto& c = cell->against_reference)
        out += c10::str(",", decimal(c->difference, 6), ",", decimal(c->interval.low, 6), ",",
                        decimal(c->interval.high, 6), ",", decimal(c->p, 4), ",", c->pairs);
      else out += ",,,,,";
      out += "," + (column.key == "dino" ? table.verdicts[i] : "") + "\n";
    }
  return out;
}

namespace detail {

OPAD_ONCE std::string markdown_of(const SweepTable& table) {
  const bool judged = table.judged();
  std::string head = "| variant |", rule = "|---|", body;
  for (const auto& column : table.columns)
    head += " " + column.title + (column.better < 0 ? " (less is better) |" : " |"), rule += "---:|";
  if (judged) head += " published (DINO) |", rule += "---|";
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    body += "| " + table.rows[i] + " |";
    for (const auto& column : table.columns) {
      body += " ";
      if (const Cell* const cell = table.cell(table.rows[i], column.key)) {
        body += decimal(cell->summary.mean);
        if (const auto& c = cell->against_reference) {
          body += "<br>" + decimal(c->difference, 3, true);
          if (std::isfinite(c->interval.low))
            body += " [" + decimal(c->interval.low, 3, true) + ", " + decimal(c->interval.high, 3, true) + "]";
        }
      }
      body += " |";
    }
    if (judged) body += " " + table.verdicts[i] + " |";
    body += "\n";
  }
  return head + "\n" + rule + "\n" + body;
}

}  // namespace detail

/// Means, and below each its difference to the reference with its interval: the student's, and a table of its own for
/// the teachers that were scored.
OPAD_ONCE std::string table_markdown(const SweepTable& table) {
  const SweepTable teachers = table.part(true);
  return detail::markdown_of(table.part(false)) + (teachers.rows.empty() ? "" : "\n" + detail::markdown_of(teachers));
}

}  // namespace opad
