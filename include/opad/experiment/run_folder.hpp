#pragma once
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/core/random.hpp>
#include <opad/experiment/versions.hpp>
#include <opad/io/json.hpp>

namespace opad {

/// A saved state of a run: complete by its very presence under this name.
struct Checkpoint {
  std::int64_t step = 0;
  std::filesystem::path folder;
};

/// The checkpoints of a run folder, oldest first. What a crash left half-written has another name and is not seen.
OPAD_ONCE std::vector<Checkpoint> checkpoints(const std::filesystem::path& run) {
  std::vector<Checkpoint> found;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(run / "checkpoints", none)) {
    const auto name = entry.path().filename().string();
    std::int64_t step = 0;
    if (!name.starts_with("step-") || !entry.is_directory()) continue;
    const auto [end, error] = std::from_chars(name.data() + 5, name.data() + name.size(), step);
    if (error == std::errc{} && end == name.data() + name.size()) found.push_back({step, entry.path()});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.step < b.step; });
  return found;
}

OPAD_ONCE std::optional<Checkpoint> latest_checkpoint(const std::filesystem::path& run) {
  const auto found = checkpoints(run);
  return found.empty() ? std::nullopt : std::optional(found.back());
}

/// 16 hexadecimal digits that two runs share exactly when they compute the same: recipe and decisive options are equal.
OPAD_ONCE std::string fingerprint(const std::string& recipe, const Json& decisive_options) {
  const nlohmann::json sorted = decisive_options;  // the order of the options says nothing
  const auto bits = hash(sorted.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), hash(recipe + "\n"));
  std::string digits;
  for (int shift = 60; shift >= 0; shift -= 4) digits += "0123456789abcdef"[bits >> shift & 15];
  return digits;
}

/// What a run is: its recipe and its options, all of them (`resolved`) and those that can change its result
/// (`decisive`); the preset that the recipe derives from and the policies of its slots, for the record.
struct RunDescription {
  std::string recipe;
  Json resolved = Json::object(), decisive = Json::object();
  std::string preset = {};
  Json policies = Json::object();
};

/// What to do with a run that is in the folder already: nothing (an error), go on where it stopped, or begin anew.
enum class Existing { Refuse, Resume, Overwrite };

