#pragma once
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <iostream>

#include <opad/ranks/ranks.hpp>

namespace opad {

/// Starts the ranks of a training on this machine's CPU without a launcher: this process forks the others and is the
/// first. What stands in memory by then, models and data, is shared until somebody writes to it. On CPUs two ranks with
/// one thread each are faster than one with two: nobody waits at the end of every small operation.
/// Without an engine for several this process does the work alone.
///   count  ranks, this one included; the constructor returns in all of them
/// Construct it when the models stand and before any backward pass: threads do not survive a fork.
class LocalRanks {
 public:
  OPAD_ONCE explicit LocalRanks(std::int64_t count) {
    require(1 <= count && count <= 64, "--processes ", count, ": give 1 to 64");
    if (count == 1) return;
    if (!ranks_are_known()) {
      std::cerr << "--processes " << count << ": this program knows one process, as its build found no c10d with Gloo "
                << "in LibTorch; it does the work of all, to the same result" << std::endl;
      return;
    }
    int ports[2];
    require(::pipe(ports) == 0, "--processes ", count, ": ", std::strerror(errno));
    const pid_t parent = ::getpid();
    for (std::int64_t rank = 1; rank < count; ++rank) {
      const pid_t child = ::fork();
      require(child >= 0, "--processes ", count, ": cannot start another process: ", std::strerror(errno));
      if (child > 0) {
        children_.push_back(child);
        continue;
      }
      children_.clear();
      is_child_ = true;
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      std::int64_t port = 0;
      ::close(ports[1]);
      if (::getppid() != parent || ::read(ports[0], &port, sizeof port) != sizeof port) ::_exit(1);
      ::close(ports[0]);
      for (const auto& [name, value] :
           {std::pair{"RANK", rank}, {"WORLD_SIZE", count}, {"LOCAL_RANK", rank}, {"MASTER_PORT", port}})
        ::setenv(name, std::to_string(value).c_str(), 1);
      ::setenv("MASTER_ADDR", "127.0.0.1", 1);
      ranks_ = join(launch_of_process());
      return;
    }
    ::close(ports[0]);
    try {
      ranks_ = join({.rank = 0, .size = count}, [&](std::int64_t port) {
        for (std::int64_t rank = 1; rank < count; ++rank)
          require(::write(ports[1], &port, sizeof port) == sizeof port, "--processes ", count,
                  ": another process has ended");
      });
    } catch (...) {
      end(SIGKILL);
      throw;
    }
    ::close(ports[1]);
  }
  /// The others end here; the first waits for them, or ends them where an error ends it.
  ~LocalRanks() {
    if (is_child_ && std::uncaught_exceptions() == 0) ::_exit(0);
    end(std::uncaught_exceptions() > 0 ? SIGKILL : 0);
  }
  LocalRanks(const LocalRanks&) = delete;
  LocalRanks& operator=(const LocalRanks&) = delete;

  const Ranks& ranks() const { return ranks_; }

 private:
  void end(int signal) const {
    for (const pid_t child : children_) {
      if (signal) ::kill(child, signal);
      ::waitpid(child, nullptr, 0);
    }
  }

  std::vector<pid_t> children_;
  bool is_child_ = false;
  Ranks ranks_;
};

}  // namespace opad
