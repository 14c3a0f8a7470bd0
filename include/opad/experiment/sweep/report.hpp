#pragma once
#include <opad/core/once.hpp>
#include <opad/experiment/sweep/report_page.hpp>
#include <opad/experiment/sweep/report_pictures.hpp>
#include <opad/experiment/sweep/report_training.hpp>

namespace opad {

/// report.html of a sweep: one file that needs nothing else. What it shows: the table with differences to the reference
/// row and their intervals; the same as a picture; photographs, and all variants' pictures side by side, made from the
/// same noise; curves of the losses; time, memory and passes; the commands. Rows and metrics can be hidden.
///   root  the folder in which it will lie: links begin there
class SweepReport {
 public:
  SweepReport(const SweepResults& results, std::filesystem::path root)
      : results_(results),
        table_(make_table(results)),
        root_(std::move(root)) {}

  std::string html() const {
    return page::document(results_.title, head() + table() + forests() + page::pictures(results_, root_) +
                                              page::curves(results_) + page::cost(results_) + commands());
  }

 private:
  std::string head() const {
    return c10::str("<h1>", page::escape(results_.title), "</h1>\n<p class=\"soft\">", results_.variants.size(),
                    " variants, ", results_.subjects.size(), " concepts of ", page::escape(results_.protocol), ", ",
                    results_.seeds.size(), results_.seeds.size() == 1 ? " seed" : " seeds", "; ", results_.runs.size(),
                    " of ", results_.variants.size() * results_.subjects.size() * results_.seeds.size(),
                    " runs finished.</p>\n",
                    page::navigation({{"table", "Table"},
                                      {"differences", "Differences"},
                                      {"pictures", "Pictures"},
                                      {"curves", "Curves"},
                                      {"cost", "Cost"},
                                      {"commands", "Commands"}}),
                    page::controls(results_, table_));
  }

  std::string table() const {
    std::string out = "<h2 id=\"table\">Table</h2>\n" + table_of(table_.part(false), "scores");
    if (const SweepTable teachers = table_.part(true); !teachers.rows.empty())
      out += "<p>The teacher's pictures, 25 steps with guidance:</p>\n" + table_of(teachers, "scores of the teachers");
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

  std::string table_of(const SweepTable& part, const std::string& name) const {
    const bool judged = part.judged();
    page::Table out{.name = name, .first = "variant", .columns = {}, .rows = {}};
    if (judged) out.columns.push_back({"published (DINO)", page::Table::Column::Text});
    for (const auto& column : part.columns)
      out.columns.push_back(
          {column.title + (column.better > 0 ? " ↑" : " ↓"), page::Table::Column::Number, column.key});
    for (std::size_t i = 0; i < part.rows.size(); ++i) {
      const std::string& row = part.rows[i];
      const bool reference = row == results_.reference();
      page::Table::Row line{
          .head = page::row_name(results_, row) + (reference ? " <small class=\"soft\">reference</small>" : ""),
          .cells = {},
          .key = row,
          .classes = reference ? "reference" : ""};
      if (judged) line.cells.push_back(page::escape(part.verdicts[i]));
      for (const auto& column : part.columns) line.cells.push_back(cell(part.cell(row, column.key), column.better));
      out.rows.push_back(std::move(line));
    }
    return page::html(out);
  }

  static std::string cell(const Cell* cell, int better) {
    if (!cell) return "<span class=\"soft\">–</span>";
    std::string out = "<span class=\"whole\"><span class=\"mean\">" + decimal(cell->summary.mean) + "</span>";
    if (std::isfinite(cell->summary.between))
      out += " <small class=\"soft\">± " + decimal(cell->summary.between) + "</small>";
    out += "</span>";
    if (const auto& c = cell->against_reference) {
      const std::string standing = page::standing(*c, better);
      out += c10::str("<span class=\"diff ", standing, "\" title=\"p = ", decimal(c->p, 3), ", ", c->concepts,
                      " concepts, ", c->pairs, " pairs\">",
                      standing == "better"  ? "▲ <span class=\"unseen\">better</span>"
                      : standing == "worse" ? "▼ <span class=\"unseen\">worse</span>"
                                            : "",
                      page::words_of(*c), "</span>");
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
        out += page::forest(column.title + (column.better > 0 ? " (right is better)" : " (left is better)"), rows,
                            column.key);
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
    return out +
           "</pre>\n<p class=\"small soft\">The first run of each variant; the others differ in --concepts and "
           "--seeds. " +
           page::origin() + "</p>\n";
  }

  const SweepResults& results_;
  SweepTable table_;
  std::filesystem::path root_;
};

/// Writes table.csv, table.md and report.html into the folder.
OPAD_ONCE void write_sweep_report(const SweepResults& results, const std::filesystem::path& folder) {
  const SweepTable table = make_table(results);
  write_atomically(folder / "table.csv", table_csv(table));
  write_atomically(folder / "table.md", table_markdown(table));
  write_atomically(folder / "report.html", SweepReport(results, folder).html());
}

}  // namespace opad
