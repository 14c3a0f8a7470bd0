#pragma once
#include <iostream>
#include <map>

#include <opad/experiment/run/metrics.hpp>
#include <opad/experiment/run/own_events.hpp>
#include <opad/experiment/run/progress.hpp>
#include <opad/experiment/run/run_folder.hpp>
#include <opad/io/event_file.hpp>
#include <opad/train/trainer.hpp>

namespace opad {

/// Numbers by name, averaged over micro-steps; they come from the device in one copy.
OPAD_ONCE Readings average_readings(const Metrics& metrics) {
  Readings readings;
  if (metrics.empty()) return readings;
  std::vector<Tensor> values;
  for (const auto& [name, value] : metrics) values.push_back(value.detach());
  const Tensor numbers = at::stack(values).cpu().to(torch::kFloat64);
  std::map<std::string, int> counts;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const std::string& name = metrics[i].first;
    const auto found = std::find_if(readings.begin(), readings.end(), [&](const auto& r) { return r.first == name; });
    const double number = numbers.data_ptr<double>()[i];
    if (found == readings.end()) readings.emplace_back(name, number);
    else found->second += number;
    ++counts[name];
  }
  for (auto& [name, value] : readings) value /= counts[name];
  return readings;
}

/// Where a run's numbers go: metrics.csv, TensorBoard's events, the progress line.
class Recorder {
 public:
  Recorder(const RunFolder& folder, const std::string& name, std::vector<std::string> columns, std::int64_t steps,
           std::int64_t start)
      : columns_(std::move(columns)),
        events_(folder.path(), own_events(folder, start)),
        metrics_(folder.own("metrics.csv"), columns_, start > 0 ? std::optional(start) : std::nullopt),
        progress_(name, steps, start) {
    if (const auto damage = start > 0 ? metrics_.damage(1) : ""; !damage.empty())
      std::cerr << damage << "; they stay empty in the curves, the training itself is whole" << std::endl;
  }

  OPAD_ONCE void record(const Readings& readings, std::int64_t step) {
    std::vector<double> row;
    for (const auto& column : columns_) {
      const auto found =
          std::find_if(readings.begin(), readings.end(), [&](const auto& r) { return r.first == column; });
      row.push_back(found == readings.end() ? std::numeric_limits<double>::quiet_NaN() : found->second);
      if (found != readings.end()) events_.scalar(column, found->second, step);
    }
    metrics_.append(step, row);
    progress_.update(step, readings);
  }
  EventFile& events() { return events_; }
  void finish() { progress_.finish(); }
  /// Makes durable what was recorded: a checkpoint must not outlive the numbers before it.
  OPAD_ONCE void flush_to_disk() const {
    metrics_.flush_to_disk();
    events_.flush_to_disk();
  }

 private:
  std::vector<std::string> columns_;
  EventFile events_;
  MetricsFile metrics_;
  Progress progress_;
};

}  // namespace opad
