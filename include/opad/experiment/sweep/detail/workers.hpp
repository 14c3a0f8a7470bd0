#pragma once
#include <chrono>
#include <set>
#include <thread>

#include <opad/experiment/sweep/detail/sweep.hpp>
#include <opad/io/atomic_file.hpp>

/// How a sweep's cells are done: by one process, or by any number of workers that share a folder.
namespace opad {

namespace detail {

inline std::string cell_of(const SweepJob& job) {
  return c10::str(job.variant->name, "/", job.subject->name, "/seed-", job.seed);
}
/// Where a worker says of a cell that it has failed, and how.
inline std::filesystem::path failure_file(const std::filesystem::path& output, const SweepJob& job) {
  auto path = CellClaim::path(output, cell_of(job));
  return path += ".failed";
}
inline std::string failure_of(const std::filesystem::path& output, const SweepJob& job) {
  std::ifstream file(failure_file(output, job));
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace detail

/// Trains and scores; false: a signal has stopped it, `code` is the exit's. Throws what went wrong.
OPAD_ONCE bool Sweep::do_job(const Job& job, int& code) {
  if (code = train(job); code != 0) return false;
  if (!encoders_)
    encoders_ = std::make_unique<EvaluationEncoders>(settings_.encoders_folder(), parse_device(settings_.run.device));
  auto found = real_.find(job.subject->name);
  if (found == real_.end())
    found =
        real_.emplace(job.subject->name, RealFeatures(*encoders_, read_concept_folder(job.subject->folder).pictures))
            .first;
  score(job, *encoders_, found->second);
  return true;
}

OPAD_ONCE int Sweep::run_jobs() {
  std::vector<Job> todo;
  for (const Job& job : jobs())
    if (!finished(job)) todo.push_back(job);
  check_inputs(todo);
  std::cerr << program_ << ": " << todo.size() << " runs to do, " << jobs().size() - todo.size() << " done already"
            << std::endl;
  if (todo.empty()) return 0;
  encoders_ = std::make_unique<EvaluationEncoders>(settings_.encoders_folder(), parse_device(settings_.run.device));
  for (std::size_t i = 0; i < todo.size(); ++i) {
    const Job& job = todo[i];
    std::cerr << "\n[" << i + 1 << "/" << todo.size() << "] " << job.variant->name << ", " << job.subject->name
              << ", seed " << job.seed << std::endl;
    try {
      if (int code = 0; !do_job(job, code)) return code;
    } catch (const Error& error) {
      require(settings_.keep_going || settings_.shards > 1, job.folder.string(), ": ", error.what());
      std::cerr << program_ << ": " << error.what() << std::endl;
      failures_[job.folder.string()] = error.what();
    }
  }
  if (failures_.empty()) return 0;
  std::string names;
  for (const auto& [name, reason] : failures_) names += (names.empty() ? "" : ", ") + name;
  std::cerr << program_ << ": not finished: " << names << std::endl;
  return 0;
}

/// Takes one cell after the other that no other worker has, and waits for those that others have, since a worker may
/// die. A cell that fails is on record for all: the workers of now pass it over, those that start later try it again.
OPAD_ONCE int Sweep::run_shared() {
  const std::vector<Job> all = jobs();
  std::map<std::string, std::string> failed_before;
  std::vector<Job> todo;
  for (const Job& job : all) {
    failed_before[detail::cell_of(job)] = detail::failure_of(settings_.output, job);
    if (!finished(job)) todo.push_back(job);
  }
  check_inputs(todo);
  std::cerr << program_ << ": " << todo.size() << " runs to share, " << all.size() - todo.size() << " done already"
            << std::endl;
  const std::string mark = c10::str(std::chrono::system_clock::now().time_since_epoch().count(), " ", ::getpid());
  std::set<std::string> settled;
  while (settled.size() < todo.size()) {
    bool worked = false;
    for (const Job& job : todo) {
      const std::string cell = detail::cell_of(job);
      if (settled.contains(cell)) continue;
      const auto claim = CellClaim::take(settings_.output, cell);
      if (!claim) continue;
      const std::string failure = detail::failure_of(settings_.output, job);
      if (finished(job)) {
        settled.insert(cell);
      } else if (!failure.empty() && failure != failed_before.at(cell)) {
        failures_[cell] = failure.substr(0, failure.find('\n')), settled.insert(cell);
      } else if (const std::string root(job.variant->facts().teacher_of);
                 !root.empty() && !std::filesystem::is_directory(teacher_folder(job))) {
        const std::string needed = c10::str(root, "/", job.subject->name, "/seed-", job.seed);
        if (failures_.contains(needed)) failures_[cell] = "the row " + root + " has failed", settled.insert(cell);
      } else {
        worked = true;
        std::filesystem::remove(detail::failure_file(settings_.output, job));
        std::cerr << "\n" << program_ << ": begins " << cell << std::endl;
        try {
          if (int code = 0; !do_job(job, code)) return code;
          std::cerr << program_ << ": done " << cell << std::endl;
        } catch (const std::exception& error) {
          const std::string reason = std::string(error.what()).substr(0, std::string(error.what()).find('\n'));
          std::cerr << program_ << ": " << cell << ": " << reason << std::endl;
          write_atomically(detail::failure_file(settings_.output, job), reason + "\n" + mark);
          failures_[cell] = reason;
        }
        settled.insert(cell);
      }
    }
    if (!worked && settled.size() < todo.size()) std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  for (const auto& [cell, reason] : failures_)
    std::cerr << program_ << ": not finished: " << cell << ": " << reason << std::endl;
  return 0;
}

/// --status: all workers' work in one view.
OPAD_ONCE int Sweep::status() const {
  namespace fs = std::filesystem;
  std::size_t done = 0, running = 0, failed = 0, open = 0;
  double seconds = 0;
  std::string text;
  for (const Job& job : jobs()) {
    const std::string cell = detail::cell_of(job);
    if (finished(job)) {
      ++done;
      if (const auto config = job.folder / "config.json"; fs::exists(config))
        seconds += std::chrono::duration<double>(fs::last_write_time(job.folder / "results.json") -
                                                 fs::last_write_time(config))
                       .count();
    } else if (CellClaim::is_taken(settings_.output, cell) || CellClaim::file_is_locked(job.folder / ".lock")) {
      ++running;
      const auto metrics = job.folder / "metrics.csv";
      std::ifstream file(metrics);
      const auto lines = std::count(std::istreambuf_iterator<char>(file), {}, '\n');
      text += c10::str("running  ", cell, "  ", std::max<std::ptrdiff_t>(lines - 1, 0), " of ", settings_.run.steps,
                       " iterations\n");
    } else if (const auto reason = detail::failure_of(settings_.output, job); !reason.empty()) {
      ++failed;
      text += c10::str("failed   ", cell, "  ", reason.substr(0, reason.find('\n')), "\n");
    } else {
      ++open;
    }
  }
  std::cout << text << done << " done, " << running << " running, " << failed << " failed, " << open << " open";
  if (done > 0 && running + open > 0)
    std::cout << "; about "
              << duration(seconds / static_cast<double>(done) * static_cast<double>(running + open) /
                          static_cast<double>(std::max<std::size_t>(running, 1)))
              << " left with " << std::max<std::size_t>(running, 1) << " workers";
  std::cout << std::endl;
  return 0;
}

}  // namespace opad
