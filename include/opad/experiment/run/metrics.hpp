#pragma once
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/io/appended_file.hpp>
#include <opad/io/atomic_file.hpp>
#include <opad/io/input_file.hpp>

namespace opad {

/// A CSV file of numbers: names of the columns in the first line, the first of them "step". An empty cell is NaN.
struct MetricsTable {
  std::vector<std::string> columns;
  std::vector<std::vector<double>> rows;

  /// The values of one column.
  std::vector<double> column(const std::string& name) const {
    const auto at = std::find(columns.begin(), columns.end(), name);
    require(at != columns.end(), "metrics: no column named ", name);
    std::vector<double> values;
    for (const auto& row : rows) values.push_back(row[static_cast<std::size_t>(at - columns.begin())]);
    return values;
  }
};

namespace metrics_detail {

inline std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1)
    parts.push_back(line.substr(begin, (end = line.find(',', begin)) - begin));
  return parts;
}

/// A cell's value, NaN for an empty one; nothing where it is no number.
inline std::optional<double> value(const std::string& cell) {
  double number = std::numeric_limits<double>::quiet_NaN();
  const auto end = std::from_chars(cell.data(), cell.data() + cell.size(), number).ptr;
  return end == cell.data() + cell.size() ? std::optional(number) : std::nullopt;
}

/// The step of a row; nothing where the line is no row.
inline std::optional<std::int64_t> step_of(const std::string& line, std::size_t columns) {
  const auto parts = cells(line);
  std::int64_t step = 0;
  const auto [end, error] = std::from_chars(parts[0].data(), parts[0].data() + parts[0].size(), step);
  const bool row = error == std::errc{} && end == parts[0].data() + parts[0].size() && parts.size() == columns &&
                   std::all_of(parts.begin(), parts.end(), [](const auto& cell) { return value(cell).has_value(); });
  return row ? std::optional(step) : std::nullopt;
}

/// The shortest decimal that reads back as the same float32; losses have no more digits. "" for what is no finite
/// number.
inline std::string number(double value) {
  if (!std::isfinite(static_cast<float>(value))) return "";
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, static_cast<float>(value)).ptr};
}

inline std::string header(const std::vector<std::string>& columns) {
  std::string line = "step";
  for (const auto& column : columns) {
    const bool plain = !column.empty() && column.find_first_of(",\n\r") == std::string::npos;
    require(plain, "metrics: \"", column, "\" cannot name a column");
    line += "," + column;
  }
  return line;
}

/// The complete lines of a file: what follows the last line break was cut off by a crash.
inline std::vector<std::string> lines(const std::filesystem::path& path) {
  std::string text = read_file(path);
  text.resize(text.rfind('\n') + 1);  // npos + 1 is 0
  std::vector<std::string> found;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) found.push_back(line);
  return found;
}

}  // namespace metrics_detail

/// Reads a metrics.csv. Throws where it has not even a heading.
OPAD_ONCE MetricsTable read_metrics(const std::filesystem::path& path) {
  const auto lines = metrics_detail::lines(path);
  require(!lines.empty(), path.string(), ": holds no metrics, not even the names of its columns");
  MetricsTable table{metrics_detail::cells(lines[0]), {}};
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto cells = metrics_detail::cells(lines[i]);
    require(cells.size() == table.columns.size(), path.string(), ":", i + 1, ": ", cells.size(), " values for ",
            table.columns.size(), " columns");
    auto& row = table.rows.emplace_back();
    for (const auto& cell : cells) {
      const auto value = metrics_detail::value(cell);
      require(value.has_value(), path.string(), ":", i + 1, ": \"", cell, "\" is not a number");
      row.push_back(*value);
    }
  }
  return table;
}

/// Appends one row of numbers an iteration to metrics.csv. Resuming after step `resumed` cuts off the rows beyond it,
/// which the run will write again, so that the file of a run that was stopped equals that of one that was not. A line
/// that is no row goes, too.
class MetricsFile {
 public:
  MetricsFile(std::filesystem::path path, std::vector<std::string> columns, std::optional<std::int64_t> resumed = {})
      : path_(std::move(path)),
        columns_(std::move(columns)),
        resumed_(resumed.value_or(0)) {
    const auto header = metrics_detail::header(columns_);
    std::string kept = header + "\n";
    if (resumed && std::filesystem::exists(path_)) kept = cut(header);
    write_atomically(path_, kept);
    file_.emplace(path_);
  }

  /// What a resumed run's file lacks: "metrics.csv: line 9 is torn; the rows of the steps 9 to 12 are missing". Empty:
  /// nothing.
  ///   every  steps from row to row; 0: that is not known, and no gap can be seen
  OPAD_ONCE std::string damage(std::int64_t every) const {
    std::string text = torn_;
    const auto note = [&](std::int64_t from, std::int64_t to) {
      text += c10::str(text.empty() ? "" : "; ", "the rows of the steps ", from, " to ", to, " are missing");
    };
    std::int64_t expected = every;
    for (const std::int64_t step : kept_) {
      if (every > 0 && step > expected) note(expected, step - every);
      expected = std::max(expected, step + every);
    }
    if (every > 0 && expected <= resumed_) note(expected, resumed_);
    return text.empty() ? "" : path_.string() + ": " + text;
  }

  /// `values` in the order of the columns; what is no finite number becomes an empty cell.
  OPAD_ONCE void append(std::int64_t step, const std::vector<double>& values) {
    require(values.size() == columns_.size(), path_.string(), ": ", values.size(), " values for ", columns_.size(),
            " columns");
    std::string line = std::to_string(step);
    for (const double value : values) line.append(",").append(metrics_detail::number(value));
    file_->append(line.append("\n"));
  }

  /// Makes the rows durable.
  void flush_to_disk() const { file_->flush_to_disk(); }

 private:
  /// The lines that stay.
  std::string cut(const std::string& header) {
    const auto lines = metrics_detail::lines(path_);
    require(lines.empty() || lines[0] == header, path_.string(), ": its columns are ", lines.empty() ? "" : lines[0],
            ", this run writes ", header, "; move the file away or give --output another folder");
    std::string kept = header + "\n";
    for (std::size_t i = 1; i < lines.size(); ++i) {
      const auto step = metrics_detail::step_of(lines[i], columns_.size() + 1);
      if (!step) torn_ += c10::str(torn_.empty() ? "" : "; ", "line ", i + 1, " is torn");
      else if (*step <= resumed_) kept += lines[i] + "\n", kept_.push_back(*step);
    }
    return kept;
  }

  std::filesystem::path path_;
  std::vector<std::string> columns_;
  std::int64_t resumed_;
  std::vector<std::int64_t> kept_;  // steps
  std::string torn_;
  std::optional<AppendedFile> file_;  // opened when its rows are put in order
};

}  // namespace opad
