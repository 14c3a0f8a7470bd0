#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <opad/experiment/sweep/settings.hpp>
#include <opad/train/memory_need.hpp>

namespace opad {

/// What a sweep's run leaves on the disk, in bytes.
struct DiskNeed {
  double checkpoints = 0, adapters = 0;
  double pictures = 0;  // scored ones, those of the class, those of a second stage
  double record = 0;    // previews, curves, report and logs

  double all() const { return checkpoints + adapters + pictures + record; }
};

/// Checkpoints and adapters follow from shapes. A picture counts as its bytes without compression, so is smaller where
/// it is no noise. The record was measured: 0.2 MB, 100 bytes for each pixel of a picture's area, 1 KB an iteration.
///   training  what the run's training leaves; nothing for a row that trains nothing
///   scored    number of pictures that are made to be scored
OPAD_ONCE DiskNeed disk_need(const SweepSettings& settings, const MemoryNeed::Left* training, double scored) {
  const RunSettings& run = settings.run;
  const auto side = static_cast<double>(settings.photograph_resolution()), picture = 3 * side * side;
  DiskNeed need{.pictures = scored * picture};
  if (!training) return need;
  const std::int64_t saved = (run.steps + run.checkpoint_every - 1) / run.checkpoint_every;
  need.checkpoints = static_cast<double>(std::min(saved, run.keep_checkpoints) * training->checkpoint);
  need.adapters = static_cast<double>(training->adapters);
  need.pictures += static_cast<double>(training->pictures) + static_cast<double>(run.class_images) * picture;
  if (settings.evaluate_teacher) need.pictures += scored * picture;
  need.record = 2e5 + 100 * side * side + 1e3 * static_cast<double>(run.steps);
  return need;
}

/// A row of a sweep, its number of runs, and what each of them leaves.
struct RowDiskNeed {
  std::string row;
  std::size_t runs = 0, open = 0;  // in all, and not finished yet
  DiskNeed each;
};

/// As a table for people, in MB of a million bytes.
OPAD_ONCE std::string to_text(const std::vector<RowDiskNeed>& rows) {
  std::string text = "disk, in MB: a run\n";
  double all = 0, open = 0;
  const auto line = [&](std::string name, const std::string& numbers) {
    name.resize(std::max<std::size_t>(name.size() + 2, 30), ' ');
    text += "  " + name + numbers + "\n";
  };
  const auto megabytes = [](double bytes) {
    char number[32];
    std::snprintf(number, sizeof number, "%.1f", bytes / 1e6);
    return std::string(number);
  };
  for (const RowDiskNeed& row : rows) {
    const DiskNeed& each = row.each;
    line(row.row, megabytes(each.all()) + " = checkpoints " + megabytes(each.checkpoints) + ", adapters " +
                      megabytes(each.adapters) + ", pictures " + megabytes(each.pictures) + ", record " +
                      megabytes(each.record));
    all += static_cast<double>(row.runs) * each.all(), open += static_cast<double>(row.open) * each.all();
  }
  line("all runs", megabytes(all) + ", of which to come " + megabytes(open));
  return text;
}

}  // namespace opad
