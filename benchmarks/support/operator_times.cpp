// Preloaded into any program with LibTorch, it leaves the time of each operator, without that of the operators it
// calls, in the file that OPERATOR_TIMES names: "seconds <tab> calls <tab> operator", the dearest first.
#include <ATen/record_function.h>

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace {

/// Processor time of this thread, so that neighbours on a busy machine count little.
double now() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

struct Sum {
  double seconds = 0;
  long calls = 0;
};
std::mutex mutex;
std::map<std::string, Sum>& sums() {
  static auto* all = new std::map<std::string, Sum>;
  return *all;
}
thread_local std::vector<double> inner;  // seconds of the operators within each one that is running

struct Running : at::ObserverContext {
  double begin = now();
};

std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction&) {
  inner.push_back(0);
  return std::make_unique<Running>();
}
void leave(const at::RecordFunction& function, at::ObserverContext* context) {
  const double took = now() - static_cast<Running*>(context)->begin;
  const double own = took - inner.back();
  inner.pop_back();
  if (!inner.empty()) inner.back() += took;
  const std::lock_guard lock(mutex);
  Sum& sum = sums()[function.name()];
  sum.seconds += own, ++sum.calls;
}
void report() {
  const char* file = std::getenv("OPERATOR_TIMES");
  std::FILE* out = file ? std::fopen(file, "w") : nullptr;
  if (!out) return;
  std::vector<std::pair<std::string, Sum>> rows(sums().begin(), sums().end());
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second.seconds > b.second.seconds; });
  for (const auto& [name, sum] : rows) std::fprintf(out, "%.6f\t%ld\t%s\n", sum.seconds, sum.calls, name.c_str());
  std::fclose(out);
}
const bool on = [] {
  at::addGlobalCallback(at::RecordFunctionCallback(&enter, &leave)
                            .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
  std::atexit(&report);
  return true;
}();

}  // namespace
