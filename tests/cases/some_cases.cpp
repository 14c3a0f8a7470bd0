// What check.sh asks for, one by one: cases that end in every way.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace {
int touched = 0;
}

TEST_CASE("passes") { std::cout << "in " << std::filesystem::current_path() << "\n"; }
TEST_CASE("fails") { CHECK(1 == 2); }
TEST_CASE("leaves with 77") { std::_Exit(77); }
TEST_CASE("crashes, and has a comma, [brackets] and spaces") { std::raise(SIGSEGV); }
TEST_CASE("touches what is global") {
  CHECK(touched++ == 0);
  CHECK(setenv("TOUCHED", "yes", 0) == 0);
}
TEST_CASE("sees the environment") {
  CHECK(std::getenv("TOUCHED") == nullptr);
  CHECK(std::getenv("GIVEN") == std::string("a b\n=c"));
}
TEST_CASE("reads") {
  std::string word;
  std::cin >> word;
  CHECK(word == "something");
}
TEST_CASE("hangs") {
  std::ofstream(std::getenv("PID_FILE")) << getpid() << std::endl;
  while (true) pause();
}
