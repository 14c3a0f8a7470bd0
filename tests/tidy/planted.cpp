// Faults that .clang-tidy's checks must find, each named in the line before it; check.sh asks for them.
#include <string>
#include <utility>
#include <vector>

struct Base {
  virtual ~Base() = default;
  virtual int size() const { return 0; }
};

struct Derived : Base {
  // finds: modernize-use-override
  virtual int size() const { return 1; }
};

double faults(std::vector<std::string> words, int a, int b) {
  const std::vector<std::string> taken = std::move(words);
  // finds: bugprone-use-after-move
  std::size_t total = words.size();
  // finds: performance-for-range-copy
  for (const std::string word : taken) total += word.size();
  // finds: readability-container-size-empty
  if (taken.size() == 0) return 0;
  // finds: bugprone-integer-division
  return static_cast<double>(total) + a / b;
}
