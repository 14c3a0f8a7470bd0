#pragma once
#include <unistd.h>
#include <cstdlib>

/// While this lives, a test that runs as root has the rights of nobody, so that permissions mean something.
struct OrdinaryUser {
  OrdinaryUser() {
    if (root && ::seteuid(65534) != 0) std::abort();
  }
  ~OrdinaryUser() {
    if (root && ::seteuid(0) != 0) std::abort();
  }
  OrdinaryUser(const OrdinaryUser&) = delete;
  OrdinaryUser& operator=(const OrdinaryUser&) = delete;
  const bool root = ::geteuid() == 0;
};
