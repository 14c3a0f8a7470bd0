#pragma once
#include <opad/core/once.hpp>
#include <opad/data/concept_folder.hpp>
#include <opad/experiment/options/versions.hpp>
#include <opad/experiment/run/metrics.hpp>
#include <opad/experiment/sweep/report_page.hpp>

namespace opad {

/// report.html of a sweep: one file that needs nothing else, readable in light and dark. What it shows: the table with
/// differences to the reference row and their intervals; the same as a picture; photographs, and all variants' pictures
/// side by side, made from the same noise; curves of the losses; time, memory and passes; the commands.
class SweepReport {
 public:
  explicit SweepReport(const SweepResults& results) : results_(results), table_(make_table(results)) {}

  std::string html() const {
    return c10::str(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width,initial-scale=1\"><title>",
        page::escape(results_.title), "</title><style>", page::style, colours(), "</style></head><body><main>\n",
        head(), table(), forests(), pictures(), curves(), cost(), commands(), "</main></body></html>\n");
  }

 private:
  static constexpr std::size_t shown_prompts = 5, opened_concepts = 6;

  static std::string colours() {
    std::string css;
    for (int i = 0; i < 10; ++i)
      css += c10::str("svg .l", i, "{stroke:var(--c", i, ")}.k", i, "{background:var(--c", i, ")}");
    return css;
  }

  std::string key(const std::string& variant) const {
    const auto at = std::ranges::find(results_.variants, variant) - results_.variants.begin();
    return c10::str("<span class=\"key k", at % 10, "\"></span>");
  }

  std::string head() const {
    return c10::str(
        "<h1>", page::escape(results_.title), "</h1>\n<p class=\"soft\">", results_.variants.size(), " variants, ",
        results_.subjects.size(), " concepts of ", page::escape(results_.protocol), ", ", results_.seeds.size(),
        results_.seeds.size() == 1 ? " seed" : " seeds", "; ", results_.runs.size(), " of ",
        results_.variants.size() * results_.subjects.size() * results_.seeds.size(),
        " runs finished.</p>\n<nav><a href=\"#table\">Table</a><a href=\"#differences\">Differences</a><a "
        "href=\"#pictures\">Pictures</a>"
        "<a href=\"#curves\">Curves</a><a href=\"#cost\">Cost</a><a href=\"#commands\">Commands</a></nav>\n");
  }

  std::string table() const {
    std::string out = "<h2 id=\"table\">Table</h2>\n" + table_of(table_.part(false));
    if (const SweepTable teachers = table_.part(true); !teachers.rows.empty())
      out += "<p>The teacher's pictures, 25 steps with guidance:</p>\n" + table_of(teachers);
    return out + c10::str(
                     "<p class=\"small soft\">Each number is the mean over concepts of the mean over seeds, ± the "
                     "standard deviation between concepts. Below it: the "
                     "difference to the reference row, paired by concept and seed, with its 95&nbsp;% interval "
                     "(bootstrap over concepts, expanded percentiles). Coloured where the "
                     "interval leaves out 0 and there are at least 5 concepts (fewer cannot carry a 95&nbsp;% "
                     "interval); intervals are not adjusted for the number of rows, so one in twenty leaves out 0 by "
                     "chance. Arrows: which direction is better. "
                     "p-values of the paired permutation test are in table.csv. Published: the direction of identity "
                     "(DINO) that the paper gives, and whether this interval shows it, "
                     "shows the opposite, or neither.</p>\n<p class=\"small soft\">DINO, CLIP-I: mean cosine of every "
                     "generated with every real picture. "
                     "CLIP-T: cosine of a picture with its prompt, the new token left out. Attributes read: share of "
                     "the concept's colours, texture and accessory that the reader finds. "
                     "Diversity: mean 1 − cosine between pictures of one prompt (DINO). Failures: share of pictures "
                     "with a DINO likeness below ",
                     decimal(results_.rule.dino, 2),
                     " or, with an attribute reader, a probability of the kind of thing below ",
                     decimal(results_.rule.kind, 2), ".</p>\n");
  }

