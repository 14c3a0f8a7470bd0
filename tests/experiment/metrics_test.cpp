#include <opad/experiment/run/metrics.hpp>

#include <limits>

#include "experiment/scratch_folder.hpp"
#include "support/catch.hpp"

using opad::MetricsFile;

TEST_CASE("Metrics read back as they were written, to the last bit of a float32", "[experiment][metrics]") {
  ScratchFolder scratch;
  const auto file = scratch / "metrics.csv";
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  {
    MetricsFile metrics(file, {"latent-mse", "rate"});
    metrics.append(1, {0.1f, 1e-5});
    metrics.append(2, {nan, 1.0 / 0.0});
    metrics.append(3, {1.0f / 3, -0.0});
  }
  REQUIRE(text_of(file) == "step,latent-mse,rate\n1,0.1,1e-05\n2,,\n3,0.33333334,-0\n");
  const auto table = opad::read_metrics(file);
  REQUIRE(table.columns == std::vector<std::string>{"step", "latent-mse", "rate"});
  REQUIRE(static_cast<float>(table.column("latent-mse")[2]) == 1.0f / 3);
  REQUIRE(std::isnan(table.column("rate")[1]));
  REQUIRE_THROWS_AS(table.column("odd"), opad::Error);
}

TEST_CASE("Resuming cuts the rows after the checkpoint, so that the file equals one of an unbroken run",
          "[experiment][metrics]") {
  ScratchFolder scratch;
  const auto file = scratch / "metrics.csv", whole = scratch / "whole.csv";
  const auto write = [](MetricsFile&& metrics, int from, int to) {
    for (int step = from; step <= to; ++step) metrics.append(step, {step * 0.5});
  };
  write(MetricsFile(whole, {"loss"}), 1, 20);
  write(MetricsFile(file, {"loss"}), 1, 15);
  put_text(scratch / "broken.csv", text_of(file) + "16,7.");  // a crash in the middle of a row
  std::filesystem::rename(scratch / "broken.csv", file);
  write(MetricsFile(file, {"loss"}, 10), 11, 20);
  REQUIRE(text_of(file) == text_of(whole));
}

TEST_CASE("A new run begins a new file, and a resumed run without one too", "[experiment][metrics]") {
  ScratchFolder scratch;
  const auto file = scratch / "metrics.csv";
  MetricsFile(file, {"loss"}).append(1, {1});
  MetricsFile(file, {"loss"});
  REQUIRE(text_of(file) == "step,loss\n");
  MetricsFile(scratch / "other.csv", {"loss"}, 5);
  REQUIRE(text_of(scratch / "other.csv") == "step,loss\n");
  put_text(scratch / "empty.csv", "");
  MetricsFile(scratch / "empty.csv", {"loss"}, 5);
  REQUIRE(text_of(scratch / "empty.csv") == "step,loss\n");
}

TEST_CASE("Metrics that do not fit are refused, and the file stays as it is", "[experiment][metrics]") {
  ScratchFolder scratch;
  const auto file = scratch / "metrics.csv";
  MetricsFile metrics(file, {"loss"});
  REQUIRE_THAT(message_of([&] { metrics.append(1, {1, 2}); }), ContainsSubstring("2 values for 1 columns"));
  metrics.append(1, {1});
  REQUIRE_THAT(message_of([&] { MetricsFile(file, {"other"}, 1); }),
               ContainsSubstring("its columns are step,loss, this run writes step,other"));
  REQUIRE_THAT(message_of([&] { MetricsFile(scratch / "b.csv", {"a,b"}); }), ContainsSubstring("cannot name a column"));
  REQUIRE(text_of(file) == "step,loss\n1,1\n");
  put_text(file, "step,loss\n1,x\n");
  REQUIRE_THAT(message_of([&] { opad::read_metrics(file); }),
               ContainsSubstring("metrics.csv:2: \"x\" is not a number"));
  put_text(file, "step,loss\n1\n");
  REQUIRE_THAT(message_of([&] { opad::read_metrics(file); }), ContainsSubstring("1 values for 2 columns"));
  put_text(file, "");
  REQUIRE_THAT(message_of([&] { opad::read_metrics(file); }), ContainsSubstring("holds no metrics"));
  REQUIRE_THAT(message_of([&] { opad::read_metrics(scratch / "absent.csv"); }), ContainsSubstring("no such file"));
}

TEST_CASE("A gap and a torn line are found when a run goes on", "[experiment][metrics]") {
  ScratchFolder scratch;
  const auto file = scratch / "metrics.csv";
  const auto damage = [&](const std::string& rows, std::int64_t resumed, std::int64_t every = 1) {
    put_text(file, "step,loss\n" + rows);
    return MetricsFile(file, {"loss"}, resumed).damage(every);
  };
  REQUIRE(damage("1,1\n2,2\n3,3\n", 2) == "");
  REQUIRE(text_of(file) == "step,loss\n1,1\n2,2\n");
  REQUIRE_THAT(damage("1,1\n4,4\n", 4), ContainsSubstring("the rows of the steps 2 to 3 are missing"));
  REQUIRE_THAT(damage("1,1\n2,2\n", 4), ContainsSubstring("the rows of the steps 3 to 4 are missing"));
  REQUIRE_THAT(damage("1,1\n2\n3,3\n", 3), ContainsSubstring("line 3 is torn; the rows of the steps 2 to 2"));
  REQUIRE(text_of(file) == "step,loss\n1,1\n3,3\n");
  REQUIRE_THAT(damage("1,1\n2,x\n", 1), ContainsSubstring("line 3 is torn"));
  REQUIRE(damage("20,1\n60,2\n", 60, 0) == "");  // rows of who knows which steps
  std::filesystem::remove(file);
  REQUIRE_THAT(MetricsFile(file, {"loss"}, 5).damage(1), ContainsSubstring("the rows of the steps 1 to 5 are missing"));
}
