#include <opad/io/atomic_file.hpp>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace fs = std::filesystem;
using opad::read_file;
using opad::write_atomically;

TEST_CASE("write_atomically writes the bytes and leaves nothing beside them", "[io][atomic]") {
  const TemporaryFolder folder;
  const std::string bytes("a\0b\n", 4);
  write_atomically(folder / "x", bytes);
  REQUIRE(read_file(folder / "x") == bytes);
  write_atomically(folder / "x", "");
  REQUIRE(read_file(folder / "x").empty());
  REQUIRE(folder.entries() == 1);
}

TEST_CASE("write_atomically makes the folders above the file", "[io][atomic]") {
  const TemporaryFolder folder;
  write_atomically(folder / "a/b/c", "x");
  REQUIRE(read_file(folder / "a/b/c") == "x");
}

TEST_CASE("a file that is not committed leaves the old one as it was", "[io][atomic]") {
  const TemporaryFolder folder;
  write_atomically(folder / "x", "old");
  {
    opad::AtomicFile file(folder / "x");
    file.write("new");
    REQUIRE(read_file(folder / "x") == "old");
  }
  REQUIRE(read_file(folder / "x") == "old");
  REQUIRE(folder.entries() == 1);
}

TEST_CASE("what a kill leaves of a file is known by its name", "[io][atomic]") {
  const TemporaryFolder folder;
  opad::AtomicFile file(folder / "x.y.png");
  const auto name = fs::directory_iterator(folder.path)->path().filename().string();
  REQUIRE(opad::unfinished_file(name) == "x.y.png");
  for (const char* other :
       {"x.png", ".x.tmp", ".tmp", "..tmp", "x.12-0.tmp", ".x.a-0.tmp", ".12-0.tmp", "", ".x.12-0.tmp2"})
    REQUIRE(opad::unfinished_file(other) == "");
}

TEST_CASE("a write that fails half-way leaves the old file as it was", "[io][atomic]") {
  const TemporaryFolder folder;
  write_atomically(folder / "x", "old");
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit small{1000, before.rlim_max};  // as if the disk were full after 1000 bytes
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  std::string message;
  try {
    write_atomically(folder / "x", std::string(5000, 'n'));
  } catch (const opad::Error& error) { message = error.what(); }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  REQUIRE_THAT(message, ContainsSubstring((folder / "x").string() + ": cannot write: "));
  REQUIRE(read_file(folder / "x") == "old");
  REQUIRE(folder.entries() == 1);
}

TEST_CASE("write_atomically through a symbolic link replaces the file that it points to", "[io][atomic]") {
  const TemporaryFolder folder;
  write_atomically(folder / "x", "old");
  fs::create_symlink("x", folder / "link");
  write_atomically(folder / "link", "new");
  REQUIRE(fs::is_symlink(folder / "link"));
  REQUIRE(read_file(folder / "x") == "new");
}

TEST_CASE("files that cannot be written or read are named", "[io][atomic]") {
  const TemporaryFolder folder;
  write_atomically(folder / "x", "");
  REQUIRE_THROWS_WITH(write_atomically(folder.path, ""), ContainsSubstring(folder.path.string() + ": is a folder"));
  REQUIRE_THROWS_WITH(write_atomically(folder / "x/y", ""), ContainsSubstring((folder / "x/y").string()));
  REQUIRE_THROWS_WITH(read_file(folder / "absent"), ContainsSubstring((folder / "absent").string() + ": no such file"));
  REQUIRE_THROWS_WITH(read_file(folder.path), ContainsSubstring("is a folder"));
}

TEST_CASE("a file is not written in the place of a device or a fifo", "[io][atomic]") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  REQUIRE_THROWS_WITH(write_atomically(folder / "fifo", "x"), ContainsSubstring("fifo: is a fifo"));
  REQUIRE_THROWS_WITH(write_atomically("/dev/null", "x"), ContainsSubstring("/dev/null: is a device"));
  fs::create_symlink("loop", folder / "loop");
  REQUIRE_THROWS_WITH(write_atomically(folder / "loop", "x"),
                      ContainsSubstring("loop: cannot write: Too many levels of symbolic links"));
  REQUIRE(fs::is_symlink(folder / "loop"));
}

TEST_CASE("what the system says is told: the reason is read before anything else runs", "[io][atomic]") {
  const TemporaryFolder folder;
  opad::AtomicFile file(folder / "x");
  file.write("new");
  SECTION("a rename that fails") {
    fs::create_directories(folder / "x/y");
    REQUIRE_THROWS_WITH(file.commit(), ContainsSubstring((folder / "x").string() + ": cannot write: ") &&
                                           (ContainsSubstring("directory")));
  }
  SECTION("a temporary file that is gone") {
    for (const auto& entry : fs::directory_iterator(folder.path)) fs::remove(entry);
    REQUIRE_THROWS_WITH(file.commit(), ContainsSubstring("x: cannot write: No such file or directory"));
  }
  SECTION("an fsync that fails") {  // the file's descriptor now leads to a pipe, which cannot be flushed
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    for (int i = 3; i < 100; ++i) {
      std::error_code error;
      const auto to = fs::read_symlink("/proc/self/fd/" + std::to_string(i), error);
      if (to.string().starts_with((folder / ".x.").string())) REQUIRE(::dup2(ends[1], i) == i);
    }
    REQUIRE_THROWS_WITH(file.commit(), ContainsSubstring("x: cannot write: Invalid argument"));
    ::close(ends[0]);
    ::close(ends[1]);
  }
}

TEST_CASE("the head of a file can be written again", "[io][atomic]") {
  const TemporaryFolder folder;
  opad::AtomicFile file(folder / "x");
  file.write("abc");
  file.write("def");
  file.rewrite_head("AB");
  file.write("g");
  file.commit();
  REQUIRE(read_file(folder / "x") == "ABcdefg");
}
