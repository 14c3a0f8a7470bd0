// The main of every test executable that Catch2 runs.
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#endif
#include "support/case_server.hpp"

int main(int argc, char** argv) {
  return main_with_server(argc, argv,
                          [](int count, const char* const* words) { return Catch::Session().run(count, words); });
}
