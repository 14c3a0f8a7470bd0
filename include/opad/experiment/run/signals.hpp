#pragma once
#include <signal.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>

#include <opad/experiment/options/exit_codes.hpp>

namespace opad {

namespace signals {
inline volatile sig_atomic_t received = 0, silent = 0;

inline void receive(int signal) {
  if (received) _exit(exit_code::by_signal + signal);
  received = signal;
  if (silent) return;
  constexpr char text[] = "\nStopping after this iteration; once more quits at once.\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text, sizeof text - 1);
}
}  // namespace signals

/// While one lives, the signals with which people and schedulers end programs (Ctrl-C, SIGTERM, a closed terminal, a
/// queue's notice, a limit of CPU time) ask the program to stop at its next convenience, after a checkpoint; a second
/// one ends it at once. A reader that closes its pipe stops nothing. The handlers of before come back with its end.
///   speaks  say that the program will stop; false: another process of the training says it
class StopSignals {
 public:
  explicit StopSignals(bool speaks = true) {
    struct sigaction action{}, ignore{};
    action.sa_handler = signals::receive;
    action.sa_flags = SA_RESTART;
    ignore.sa_handler = SIG_IGN;
    signals::received = 0;
    signals::silent = !speaks;
    for (std::size_t i = 0; i < stopping.size(); ++i) sigaction(stopping[i], &action, &before_[i]);
    sigaction(SIGPIPE, &ignore, &before_.back());
  }
  ~StopSignals() {
    for (std::size_t i = 0; i < stopping.size(); ++i) sigaction(stopping[i], &before_[i], nullptr);
    sigaction(SIGPIPE, &before_.back(), nullptr);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  static constexpr std::array stopping{SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU};
  std::array<struct sigaction, stopping.size() + 1> before_{};
};

/// Has a signal asked the program to stop?
inline bool stop_requested() { return signals::received != 0; }

/// The shell's exit code for the signal that came, 128 and its number: 130 for SIGINT, 143 for SIGTERM; 0 when none
/// did.
inline int stop_exit_code() { return stop_requested() ? exit_code::by_signal + signals::received : exit_code::done; }

/// When the program began.
inline const auto program_start = std::chrono::steady_clock::now();

/// --max-minutes: are so many minutes over since the program began? 0 or less: never.
inline bool time_is_up(double minutes) {
  return minutes > 0 &&
         std::chrono::duration<double, std::ratio<60>>(std::chrono::steady_clock::now() - program_start).count() >=
             minutes;
}

}  // namespace opad
