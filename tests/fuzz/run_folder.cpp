// The folder of a run: config.json, files.txt, metrics.csv, checkpoints, adapters.json. The input holds the files, each
// behind a line "== NAME". The folder is looked at, resumed and overwritten; whatever it says, nothing beside it
// changes.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>

#include <opad/adapter/trained_folder.hpp>
#include <opad/experiment/run/metrics.hpp>
#include <opad/experiment/run/run_folder.hpp>

#include "fuzz.hpp"

namespace {

using namespace opad;
namespace fs = std::filesystem;

constexpr std::array names{"config.json",
                           "files.txt",
                           "metrics.csv",
                           "adapters.json",
                           "<new1>.safetensors",
                           "checkpoints/step-3/state.safetensors",
                           "checkpoints/step-12/state.safetensors"};

const fs::path& scratch() {
  static const fs::path path = [] {
    const fs::path memory = "/dev/shm", at = fs::exists(memory) ? memory : fs::temp_directory_path();
    return at / ("opad-fuzz-run-folder-" + std::to_string(::getpid()));
  }();
  return path;
}

/// Writes the files of the input; names that are none of a run's are passed over.
void lay_out(std::string_view text, const fs::path& run) {
  fs::remove_all(scratch());
  fs::create_directories(run);
  std::ofstream(scratch() / "notes.txt") << "somebody's own";
  constexpr std::string_view mark = "== ";
  for (auto at = text.find(mark); at != text.npos;) {
    const auto line = text.find('\n', at), next = text.find("\n== ", at);
    if (line == text.npos) return;
    const std::string name(text.substr(at + mark.size(), line - at - mark.size()));
    if (std::ranges::find(names, name) != names.end()) {
      fs::create_directories((run / name).parent_path());
      const auto body = text.substr(line + 1, next == text.npos ? next : next > line ? next - line - 1 : 0);
      std::ofstream(run / name, std::ios::binary) << body;
    }
    at = next == text.npos ? next : next + 1;
  }
}

void read(std::string_view text) {
  const fs::path run = scratch() / "run";
  lay_out(text, run);
  const RunDescription description{
      .recipe = "default", .resolved = {{"seed", 1}, {"steps", 4}}, .decisive = {{"seed", 1}, {"steps", 4}}};
  const auto reads = [](const auto& reader) {
    try {
      reader();
    } catch (const Error&) {}
  };
  reads([&] { read_metrics(run / "metrics.csv"); });
  reads([&] { read_manifest(run); });
  reads([&] { read_trained_tokens(run); });
  for (const auto& checkpoint : checkpoints(run)) reads([&] { SafeTensors(checkpoint.folder / "state.safetensors"); });
  for (const auto existing : {Existing::Refuse, Existing::Resume, Existing::Overwrite})
    reads([&] {
      const RunFolder folder(run, description, existing);
      MetricsFile(folder.own("metrics.csv"), {"a", "b"}, std::int64_t{3}).append(4, {1, 2});
      if (existing == Existing::Overwrite && folder.latest_checkpoint()) std::abort();
    });
  if (read_file(scratch() / "notes.txt") != "somebody's own") std::abort();
}

}  // namespace

OPAD_FUZZ_TARGET(read)
