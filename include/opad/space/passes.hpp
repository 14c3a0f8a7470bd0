#pragma once
#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <string_view>

namespace opad {

/// Counts the passes through each network: what an iteration costs. A pass whose result carries a gradient is followed
/// by a backward pass.
class Passes {
 public:
  /// Passes through one network.
  struct Count {
    std::int64_t forward = 0, backward = 0;
    bool operator==(const Count&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const Count& c) {
      return out << c.forward << " forward, " << c.backward << " backward";
    }
  };
  void count(std::string_view network, bool with_gradient) {
    Count& c = counts_[std::string(network)];
    ++c.forward;
    c.backward += with_gradient;
  }
  const std::map<std::string, Count>& counts() const { return counts_; }
  void clear() { counts_.clear(); }

 private:
  std::map<std::string, Count> counts_;
};

}  // namespace opad
