#!/bin/sh
# check.sh: clang-tidy with this repository's checks finds every planted fault, in its line, and fails.
cd "$(dirname "$0")/../.." || exit 1
for candidate in clang-tidy-19 clang-tidy; do
  case $($candidate --version 2>/dev/null) in *"version 19."*) tool=$candidate; break ;; esac
done
[ -n "$tool" ] || { echo "tidy: no clang-tidy 19 here (Debian: clang-tidy-19)"; exit 77; }
found=$($tool --quiet --config-file=.clang-tidy tests/tidy/planted.cpp -- -std=c++20 2>/dev/null) && { echo "clang-tidy finds nothing"; exit 1; }
failed=0
for line in $(grep -n '// finds: ' tests/tidy/planted.cpp | cut -d: -f1); do
  check=$(sed -n "$line s|.*// finds: ||p" tests/tidy/planted.cpp)
  echo "$found" | grep -q "planted.cpp:$((line + 1)):.*\[$check" || { echo "not found: $check in line $((line + 1))"; failed=1; }
done
[ $failed = 0 ] || echo "$found"
exit $failed
