#pragma once
/// opad_parity: what a family of fixtures sees of a case and of the report. See tests/golden/README.md.
#include <filesystem>
#include <functional>
#include <set>

#include <opad/core/tensor.hpp>
#include <opad/io/json.hpp>

namespace parity {

using opad::Tensor;

/// A fixture folder: case.json and io.safetensors. Other files of the family lie beside them.
struct Case {
  std::filesystem::path folder;
  opad::Json json;
  opad::Tensors io;

  bool has(const std::string& name) const { return io.contains(name); }
  Tensor at(const std::string& name) const {
    opad::require(io.contains(name), folder.string(), ": io.safetensors holds no '", name, "'");
    return io.at(name);
  }
};

/// Collects one line for each comparison.
class Report {
 public:
  explicit Report(const Case& c) : case_(c) {}

  /// Compares with the case's tensor of that name, |got - want| <= atol + rtol |want|, with the tensor's own tolerance.
  /// Names that start with "act." are informative: printed, never counted as failures.
  void tensor(const std::string& name, const Tensor& got);
  /// Any other check: a line with `detail`, failed unless ok.
  void check(const std::string& name, bool ok, const std::string& detail = "");
  /// Every out.* and grad.* of the case that no tensor() has compared is a failure (called by the program at the end).
  /// A family that compares one of them in its own way says so with handled().
  void handled(const std::string& name) { seen_.insert(name); }
  void finish();
  int failures() const { return failures_; }
  int lines() const { return lines_; }

 private:
  const Case& case_;
  std::set<std::string> seen_;
  int failures_ = 0, lines_ = 0;
};

/// Families register themselves by the "family" of case.json:  static const parity::Family unet{"unet", run_unet};
struct Family {
  using Run = std::function<void(const Case&, Report&)>;
  Family(const std::string& name, Run run) { registry()[name] = std::move(run); }
  static std::map<std::string, Run>& registry() {
    static std::map<std::string, Run> families;
    return families;
  }
};

}  // namespace parity
