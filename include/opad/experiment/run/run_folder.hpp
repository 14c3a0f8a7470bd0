#pragma once
#include <functional>
#include <string>
#include <utility>

#include <opad/adapter/trained_folder.hpp>
#include <opad/experiment/options/versions.hpp>
#include <opad/experiment/run/checkpoints.hpp>
#include <opad/experiment/run/folder_lock.hpp>
#include <opad/experiment/run/manifest.hpp>
#include <opad/experiment/run/run_record.hpp>
#include <opad/io/folder.hpp>
#include <opad/io/json_in.hpp>

namespace opad {

/// What to do with a run that is in the folder already: nothing (an error), go on where it stopped, or begin anew.
enum class Existing { Refuse, Resume, Overwrite };

/// The folder of a run:
///   config.json            recipe, every option, versions, fingerprint
///   files.txt              the names in the folder that are the run's
///   checkpoints/step-N/    written under another name, flushed, renamed: complete or absent; the last `keep` stay
///   metrics.csv, events.out.tfevents.*, previews/, the final adapters, teacher/, report.html: written by others
/// One process at a time holds it. A run that left neither a checkpoint nor adapters is begun anew, whatever `existing`
/// says: there is nothing to lose.
class RunFolder {
 public:
  RunFolder(std::filesystem::path folder, const RunDescription& run, Existing existing, std::size_t keep = 2)
      : RunFolder(std::move(folder), keep) {
    translate([&] {
      refuse(run, existing);
      std::filesystem::create_directories(folder_);
      lock_.emplace(folder_);
      remove_unfinished();
      if (refuse(run, existing)) clear();  // another process may have begun a run since
      if (!std::filesystem::exists(config_file()) && std::filesystem::exists(folder_ / manifest_name))
        std::filesystem::remove_all(cleared_checkpoints());
      own("checkpoints");
      std::filesystem::create_directories(folder_ / "checkpoints");
      remove_drafts();
      write_json(config_file(), {{"recipe", run.recipe},
                                 {"preset", run.preset},
                                 {"policies", run.policies},
                                 {"parts", run.parts},
                                 {"options", run.resolved},
                                 {"versions", versions()},
                                 {"contents", run.contents},
                                 {"fingerprint", fingerprint(run.recipe, run.decisive, run.contents)}});
    });
  }

  /// Throws what the constructor would throw for what is in the folder by now, and writes nothing. Before anything
  /// heavy: where the run's contents are not known yet, they are not compared.
  OPAD_ONCE static void check(const std::filesystem::path& folder, const RunDescription& run, Existing existing) {
    translate([&] { return RunFolder(folder, 1).refuse(run, existing); });
  }

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path config_file() const { return folder_ / "config.json"; }
  std::filesystem::path metrics_file() const { return folder_ / "metrics.csv"; }
  std::filesystem::path previews() const { return folder_ / "previews"; }

  /// The path of a name that the run is about to write.
  OPAD_ONCE std::filesystem::path own(const std::string& name) const {
    own_file(folder_, name);
    return folder_ / name;
  }

  std::optional<Checkpoint> latest_checkpoint() const { return opad::latest_checkpoint(folder_); }

