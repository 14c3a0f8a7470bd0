// The main of every test executable: Catch2's own; and --serve PROCESS, with which one_case.cpp starts it as a server
// of cases.
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#endif
#include <cstdio>
#include <iostream>

#include "support/case_server.hpp"

int main(int argc, char** argv) {
#ifdef __linux__
  if (argc == 3 && std::string(argv[1]) == "--serve") {
    constexpr int listener = 3;
    const auto asked = case_server::serve(listener, std::stoi(argv[2]));
    if (!asked) return 0;
    std::vector<const char*> words;
    for (const std::string& word : *asked) words.push_back(word.c_str());
    const int code = Catch::Session().run(static_cast<int>(words.size()), words.data());
    std::cout.flush();
    std::fflush(nullptr);
    _exit(code);  // to take LibTorch's tables apart, this process would first have to copy them: a tenth of a second
  }
#endif
  return Catch::Session().run(argc, argv);
}
