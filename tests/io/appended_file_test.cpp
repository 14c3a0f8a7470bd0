#include <opad/io/appended_file.hpp>

#include <sys/resource.h>

#include <csignal>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using opad::AppendedFile;
using opad::read_file;

TEST_CASE("what is appended follows what is there, and can be read at once", "[io][append]") {
  const TemporaryFolder folder;
  const std::string bytes("a\0b\n", 4);
  {
    AppendedFile file(folder / "x");
    file.append(bytes);
    REQUIRE(read_file(folder / "x") == bytes);
    file.append("");
  }
  AppendedFile file(folder / "x");
  file.append("c");
  file.flush_to_disk();
  REQUIRE(read_file(folder / "x") == bytes + "c");
}

TEST_CASE("an appended file says why it cannot be written", "[io][append]") {
  const TemporaryFolder folder;
  REQUIRE_THROWS_WITH(AppendedFile(folder / "absent/x"), ContainsSubstring("No such file or directory"));
  std::filesystem::create_directory(folder / "y");
  REQUIRE_THROWS_WITH(AppendedFile(folder / "y"), ContainsSubstring("Is a directory"));

  AppendedFile file(folder / "x");
  ::rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const ::rlimit small{.rlim_cur = 4, .rlim_max = old.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  std::string message;
  try {
    file.append("too long");
  } catch (const opad::Error& error) { message = error.what(); }
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  REQUIRE_THAT(message, ContainsSubstring("File too large"));
}
