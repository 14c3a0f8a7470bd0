#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <opad/io/folder.hpp>
#include <opad/io/image.hpp>
#include <opad/io/json.hpp>
#include <opad/io/pickle.hpp>
#include <opad/io/weights.hpp>

#include "support/catch.hpp"
#include "support/ordinary_user.hpp"
#include "support/temporary_folder.hpp"

namespace fs = std::filesystem;
using namespace opad;

namespace {

/// Every way of reading a file, each of which must refuse with these words.
void refused(const fs::path& path, const std::string& words) {
  const auto expected = ContainsSubstring(path.string() + ": " + words);
  REQUIRE_THROWS_WITH(read_file(path), expected);
  REQUIRE_THROWS_WITH(read_json(path), expected);
  REQUIRE_THROWS_WITH(read_image(path), expected);
  REQUIRE_THROWS_WITH(SafeTensors(path), expected);
  REQUIRE_THROWS_WITH(read_pickle(path), expected);
}

}  // namespace

TEST_CASE("only regular files are read, whatever else is refused at once and named", "[io][input-file]") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  refused(folder / "fifo", "is a fifo; give the name of a file");
  refused("/dev/zero", "is a device");
  fs::create_symlink("/dev/zero", folder / "zero.png");
  refused(folder / "zero.png", "is a device");
  refused(folder.path, "is a folder");
  refused(folder / "absent", "no such file");
  fs::create_symlink("loop", folder / "loop");
  refused(folder / "loop", "cannot read: Too many levels of symbolic links");
  refused(folder / std::string(300, 'n'), "cannot read: File name too long");

  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (folder / "socket").c_str(), sizeof address.sun_path - 1);
  REQUIRE(::bind(listener, reinterpret_cast<::sockaddr*>(&address), sizeof address) == 0);
  refused(folder / "socket", "is a socket");
  ::close(listener);
}

TEST_CASE("what may not be read is refused with that reason", "[io][input-file]") {
  const TemporaryFolder folder;
  write_atomically(folder / "secret", "x");
  ::chmod((folder / "secret").c_str(), 0);
  fs::create_directory(folder / "closed");
  ::chmod((folder / "closed").c_str(), 0);
  ::chmod(folder.path.c_str(), 0755);
  {
    const OrdinaryUser user;
    refused(folder / "secret", "cannot read: Permission denied");
    refused(folder / "closed/x", "cannot read: Permission denied");
    REQUIRE_THROWS_WITH(entries_of(folder / "closed"),
                        ContainsSubstring("closed: cannot be listed: Permission denied"));
    REQUIRE_THROWS_WITH(read_weights(folder / "closed", "model"),
                        ContainsSubstring("model.safetensors: cannot read: Permission denied"));
  }
  ::chmod((folder / "closed").c_str(), 0755);
}

TEST_CASE("a file of text larger than 64 MiB is refused before it is read", "[io][input-file]") {
  const TemporaryFolder folder;
  write_atomically(folder / "x", "{}");
  fs::resize_file(folder / "x", std::uintmax_t{1} << 40);
  const auto expected = ContainsSubstring((folder / "x").string() + ": not read: it has more than 64 MiB");
  REQUIRE_THROWS_WITH(read_file(folder / "x"), expected);
  REQUIRE_THROWS_WITH(read_json(folder / "x"), expected);
  REQUIRE_THROWS_WITH(read_image(folder / "x"), ContainsSubstring("x: not read: it has more than"));
  write_atomically(folder / "x", "abc");
  REQUIRE(read_file(folder / "x", 3) == "abc");
  REQUIRE_THROWS_AS(read_file(folder / "x", 2), Error);
}

TEST_CASE("a file whose size is not said is read to its end", "[io][input-file]") {
  REQUIRE(read_file("/proc/self/status").find("VmRSS") != std::string::npos);  // of 0 bytes
}

TEST_CASE("a pointer of git-lfs and a web page in the place of a file are named as what they are", "[io][input-file]") {
  const TemporaryFolder folder;
  for (const std::string name : {"model.safetensors", "model.bin", "config.json", "a.png"}) {
    write_atomically(folder / name, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 3438167540\n");
    refused(folder / name, "is a pointer of git-lfs, not the file itself; fetch that with `git lfs pull`");
    for (const std::string page : {"<!DOCTYPE html>\n<html>", "\n <!doctype HTML>", "\xEF\xBB\xBF<HTML lang=en>",
                                   "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"}) {
      write_atomically(folder / name, page);
      refused(folder / name, "is a web page, not the file itself; download it again");
    }
  }
}

TEST_CASE("is_there and entries_of say true reasons", "[io][folder]") {
  const TemporaryFolder folder;
  fs::create_symlink("loop", folder / "loop");
  REQUIRE_FALSE(is_there(folder / "absent"));
  REQUIRE(is_there(folder.path));
  REQUIRE_THROWS_WITH(is_there(folder / "loop"), ContainsSubstring("loop: cannot read: Too many levels"));
  REQUIRE_THROWS_WITH(entries_of(folder / "loop"), ContainsSubstring("loop: cannot read: Too many levels"));
  REQUIRE_THROWS_WITH(entries_of(folder / std::string(300, 'n')), ContainsSubstring("cannot read: File name too long"));
  REQUIRE_THROWS_WITH(entries_of(folder / "absent"), ContainsSubstring("absent: no such folder"));
  write_atomically(folder / "b", "");
  write_atomically(folder / "a", "");
  REQUIRE_THROWS_WITH(entries_of(folder / "a"), ContainsSubstring("a: not a folder"));
  std::string names;
  for (const auto& entry : entries_of(folder.path)) names += entry.path().filename().string() + " ";
  REQUIRE(names == "a b loop ");
}
