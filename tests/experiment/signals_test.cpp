#include <opad/experiment/run/signals.hpp>

#include <sys/wait.h>

#include <cstdlib>

#include "support/catch.hpp"

namespace {

/// The exit code of a child process that runs `action`, or minus the signal that killed it.
template <class Action>
int exit_code_of(Action action) {
  const auto child = fork();
  if (child == 0) {
    if (!freopen("/dev/null", "w", stderr)) _exit(99);
    action();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

TEST_CASE("The first signal asks the program to stop, and names its exit code", "[experiment][signals]") {
  for (const int signal : {SIGINT, SIGTERM}) {
    const auto code = exit_code_of([&] {
      opad::StopSignals guard;
      if (opad::stop_requested() || opad::stop_exit_code() != 0) _exit(1);
      raise(signal);
      if (!opad::stop_requested()) _exit(2);
      _exit(opad::stop_exit_code());
    });
    REQUIRE(code == 128 + signal);
  }
}

TEST_CASE("The second signal ends the program at once", "[experiment][signals]") {
  const auto code = exit_code_of([] {
    opad::StopSignals guard;
    raise(SIGTERM);
    raise(SIGINT);
    _exit(1);
  });
  REQUIRE(code == 130);
}

TEST_CASE("After the guard's end a signal does what it did before", "[experiment][signals]") {
  const auto code = exit_code_of([] {
    signal(SIGTERM, SIG_DFL);  // not the test framework's
    { opad::StopSignals guard; }
    raise(SIGTERM);
  });
  REQUIRE(code == -SIGTERM);
}