  std::string table_of(const SweepTable& part) const {
    const bool judged = part.judged();
    std::string out = c10::str("<div class=\"scroll\"><table class=\"sticky\"><thead><tr><th>variant</th>",
                               judged ? "<th>published (DINO)</th>" : "");
    for (const auto& column : part.columns)
      out += c10::str("<th class=\"n\">", page::escape(column.title), column.better > 0 ? " ↑" : " ↓", "</th>");
    out += "</tr></thead><tbody>\n";
    for (std::size_t i = 0; i < part.rows.size(); ++i) {
      const std::string& row = part.rows[i];
      const bool reference = row == results_.reference();
      out += c10::str("<tr", reference ? " class=\"reference\"" : "", "><th>", key(row), page::escape(row),
                      reference ? " <small class=\"soft\">reference</small>" : "", "</th>",
                      judged ? "<td>" + page::escape(part.verdicts[i]) + "</td>" : "");
      for (const auto& column : part.columns)
        out += c10::str("<td class=\"n\">", cell(part.cell(row, column.key), column.better), "</td>");
      out += "</tr>\n";
    }
    return out + "</tbody></table></div>\n";
  }

  static std::string cell(const Cell* cell, int better) {
    if (!cell) return "<span class=\"soft\">–</span>";
    std::string out = "<span class=\"mean\">" + decimal(cell->summary.mean) + "</span>";
    if (std::isfinite(cell->summary.between))
      out += " <small class=\"soft\">± " + decimal(cell->summary.between) + "</small>";
    if (const auto& c = cell->against_reference) {
      const std::string standing = page::standing(*c, better);
      out += c10::str("<span class=\"diff ", standing, "\" title=\"p = ", decimal(c->p, 3), ", ", c->concepts,
                      " concepts, ", c->pairs, " pairs\">",
                      standing == "better"  ? "▲ "
                      : standing == "worse" ? "▼ "
                                            : "",
                      decimal(c->difference, 3, true));
      if (std::isfinite(c->interval.low))
        out += " [" + decimal(c->interval.low, 3, true) + ", " + decimal(c->interval.high, 3, true) + "]";
      out += "</span>";
    }
    return out;
  }

  std::string forests() const {
    std::string out = "<h2 id=\"differences\">Differences to " + page::escape(results_.reference()) +
                      "</h2>\n<div class=\"forests\">\n";
    for (const auto& column : table_.columns) {
      std::vector<page::Estimate> rows;
      for (const std::string& row : table_.rows)
        if (const Cell* const cell = table_.cell(row, column.key); cell && cell->against_reference)
          rows.push_back({row, *cell->against_reference, column.better});
      const bool any = std::ranges::any_of(rows, [](const page::Estimate& row) {
        return row.comparison.difference != 0 || row.comparison.interval.low != 0;
      });
      if (any)
        out +=
            page::forest(column.title + (column.better > 0 ? " (right is better)" : " (left is better)"), rows) + "\n";
    }
    return out + "</div>\n";
  }

  std::string pictures() const {
    std::string out = c10::str(
        "<h2 id=\"pictures\">Pictures</h2>\n<p>Every row was made from the same noise (seed ", results_.seeds.front(),
        "), so what differs between its pictures is the variant. Red frames are failures.</p>\n");
    std::size_t number = 0;
    for (const std::string& subject : results_.subjects) {
      const RunResult* any = nullptr;
      for (const std::string& variant : results_.variants)
        if (!any) any = results_.find(variant, subject, results_.seeds.front());
      if (!any) continue;
      out += c10::str("<details", number++ < opened_concepts ? " open" : "", "><summary>", page::escape(subject),
                      "</summary>\n<div class=\"photos\">", photographs(*any),
                      "</div>\n<div class=\"scroll\"><table class=\"pictures\"><thead><tr><th></th>");
      for (const std::string& variant : results_.variants)
        out += c10::str("<th>", key(variant), page::escape(variant), "</th>");
      out += "</tr></thead><tbody>\n";
      const auto prompts = any->json.at("prompts").get<std::vector<std::string>>();
      for (std::size_t p = 0; p < prompts.size();
           p += std::max<std::size_t>(1, (prompts.size() + shown_prompts - 1) / shown_prompts)) {
        out += c10::str("<tr><th class=\"prompt\">", page::escape(filled(prompts[p], any->json.value("class", "…"))),
                        "</th>");
        for (const std::string& variant : results_.variants) out += "<td>" + picture(variant, subject, p) + "</td>";
        out += "</tr>\n";
      }
      out += "</tbody></table></div></details>\n";
    }
    return out;
  }