/// Keeps other processes out of a folder. The lock ends with the process, however that ends.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder)
      : file_(::open((folder / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    require(file_ >= 0, (folder / ".lock").string(), ": cannot write: ", std::strerror(errno));
    if (::flock(file_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;  // some file systems know no locks
    ::close(file_);
    fail(folder.string(), ": another process is working in this folder; wait for it or give --output another folder");
  }
  ~FolderLock() { ::close(file_); }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int file_;
};

/// The folder of a run:
///   config.json            recipe, every option, versions, fingerprint
///   checkpoints/step-N/    written under another name, flushed, renamed: complete or absent; the last `keep` stay
///   metrics.csv, events.out.tfevents.*, previews/, the final adapters, teacher/, report.html: written by others
/// One process at a time holds it.
class RunFolder {
 public:
  OPAD_ONCE RunFolder(std::filesystem::path folder, const RunDescription& run, Existing existing, std::size_t keep = 2)
      : folder_(std::move(folder)),
        keep_(keep) {
    require(!folder_.empty(), "the run needs a folder; give --output FOLDER");
    require(!std::filesystem::exists(folder_) || std::filesystem::is_directory(folder_), folder_.string(),
            ": not a folder; give --output a folder");
    require(keep_ >= 1, folder_.string(), ": at least one checkpoint must be kept");
    translate([&] {
      refuse_foreign();
      std::filesystem::create_directories(folder_ / "checkpoints");
      lock_.emplace(folder_);
      if (std::filesystem::exists(config_file())) meet(run, existing);
      remove_drafts();
      write_json(config_file(), {{"recipe", run.recipe},
                                 {"preset", run.preset},
                                 {"policies", run.policies},
                                 {"options", run.resolved},
                                 {"versions", versions()},
                                 {"fingerprint", fingerprint(run.recipe, run.decisive)}});
    });
  }

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path config_file() const { return folder_ / "config.json"; }
  std::filesystem::path metrics_file() const { return folder_ / "metrics.csv"; }
  std::filesystem::path previews() const { return folder_ / "previews"; }

  std::optional<Checkpoint> latest_checkpoint() const { return opad::latest_checkpoint(folder_); }

  /// Saves what `write` puts into the folder that it is given, as checkpoints/step-N, then drops the oldest beyond
  /// `keep`. A step that is saved already stays as it is: a run has one state at a step. When `write` throws, no trace
  /// is left.
  OPAD_ONCE std::filesystem::path save_checkpoint(std::int64_t step,
                                                  const std::function<void(const std::filesystem::path&)>& write) {
    const auto target = folder_ / "checkpoints" / c10::str("step-", step), draft = hidden(target);
    return translate([&] {
      if (std::filesystem::exists(target)) return target;
      std::filesystem::remove_all(draft);
      std::filesystem::create_directories(draft);
      try {
        write(draft);
        flush_tree(draft);
        std::filesystem::rename(draft, target);
      } catch (...) {
        std::error_code ignored;
        std::filesystem::remove_all(draft, ignored);
        throw;
      }
      flush(target.parent_path());
      drop_old();
      return target;
    });
  }

 private:
  /// What the file system refuses becomes an Error.
  template <class Work>
  static auto translate(Work work) -> decltype(work()) {
    try {
      return work();
    } catch (const std::filesystem::filesystem_error& error) {
      fail(error.path1().string(), ": ", error.code().message());
    }
  }

  /// A name under which a folder is neither a checkpoint nor anything else that counts.
  static std::filesystem::path hidden(const std::filesystem::path& path) {
    return path.parent_path() / ("." + path.filename().string());
  }

  /// What belongs to something else (a model folder's config.json) must never be written over.
  void refuse_foreign() const {
    if (!std::filesystem::exists(config_file())) {
      require(checkpoints(folder_).empty(), folder_.string(),
              ": holds checkpoints but no config.json; give --output another folder");
      return;
    }
    const auto config = read_json(config_file());
    require(config.is_object() && config.contains("fingerprint") && config.contains("options") &&
                config.value("recipe", Json()).is_string(),
            folder_.string(), ": holds a config.json that is not a run's; give --output another folder");
  }

  void meet(const RunDescription& run, Existing existing) const {
    require(
        existing != Existing::Refuse, folder_.string(),
        ": holds a run already; give --resume to go on with it, --overwrite to replace it, or --output another folder");
    if (existing == Existing::Overwrite) return clear();
    const auto before = read_json(config_file());
    const auto recipe = before.value("recipe", "");
    require(recipe == run.recipe, folder_.string(), ": is a run of the recipe ", recipe, ", not of ", run.recipe,
            "; give --output another folder");
    const auto changes = differences(before["options"], run);
    require(changes.empty(), folder_.string(), ": cannot resume with other options: ", changes,
            "; give the old ones, or --output another folder");
  }

  /// Every value of an options tree as text, by its dotted name.
  static std::map<std::string, std::string> leaves(const Json& tree, const std::string& prefix = "") {
    std::map<std::string, std::string> found;
    for (const auto& [key, value] : tree.items()) {
      if (value.is_object()) found.merge(leaves(value, prefix + key + "."));
      else found[prefix + key] = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    return found;
  }

  /// "seed was 1 and is 2, ...": among the decisive options, and those that there are no longer.
  static std::string differences(const Json& before, const RunDescription& run) {
    const auto was = leaves(before), is = leaves(run.decisive), all = leaves(run.resolved);
    std::string text;
    const auto note = [&](const auto&... parts) { text += c10::str(text.empty() ? "" : ", ", parts...); };
    for (const auto& [name, value] : is) {
      const auto old = was.find(name);
      if (old == was.end()) note(name, " is new");
      else if (old->second != value) note(name, " was ", old->second, " and is ", value);
    }
    for (const auto& [name, value] : was)
      if (!all.contains(name)) note(name, " was ", value, " and is gone");
    return text;
  }

  /// Removes what a run writes and nothing else; config.json last, so that until then the folder counts as a run.
  void clear() const {
    std::filesystem::rename(folder_ / "checkpoints", folder_ / ".checkpoints");
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      const auto name = entry.path().filename().string(), extension = entry.path().extension().string();
      const bool of_a_run = name == ".checkpoints" || name == "metrics.csv" || name == "previews" ||
                            name == "teacher" || name == "joint" || name == "collaborative" || name == "class-images" ||
                            name == "unet" || name == "report.html" || name == "learning-curve.png" ||
                            extension == ".bin" || extension == ".safetensors" ||
                            name.starts_with("events.out.tfevents.");
      if (of_a_run) std::filesystem::remove_all(entry.path());
    }
    std::filesystem::remove(config_file());
    std::filesystem::create_directories(folder_ / "checkpoints");
  }

  void remove_drafts() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "checkpoints"))
      if (entry.path().filename().string().starts_with(".")) std::filesystem::remove_all(entry.path());
  }

  void drop_old() const {
    auto found = checkpoints(folder_);
    found.resize(found.size() - std::min(found.size(), keep_));
    for (const auto& old : found) {
      std::filesystem::rename(old.folder,
                              hidden(old.folder));  // half removed under its own name it would look complete
      std::filesystem::remove_all(hidden(old.folder));
    }
  }

  static void flush_tree(const std::filesystem::path& folder) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) flush(entry.path());
    flush(folder);
  }

  static void flush(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    require(file >= 0, path.string(), ": cannot open: ", std::strerror(errno));
    const int error = ::fsync(file) == 0 ? 0 : errno;
    ::close(file);
    require(!error || std::filesystem::is_directory(path), path.string(), ": cannot write: ", std::strerror(error));
  }

  std::filesystem::path folder_;
  std::size_t keep_;
  std::optional<FolderLock> lock_;
};

}  // namespace opad
