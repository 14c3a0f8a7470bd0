#pragma once
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <opad/experiment/run/metrics.hpp>
#include <opad/experiment/run/own_events.hpp>
#include <opad/experiment/run/progress.hpp>
#include <opad/experiment/run/run_folder.hpp>
#include <opad/io/event_file.hpp>
#include <opad/io/image.hpp>
#include <opad/train/divergence.hpp>

namespace opad::detail {

/// Metrics, curves, sheets and the progress line of a pretraining.
class PretrainLog {
 public:
  PretrainLog(const std::string& name, const RunFolder& folder, std::int64_t total, std::int64_t start)
      : folder_(folder),
        start_(start),
        events_(folder.path(), own_events(folder, start)),
        progress_(name, total, start) {
    std::filesystem::create_directories(folder.previews());
  }
  /// Averages readings; writes them when `show` says so.
  void add(const std::vector<std::pair<std::string, Tensor>>& readings, std::int64_t done, bool show) {
    if (sums_.empty())
      for (const auto& [key, value] : readings) sums_.emplace_back(key, 0.0);
    Readings now;
    for (const auto& [key, value] : readings) now.emplace_back(key, value.item<double>());
    require_finite_numbers(now, {}, done);
    for (std::size_t i = 0; i < now.size(); ++i) sums_[i].second += now[i].second;
    ++count_;
    if (!show) return;
    std::vector<std::string> columns;
    std::vector<double> row;
    for (auto& [key, value] : sums_) {
      columns.push_back(key), row.push_back(value /= static_cast<double>(count_));
      events_.scalar(key, value, done);
    }
    if (!metrics_) {
      metrics_.emplace(folder_.metrics_file(), columns, start_ > 0 ? std::optional(start_) : std::nullopt);
      if (const auto damage = metrics_->damage(0); !damage.empty()) std::cerr << damage << std::endl;
    }
    metrics_->append(done, row);
    progress_.update(done, sums_);
    sums_.clear(), count_ = 0;
  }
  void sheet(const Tensor& picture, std::int64_t done) {
    write_png(folder_.previews() / c10::str("step-", done, ".png"), picture);
    events_.image("sheet", picture, done);
  }
  void finish() { progress_.finish(); }
  /// Makes durable what was recorded, before a checkpoint.
  void flush_to_disk() const {
    if (metrics_) metrics_->flush_to_disk();
    opad::flush_to_disk(events_.path());
  }

 private:
  const RunFolder& folder_;
  std::int64_t start_, count_ = 0;
  EventFile events_;
  Progress progress_;
  std::optional<MetricsFile> metrics_;
  Readings sums_;
};

}  // namespace opad::detail
