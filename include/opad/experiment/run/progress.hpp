#pragma once
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <opad/core/once.hpp>

namespace opad {

/// Named numbers of one iteration, in the order in which they are shown.
using Readings = std::vector<std::pair<std::string, double>>;

/// A duration for people: 45s, 3m20s, 2h05m, 3d04h.
inline std::string duration(double seconds) {
  if (!std::isfinite(seconds)) return "?";
  const auto total = static_cast<long long>(std::max(0.0, seconds) + 0.5);
  const auto pair = [](long long big, const char* unit, long long small, const char* lesser) {
    char text[48];
    std::snprintf(text, sizeof text, "%lld%s%02lld%s", big, unit, small, lesser);
    return std::string(text);
  };
  if (total < 60) return std::to_string(total) + "s";
  if (total < 3600) return pair(total / 60, "m", total % 60, "s");
  if (total < 86400) return pair(total / 3600, "h", total / 60 % 60, "m");
  return pair(total / 86400, "d", total / 3600 % 24, "h");
}

/// Where progress is shown, and how.
struct Screen {
  bool terminal = false;  // one line, redrawn in place; else plain lines for a log
  bool colour = false;
  bool unicode = false;
  std::function<int()> width = [] { return 80; };  // columns

  /// What stands behind standard error. TERM=dumb counts as a log; NO_COLOR (no-color.org) takes the colours away.
  OPAD_ONCE static Screen of_standard_error() {
    const auto variable = [](const char* name) { return std::string_view(std::getenv(name) ? std::getenv(name) : ""); };
    Screen screen;
    screen.terminal = isatty(STDERR_FILENO) && variable("TERM") != "dumb";
    screen.colour = screen.terminal && variable("NO_COLOR").empty();
    for (const auto* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
      if (variable(name).empty()) continue;
      const auto value = variable(name);
      screen.unicode = value.find("UTF-8") != value.npos || value.find("utf8") != value.npos;
      break;
    }
    screen.width = [] {
      winsize size{};
      return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    };
    return screen;
  }
};

/// How far a run is, how fast, how long it will take, and its losses. On a terminal one line with a bar, redrawn at
/// most ten times a second; in a log one line after 5 seconds and then whenever a tenth of the time so far has passed,
/// but no later than after 10 minutes, so that three days of training make some 500 lines. The rate is averaged over
/// the last half minute or so.
class Progress {
 public:
  using Clock = std::function<double()>;  // seconds

  Progress(std::string title, std::int64_t total, std::int64_t start = 0, std::ostream& out = std::cerr,
           Screen screen = Screen::of_standard_error(), Clock clock = steady_seconds)
      : title_(std::move(title)),
        total_(total),
        step_(start),
        out_(out),
        screen_(std::move(screen)),
        clock_(std::move(clock)),
        begin_(clock_()),
        measured_(begin_),
        shown_(begin_),
        measured_step_(start) {}
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `step` iterations of the total are done.
  OPAD_ONCE void update(std::int64_t step, const Readings& readings = {}) {
    const double now = clock_();
    measure(step, now);
    step_ = step;
    readings_ = readings;
    const double pause = screen_.terminal ? 0.1 : std::clamp((now - begin_) / 10, 5.0, 600.0);
    if (now - shown_ >= pause || (screen_.terminal && !drawn_)) show(now);
  }

  /// A line of its own, above the bar.
  OPAD_ONCE void message(std::string_view text) {
    if (drawn_) out_ << '\r' << std::string(columns(), ' ') << '\r';
    out_ << text << std::endl;
    if (drawn_) show(clock_());
  }

  /// Shows the last state and ends the line. Called by the destructor.
  OPAD_ONCE void finish() {
    if (finished_) return;
    finished_ = true;
    if (screen_.terminal || shown_step_ != step_) show(clock_());
    if (screen_.terminal) out_ << std::endl;
  }

 private:
  static double steady_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }

  /// Exponential average of the steps a second, over about 30 seconds; the plain mean until then.
  void measure(std::int64_t step, double now) {
    if (step <= measured_step_ || now <= measured_) return;
    const double elapsed = now - measured_, rate = static_cast<double>(step - measured_step_) / elapsed;
    rate_ += std::max(elapsed / (now - begin_), 1 - std::exp(-elapsed / 30)) * (rate - rate_);
    measured_ = now;
    measured_step_ = step;
  }

  std::size_t columns() const { return static_cast<std::size_t>(std::max(20, screen_.width() - 1)); }

  void show(double now) {
    shown_ = now;
    shown_step_ = step_;
    if (!screen_.terminal) {
      out_ << text(std::string::npos) << std::endl;
      return;
    }
    constexpr std::size_t narrowest = 6, widest = 30;
    const auto line = text(columns());
    const auto fixed = title_.size() + 2 + line.size();
    const auto bar = columns() >= fixed + narrowest ? std::min(columns() - fixed, widest) : 0;
    const auto used = bar ? fixed + bar : line.size();
    out_ << '\r';
    if (bar) out_ << title_ << ' ' << drawing(bar) << ' ';
    out_ << line << std::string(columns() - std::min(used, columns()), ' ') << std::flush;
    drawn_ = !finished_;
  }

  std::string drawing(std::size_t width) const {
    const auto full = static_cast<std::size_t>(fraction() * static_cast<double>(width));
    const std::string_view done = screen_.unicode ? "\u2501" : "#", open = screen_.unicode ? "\u2500" : "-";
    std::string text = screen_.colour ? "\x1b[36m" : "";
    for (std::size_t i = 0; i < width; ++i) {
      if (i == full && screen_.colour) text += "\x1b[90m";
      text += i < full ? done : open;
    }
    return text + (screen_.colour ? "\x1b[0m" : "");
  }

  double fraction() const {
    return total_ > 0 ? std::clamp(static_cast<double>(step_) / static_cast<double>(total_), 0.0, 1.0) : 1.0;
  }

  /// "370/1000 37%  8.8 steps/s  1m11s left  latent-mse 0.123": whole parts from the left, as many as fit.
  std::string text(std::size_t room) const {
    std::vector<std::string> parts;
    if (!screen_.terminal) parts.push_back(title_);
    parts.push_back(std::to_string(step_) + "/" + std::to_string(total_) +
                    printed(" %3d%%", static_cast<int>(100 * fraction() + 1e-9)));
    if (rate_ > 0) {
      parts.push_back(rate_ < 1 ? printed("%.1f s/step", 1 / rate_) : printed("%.3g steps/s", rate_));
      const auto left = static_cast<double>(total_ - step_);
      parts.push_back(left > 0 ? duration(left / rate_) + " left" : "took " + duration(clock_() - begin_));
    }
    for (const auto& [name, value] : readings_) parts.push_back(name + printed(" %.4g", value));
    std::string line;
    for (const auto& part : parts) {
      if (!line.empty() && line.size() + 2 + part.size() > room) break;
      line += (line.empty() ? "" : "  ") + part;
    }
    return line;
  }

  template <class... Values>
  static std::string printed(const char* format, Values... values) {
    char text[96];
    std::snprintf(text, sizeof text, format, values...);
    return text;
  }

  std::string title_;
  std::int64_t total_, step_;
  std::ostream& out_;
  Screen screen_;
  Clock clock_;
  double begin_, measured_, shown_;
  std::int64_t measured_step_, shown_step_ = -1;
  double rate_ = 0;  // steps a second
  Readings readings_;
  bool drawn_ = false, finished_ = false;
};

}  // namespace opad
