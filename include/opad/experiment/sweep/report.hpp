#pragma once
#include <opad/core/once.hpp>
#include <opad/experiment/options/versions.hpp>
#include <opad/experiment/sweep/report_page.hpp>
#include <opad/experiment/sweep/report_pictures.hpp>
#include <opad/experiment/sweep/report_training.hpp>

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
        page::escape(results_.title), "</title><style>", page::style, page::colours(), "</style></head><body><main>\n",
        head(), table(), forests(), page::pictures(results_), page::curves(results_), page::cost(results_), commands(),
        "</main></body></html>\n");
  }

 private:
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
      out += c10::str("<tr", reference ? " class=\"reference\"" : "", "><th>", page::key(results_, row),
                      page::escape(row), reference ? " <small class=\"soft\">reference</small>" : "", "</th>",
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
