// opad_parity CASE...: runs fixture folders through the C++ modules and compares, a line for each tensor. Exit 1 on any
// failure.
#include "parity.hpp"
#include "support/case_server.hpp"

#include <cstdio>
#include <fstream>
#include <iomanip>
#include <iostream>

#include <opad/io/safetensors.hpp>

namespace fs = std::filesystem;

namespace parity {

void Report::tensor(const std::string& name, const Tensor& got) {
  seen_.insert(name);
  const bool informative = name.starts_with("act.");
  if (!case_.io.contains(name)) {
    if (!informative) check(name, false, "not in io.safetensors");
    return;
  }
  const Tensor want = case_.io.at(name);
  const auto& entry = case_.json.at("outputs").at(name);
  const double atol = entry.value("atol", 0.0), rtol = entry.value("rtol", 0.0);
  std::string detail;
  bool ok = got.sizes() == want.sizes();
  if (!ok) {
    detail = c10::str("shape ", got.sizes(), " instead of ", want.sizes());
  } else if (entry.value("exact", false)) {
    ok = got.scalar_type() == want.scalar_type() && at::equal(got.cpu(), want);
    detail = ok ? "exact" : c10::str("differs (exact asked for), ", got.scalar_type());
  } else if (want.numel() == 0) {
    detail = "empty";
  } else {
    const Tensor g = got.detach().cpu().to(torch::kFloat64), w = want.to(torch::kFloat64), error = (g - w).abs();
    ok = at::isfinite(g).all().item<bool>() && (error <= atol + rtol * w.abs()).all().item<bool>();
    const double worst = error.max().item<double>(),
                 share = (error / (atol + rtol * w.abs())).nan_to_num(0).max().item<double>();
    char text[120];
    std::snprintf(text, sizeof text, "error %.2e, atol %.0e, %.3f of the tolerance", worst, atol, share);
    detail = text;
  }
  if (informative && !ok) {
    std::cout << "  info  " << name << "  " << detail << "\n";
    return;
  }
  check(name, ok, detail);
}

void Report::check(const std::string& name, bool ok, const std::string& detail) {
  ++lines_;
  failures_ += !ok;
  std::cout << (ok ? "  ok    " : "  FAIL  ") << name << (detail.empty() ? "" : "  ") << detail << "\n";
}

void Report::finish() {
  if (!case_.json.contains("outputs")) return;
  for (const auto& [name, entry] : case_.json.at("outputs").items())
    if ((name.starts_with("out.") || name.starts_with("grad.")) && !seen_.contains(name))
      check(name, false, "never compared");
}

}  // namespace parity

static int compare(int argc, const char* const* argv) {
  if (argc < 2) {
    std::cerr << "usage: opad_parity CASE...\nRuns fixture folders (case.json, io.safetensors) and compares. Families:";
    for (const auto& [name, run] : parity::Family::registry()) std::cerr << " " << name;
    std::cerr << "\n";
    return 2;
  }
  int failures = 0, lines = 0;
  for (int i = 1; i < argc; ++i) {
    parity::Case c{.folder = argv[i], .json = {}, .io = {}};
    try {
      if (!c.folder.has_filename()) c.folder = c.folder.parent_path();
      // a recorded training run has its own layout: hyper.json and trace/
      const bool trace = fs::exists(c.folder / "hyper.json");
      std::ifstream file(c.folder / (trace ? "hyper.json" : "case.json"));
      opad::require(file.good(), c.folder.string(), ": no case.json; give fixture folders");
      c.json = opad::Json::parse(file);
      const std::string family = trace ? "release_step" : c.json.value("family", "");
      std::cout << c.folder.filename().string() << " (" << family << ")\n";
      const auto run = parity::Family::registry().find(family);
      opad::require(run != parity::Family::registry().end(), c.folder.string(), ": no family '", family,
                    "' in this program");
      if (fs::exists(c.folder / "io.safetensors")) c.io = opad::SafeTensors(c.folder / "io.safetensors").tensors();
      parity::Report report(c);
      run->second(c, report);
      report.finish();
      failures += report.failures() + (report.lines() == 0);
      lines += report.lines();
    } catch (const std::exception& e) {
      std::cout << "  FAIL  " << e.what() << "\n";
      ++failures, ++lines;
    }
  }
  std::cout << lines - failures << " of " << lines << " comparisons passed\n";
  return failures ? 1 : 0;
}

int main(int argc, char** argv) { return main_with_server(argc, argv, compare); }
