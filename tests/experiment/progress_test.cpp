#include <opad/experiment/run/progress.hpp>

#include <sstream>

#include "support/catch.hpp"

namespace {

struct Stage {
  double now = 0;
  std::ostringstream out;
  opad::Progress::Clock clock = [this] { return now; };

  long count(char what) const {
    const auto text = out.str();
    return std::count(text.begin(), text.end(), what);
  }
};

opad::Screen terminal(int width) {
  return {.terminal = true, .colour = false, .unicode = false, .width = [width] { return width; }};
}

}  // namespace

TEST_CASE("A duration is written for people", "[experiment][progress]") {
  REQUIRE(opad::duration(0) == "0s");
  REQUIRE(opad::duration(59.4) == "59s");
  REQUIRE(opad::duration(200) == "3m20s");
  REQUIRE(opad::duration(2 * 3600 + 5 * 60 + 59) == "2h05m");
  REQUIRE(opad::duration(3 * 86400 + 4 * 3600) == "3d04h");
  REQUIRE(opad::duration(1.0 / 0.0) == "?");
}

TEST_CASE("In a log, three days of training make some five hundred lines without control characters",
          "[experiment][progress]") {
  Stage stage;
  {
    opad::Progress progress("train", 259200, 0, stage.out, {}, stage.clock);
    for (int step = 1; step <= 259200; ++step) {
      stage.now = step;
      progress.update(step, {{"latent-mse", 0.5}});
    }
  }
  REQUIRE(stage.count('\n') > 300);
  REQUIRE(stage.count('\n') < 600);
  REQUIRE(stage.count('\r') == 0);
  REQUIRE(stage.count('\x1b') == 0);
}

TEST_CASE("Percent are those of the steps, for every step", "[experiment][progress]") {
  for (int step = 1; step <= 100; ++step) {
    Stage stage;
    {
      opad::Progress progress("train", 100, 0, stage.out, {}, stage.clock);
      progress.update(step);
    }
    REQUIRE_THAT(stage.out.str(), ContainsSubstring("/100" +
                                                    std::string(step < 10    ? "   "
                                                                : step < 100 ? "  "
                                                                             : " ") +
                                                    std::to_string(step) + "%"));
  }
}

TEST_CASE("In a log, the first line comes after five seconds and the last with the end", "[experiment][progress]") {
  Stage stage;
  {
    opad::Progress progress("train", 100, 0, stage.out, {}, stage.clock);
    for (int step = 1; step <= 100; ++step) {
      stage.now = step * 0.1;
      progress.update(step, {{"loss", 1.0 / step}});
      REQUIRE((stage.count('\n') == 0) == (stage.now < 5));
    }
  }
  REQUIRE_THAT(stage.out.str(), ContainsSubstring("train  50/100  50%  10 steps/s  5s left  loss 0.02\n"));
  REQUIRE_THAT(stage.out.str(), ContainsSubstring("train  100/100 100%  10 steps/s  took 10s  loss 0.01\n"));
  REQUIRE(stage.count('\n') == 2);
}

TEST_CASE("On a terminal the line is redrawn at most ten times a second and never wider than the screen",
          "[experiment][progress]") {
  for (const int width : {10, 25, 40, 80, 200}) {
    Stage stage;
    {
      opad::Progress progress("train", 1000, 0, stage.out, terminal(width), stage.clock);
      for (int step = 1; step <= 1000; ++step) {
        stage.now = step * 0.001;
        progress.update(step, {{"latent-mse", 0.5}, {"identity", 0.25}, {"adversarial", 12345.678}});
      }
    }
    REQUIRE(stage.count('\r') <= 12);
    REQUIRE(stage.count('\n') == 1);
    std::istringstream drawings(stage.out.str());
    for (std::string drawing; std::getline(drawings, drawing, '\r');)
      REQUIRE(drawing.size() <= static_cast<std::size_t>(std::max(width, 21)));
  }
}

TEST_CASE("On a terminal the bar fills with the steps", "[experiment][progress]") {
  Stage stage;
  opad::Progress progress("train", 4, 0, stage.out, terminal(120), stage.clock);
  stage.now = 1;
  progress.update(1);
  REQUIRE_THAT(stage.out.str(), ContainsSubstring("train #######-----------------------"));
  stage.now = 2;
  progress.update(2);
  REQUIRE_THAT(stage.out.str(), ContainsSubstring("train ###############---------------"));
}

TEST_CASE("A message stands on a line of its own above the bar", "[experiment][progress]") {
  Stage stage;
  opad::Progress progress("train", 4, 0, stage.out, terminal(60), stage.clock);
  progress.update(1);
  progress.message("saved a checkpoint");
  REQUIRE_THAT(stage.out.str(), ContainsSubstring("\rsaved a checkpoint\n\r"));
}

TEST_CASE("A resumed run counts its rate from where it resumed", "[experiment][progress]") {
  Stage stage;
  {
    opad::Progress progress("train", 1000, 900, stage.out, {}, stage.clock);
    stage.now = 20;
    progress.update(910);
  }
  REQUIRE_THAT(stage.out.str(), ContainsSubstring("910/1000  91%  2.0 s/step  3m00s left"));
}

TEST_CASE("Colour comes only when it is wanted", "[experiment][progress]") {
  for (const bool colour : {false, true}) {
    Stage stage;
    auto screen = terminal(100);
    screen.colour = colour;
    opad::Progress("train", 2, 0, stage.out, screen, stage.clock).update(1);
    REQUIRE((stage.count('\x1b') > 0) == colour);
  }
}

TEST_CASE("TERM=dumb is a log, and NO_COLOR takes the colour away", "[experiment][progress]") {
  const std::string term = std::getenv("TERM") ? std::getenv("TERM") : "";
  setenv("TERM", "dumb", 1);
  REQUIRE_FALSE(opad::Screen::of_standard_error().terminal);
  setenv("TERM", term.c_str(), 1);
  setenv("NO_COLOR", "1", 1);
  REQUIRE_FALSE(opad::Screen::of_standard_error().colour);
  unsetenv("NO_COLOR");
}