  /// Saves what `write` puts into the folder that it is given, as checkpoints/step-N, then drops the oldest beyond
  /// `keep`. A step that is saved already stays as it is: a run has one state at a step. When `write` throws, no trace
  /// is left.
  OPAD_ONCE std::filesystem::path save_checkpoint(
      std::int64_t step, const std::function<void(const std::filesystem::path&)>& write) const {
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
      flush_to_disk(target.parent_path());
      drop_old();
      return target;
    });
  }

  /// Drops the oldest checkpoints beyond `keep`: after each save, and at a run's end, for a kill may have come between.
  OPAD_ONCE void drop_old() const {
    auto found = checkpoints(folder_);
    found.resize(found.size() - std::min(found.size(), keep_));
    for (const auto& old : found) {
      std::filesystem::rename(old.folder,
                              hidden(old.folder));  // half removed under its own name it would look complete
      std::filesystem::remove_all(hidden(old.folder));
    }
  }

 private:
  RunFolder(std::filesystem::path folder, std::size_t keep) : folder_(std::move(folder)), keep_(keep) {
    require(!folder_.empty(), "the run needs a folder; give --output FOLDER");
    require(keep_ >= 1, folder_.string(), ": at least one checkpoint must be kept");
  }

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

  /// Throws where the run cannot have the folder. -> whether a run is there that is to be removed
  bool refuse(const RunDescription& run, Existing existing) const {
    refuse_unwritable();
    refuse_foreign();
    return std::filesystem::exists(config_file()) && meet(run, existing);
  }

  /// The folder, or the nearest one above it that is there, must take files.
  void refuse_unwritable() const {
    auto nearest = std::filesystem::absolute(folder_);
    while (!is_there(nearest) && nearest.has_relative_path()) nearest = nearest.parent_path();
    require(is_folder(nearest), nearest.string(), ": not a folder; give --output a folder");
    if (::access(nearest.c_str(), W_OK | X_OK) != 0) fail_by_errno(nearest, "cannot write");
  }

  /// What belongs to something else (a model folder's config.json) must never be written over.
  void refuse_foreign() const {
    if (!std::filesystem::exists(config_file())) {
      require(checkpoints(folder_).empty(), folder_.string(),
              ": holds checkpoints but no config.json; give --output another folder");
      for (const char* part : {"model_index.json", "unet/config.json", "vae/config.json"})
        require(!std::filesystem::exists(folder_ / part) || std::filesystem::exists(folder_ / manifest_name),
                folder_.string(), ": holds a model (", part, "); give --output another folder");
      return;
    }
    const auto config = read_json(config_file());
    require(config.is_object() && config.contains("fingerprint") && config.contains("options") &&
                config.value("recipe", Json()).is_string(),
            folder_.string(), ": holds a config.json that is not a run's; give --output another folder");
  }

  /// Throws where the run that is there forbids this one. -> whether it is to be removed
  bool meet(const RunDescription& run, Existing existing) const {
    const bool nothing = std::filesystem::exists(cleared_checkpoints()) ||
                         (checkpoints(folder_).empty() && !std::filesystem::exists(folder_ / adapters_record) &&
                          !detail::holds_known_weights(folder_));
    if (nothing || existing == Existing::Overwrite) return true;
    require(existing != Existing::Refuse, folder_.string(),
            ": holds a run already; give --resume to go on with it, --overwrite to replace it, or --output another "
            "folder");
    json_in(config_file(), [&] { compare(read_json(config_file()), run); });
    return false;
  }

  /// Throws where the run of a config.json is another one.
  void compare(const Json& before, const RunDescription& run) const {
    const auto recipe = before.at("recipe").get<std::string>();
    require(recipe == run.recipe, folder_.string(), ": is a run of the recipe ", recipe, ", not of ", run.recipe,
            "; give --output another folder");
    const auto changes = option_differences(before.at("options"), run);
    require(changes.empty(), folder_.string(), ": cannot resume with other options: ", changes,
            "; give the old ones, or --output another folder");
    if (run.contents.empty()) return;
    const auto others = content_differences(before.value("contents", Json::object()), run.contents);
    require(others.empty(), folder_.string(), ": cannot resume: ", others,
            "; give what the run began with, or --output another folder");
  }

  /// Where the checkpoints of a run go that is being removed. While this is there, the folder counts as a run that has
  /// nothing to lose, which any command begins anew, wherever the removal was interrupted.
  std::filesystem::path cleared_checkpoints() const { return hidden(folder_ / "checkpoints"); }

  /// Removes what the run wrote and nothing else; last of all the manifest, which says whose the rest is.
  void clear() const {
    const auto old = cleared_checkpoints();
    if (!std::filesystem::exists(old)) {
      if (std::filesystem::exists(folder_ / "checkpoints")) std::filesystem::rename(folder_ / "checkpoints", old);
      else std::filesystem::create_directory(old);
    }
    for (const auto& name : names_of_run()) std::filesystem::remove_all(folder_ / name);
    std::filesystem::remove_all(folder_ / "checkpoints");  // in no manifest of a run from before there was one
    if (!std::filesystem::exists(folder_ / manifest_name)) write_atomically(folder_ / manifest_name, "");
    std::filesystem::remove(config_file());
    std::filesystem::remove_all(old);
    std::filesystem::remove(folder_ / manifest_name);
  }

  /// The manifest's names; of a run from before there was one, what such runs wrote.
  std::vector<std::string> names_of_run() const {
    if (std::filesystem::exists(folder_ / manifest_name)) return read_manifest(folder_);
    std::vector<std::string> names{
        "metrics.csv",        "previews",     "teacher",           "joint",        "collaborative",
        "class-images",       "unet",         "report.html",       "results.json", "evaluation",
        "evaluation-teacher", "summary.json", "learning-curve.png"};
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      const auto name = entry.path().filename().string(), extension = entry.path().extension().string();
      if (extension == ".bin" || extension == ".safetensors" || name.starts_with("events.out.tfevents."))
        names.push_back(name);
    }
    return names;
  }

  /// What a killed process was about to rename.
  void remove_drafts() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "checkpoints"))
      if (entry.path().filename().string().starts_with(".")) std::filesystem::remove_all(entry.path());
  }

  /// Removes the run's files that a kill left unfinished, under their temporary names.
  void remove_unfinished() const {
    namespace fs = std::filesystem;
    std::vector<std::string> names = read_manifest(folder_);
    std::vector<fs::path> found;
    for (const auto& name : names)
      if (fs::is_directory(folder_ / name))
        for (const auto& entry : fs::recursive_directory_iterator(folder_ / name))
          if (!unfinished_file(entry.path().filename().string()).empty()) found.push_back(entry.path());
    names.insert(names.end(), {config_file().filename().string(), manifest_name});
    for (const auto& entry : fs::directory_iterator(folder_))
      if (std::ranges::find(names, unfinished_file(entry.path().filename().string())) != names.end())
        found.push_back(entry.path());
    for (const auto& each : found) fs::remove(each);
  }

  static void flush_tree(const std::filesystem::path& folder) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) flush_to_disk(entry.path());
    flush_to_disk(folder);
  }

  std::filesystem::path folder_;
  std::size_t keep_;
  std::optional<FolderLock> lock_;
};

}  // namespace opad