  static std::string filled(std::string prompt, const std::string& words) {
    if (const auto at = prompt.find("{}"); at != std::string::npos) prompt.replace(at, 2, words);
    return prompt;
  }

  static std::string photographs(const RunResult& run) {
    const std::filesystem::path folder = run.json.value("photographs", "");
    if (!std::filesystem::is_directory(folder)) return "";
    std::string out = "<span class=\"small soft\">photographs</span>";
    for (const Tensor& photograph : read_concept_folder(folder).pictures)
      out += page::image(photograph, "photograph of " + run.subject);
    return out;
  }

  std::string picture(const std::string& variant, const std::string& subject, std::size_t prompt) const {
    const RunResult* const run = results_.find(variant, subject, results_.seeds.front());
    if (!run) return "<span class=\"soft\">–</span>";
    const auto count = run->json.value("count", std::int64_t{1});
    const std::size_t i = prompt * static_cast<std::size_t>(count);
    const auto file = run->folder / "evaluation" / picture_name(i, count);
    if (!std::filesystem::exists(file)) return "<span class=\"soft\">–</span>";
    const auto value = [&](const char* metric) {
      const Json all = run->json.value("pictures", Json::object()).value(metric, Json::array());
      return i < all.size() && all[i].is_number() ? all[i].get<double>() : std::numeric_limits<double>::quiet_NaN();
    };
    return page::image(
        read_image(file),
        c10::str(variant, ": DINO ", decimal(value("dino"), 2), ", CLIP-T ", decimal(value("clip-t"), 2)),
        value("failures") > 0.5 ? "failed" : "");
  }

  /// Losses over the iteration: for each variant the mean of its runs, smoothed.
  std::string curves() const {
    std::map<std::string, std::vector<page::Line>> charts;
    for (const std::string& variant : results_.variants) {
      std::map<std::string, std::map<double, std::pair<double, int>>> sums;  // by metric and step
      for (const RunResult& run : results_.runs)
        if (run.variant == variant && std::filesystem::exists(run.folder / "metrics.csv")) {
          const MetricsTable metrics = read_metrics(run.folder / "metrics.csv");
          for (const auto& row : metrics.rows)
            for (std::size_t c = 1; c < row.size(); ++c)
              if (std::isfinite(row[c])) {
                auto& [sum, count] = sums[metrics.columns[c]][row[0]];
                sum += row[c], ++count;
              }
        }
      for (const auto& [metric, steps] : sums) {
        page::Line line{variant, {}, {}};
        for (const auto& [step, value] : steps) line.x.push_back(step), line.y.push_back(value.first / value.second);
        line.y = curve_detail::smooth(std::move(line.y));
        charts[metric].push_back(thinned(std::move(line)));
      }
    }
    if (charts.empty()) return "";
    std::string out =
        "<h2 id=\"curves\">Curves</h2>\n<p>Losses over the iteration, the mean over each variant's runs, "
        "smoothed.</p>\n<p>";
    for (const std::string& variant : results_.variants)
      out += c10::str("<span style=\"white-space:nowrap;margin-right:18px\">", key(variant), page::escape(variant),
                      "</span> ");
    out += "</p>\n<div class=\"charts\">\n";
    for (auto& [metric, lines] : charts) {
      // the colour is the variant's, also where others lack the metric
      std::vector<page::Line> all;
      for (const std::string& variant : results_.variants) {
        const auto found = std::ranges::find(lines, variant, &page::Line::name);
        all.push_back(found == lines.end() ? page::Line{variant, {}, {}} : *found);
      }
      out += page::chart(metric, all) + "\n";
    }
    return out + "</div>\n";
  }

