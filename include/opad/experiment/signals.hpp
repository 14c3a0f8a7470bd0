#pragma once
#include <signal.h>
#include <unistd.h>

namespace opad {

namespace signals {
inline volatile sig_atomic_t received = 0;

inline void receive(int signal) {
  if (received) _exit(128 + signal);
  received = signal;
  constexpr char text[] = "\nStopping after this iteration; once more quits at once.\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text, sizeof text - 1);
}
}  // namespace signals

/// While one lives, SIGINT (Ctrl-C) and SIGTERM (a scheduler's notice) ask the program to stop at its next convenience,
/// after a checkpoint; a second one ends it at once. The handlers of before come back with its end.
class StopSignals {
 public:
  StopSignals() {
    struct sigaction action{};
    action.sa_handler = signals::receive;
    action.sa_flags = SA_RESTART;
    signals::received = 0;
    sigaction(SIGINT, &action, &interrupt_);
    sigaction(SIGTERM, &action, &terminate_);
  }
  ~StopSignals() {
    sigaction(SIGINT, &interrupt_, nullptr);
    sigaction(SIGTERM, &terminate_, nullptr);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  struct sigaction interrupt_{}, terminate_{};
};

/// Has a signal asked the program to stop?
inline bool stop_requested() { return signals::received != 0; }

/// The shell's exit code for the signal that came: 130 for SIGINT, 143 for SIGTERM; 0 when none did.
inline int stop_exit_code() { return stop_requested() ? 128 + signals::received : 0; }

}  // namespace opad