  /// At most 200 points: more are not to be seen.
  static page::Line thinned(page::Line line) {
    const std::size_t step = (line.x.size() + 199) / 200;
    if (step <= 1) return line;
    page::Line out{line.name, {}, {}};
    for (std::size_t i = 0; i < line.x.size(); i += step) out.x.push_back(line.x[i]), out.y.push_back(line.y[i]);
    return out;
  }

  std::string cost() const {
    std::set<std::string> networks;
    std::map<std::string, std::vector<Json>> summaries;
    for (const RunResult& run : results_.runs) {
      const Json summary = run.json.value("summary", Json());
      if (!summary.is_object()) continue;
      summaries[run.variant].push_back(summary);
      const Json passes = summary.value("passes per iteration", Json::object());
      for (const auto& [network, count] : passes.items()) networks.insert(network);
    }
    if (summaries.empty()) return "";
    std::string out =
        "<h2 id=\"cost\">Cost</h2>\n<p>Time and memory are means over a variant's runs; passes are those of one "
        "iteration, forward and, where a gradient went back, backward.</p>\n"
        "<div class=\"scroll\"><table><thead><tr><th>variant</th><th class=\"n\">seconds per iteration</th><th "
        "class=\"n\">peak memory</th>";
    for (const std::string& network : networks) out += "<th class=\"n\">" + page::escape(network) + "</th>";
    out += "</tr></thead><tbody>\n";
    for (const std::string& variant : results_.variants) {
      const auto found = summaries.find(variant);
      if (found == summaries.end()) continue;
      const auto mean = [&](const char* name) {
        double sum = 0;
        int count = 0;
        for (const Json& summary : found->second)
          if (const auto value = summary.find(name); value != summary.end() && value->is_number())
            sum += value->get<double>(), ++count;
        return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
      };
      out += c10::str("<tr><th>", key(variant), page::escape(variant), "</th><td class=\"n\">",
                      decimal(mean("seconds per iteration"), 3), "</td><td class=\"n\">",
                      decimal(mean("peak memory in MiB"), 0), " MiB</td>");
      const Json passes = found->second.front().value("passes per iteration", Json::object());
      for (const std::string& network : networks) {
        const Json count = passes.value(network, Json());
        out += count.is_object()
                   ? c10::str("<td class=\"n\">", count.value("forward", 0), " + ", count.value("backward", 0), "</td>")
                   : std::string("<td class=\"n soft\">–</td>");
      }
      out += "</tr>\n";
    }
    return out + "</tbody></table></div>\n";
  }

  std::string commands() const {
    std::string out = "<h2 id=\"commands\">Commands</h2>\n<pre>";
    for (const std::string& command : results_.commands) out += page::escape(command) + "\n";
    out += "</pre>\n<p>One run each:</p>\n<pre>";
    for (const std::string& variant : results_.variants)
      for (const RunResult& run : results_.runs)
        if (run.variant == variant) {
          out += page::escape(run.json.value("command", "")) + "\n";
          break;
        }
    const Json with = versions();
    return out + c10::str(
                     "</pre>\n<p class=\"small soft\">The first run of each variant; the others differ in --concepts "
                     "and --seeds. Report made with opad ",
                     version, ", LibTorch ", with.at("libtorch").get<std::string>(), ", ",
                     page::escape(with.at("compiler").get<std::string>()), ".</p>\n");
  }

  const SweepResults& results_;
  SweepTable table_;
};

/// Writes table.csv, table.md and report.html into the folder.
OPAD_ONCE void write_sweep_report(const SweepResults& results, const std::filesystem::path& folder) {
  const SweepTable table = make_table(results);
  write_atomically(folder / "table.csv", table_csv(table));
  write_atomically(folder / "table.md", table_markdown(table));
  write_atomically(folder / "report.html", SweepReport(results).html());
}

}  // namespace opad
