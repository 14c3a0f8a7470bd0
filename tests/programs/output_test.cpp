// What is written where others' files are: by generate, evaluate, sprites and sweeps. (Runs: run_folder_test.cpp.)
#include <opad/io/image.hpp>

#include "program.hpp"
#include "support/catch.hpp"

namespace {

std::string in_quotes(const fs::path& path) { return "'" + path.string() + "'"; }

/// Every file below a folder, with its bytes.
std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files[fs::relative(entry.path(), folder).string()] = read_text(entry.path());
  return files;
}

Finished pictures(const fs::path& output, const std::string& more = "") {
  return start("generate", "--model " + in_quotes(tiny + "/student") + " --base " + in_quotes(tiny + "/teacher") +
                               " --prompt 'a cat' --output " + in_quotes(output) + " " + more);
}

void require_refused(const Finished& done, const std::string& words) {
  INFO(done.errors);
  REQUIRE(done.code == 2);
  REQUIRE(done.error_lines() == 1);
  REQUIRE_THAT(done.errors, ContainsSubstring(words));
}

}  // namespace

TEST_CASE("Pictures of two calls never mix in a folder, and --overwrite replaces the earlier ones alone",
          "[programs][output]") {
  const ScratchFolder scratch;
  const auto folder = scratch / "pictures";
  REQUIRE(pictures(folder, "--count 2").code == 0);
  const auto first = contents(folder);
  require_refused(pictures(folder, "--count 1"), "--overwrite");
  REQUIRE(contents(folder) == first);

  std::ofstream(folder / "notes.txt") << "mine";
  REQUIRE(pictures(folder, "--count 1 --overwrite").code == 0);
  const auto second = contents(folder);
  REQUIRE(second.contains("notes.txt"));
  REQUIRE(second.contains("0-0.png"));
  REQUIRE_FALSE(second.contains("0-1.png"));
}

TEST_CASE("generate replaces nothing that it did not make", "[programs][output]") {
  const ScratchFolder scratch;
  const auto folder = scratch / "album";
  fs::create_directories(folder);
  fs::copy_file(fs::path(photos) / "02_alpha.png", folder / "0-0.png");
  const auto before = contents(folder);
  for (const char* more : {"--count 1", "--count 1 --overwrite"}) {
    require_refused(pictures(folder, more), "0-0.png");
    REQUIRE(contents(folder) == before);
  }
  fs::copy(tiny, scratch / "models", fs::copy_options::recursive);
  const auto models = contents(scratch / "models");
  const std::string student = in_quotes(scratch / "models/student");
  for (const char* output : {"models", "models/student", "models/student/unet/new"})
    require_refused(start("generate", "--model " + student + " --base " + student + " --prompt x --output " +
                                          in_quotes(scratch / output)),
                    "--model names");
  REQUIRE(contents(scratch / "models") == models);
}

TEST_CASE("evaluate, sprites and sweeps write into no folder that they read", "[programs][output]") {
  const ScratchFolder scratch;
  fs::copy(photos, scratch / "photos");
  fs::create_directories(scratch / "clock");
  const auto before = contents(scratch / "photos");
  const std::string mine = in_quotes(scratch / "photos");
  require_refused(start("evaluate", "--generated " + mine + " --real " + mine + " --prompt x --output " +
                                        in_quotes(scratch / "photos" / "01.png")),
                  "--generated names");
  fs::copy_file(fs::path(photos) / "02_alpha.png", scratch / "clock" / "03.png");
  require_refused(start("sprites", "concept plain-clock " + in_quotes(scratch / "clock")), "03.png");
  REQUIRE(contents(scratch / "clock").size() == 1);
  REQUIRE(contents(scratch / "photos") == before);

  fs::copy(tiny, scratch / "models", fs::copy_options::recursive);
  const auto models = contents(scratch / "models");
  require_refused(start("ablate_losses", "--models " + in_quotes(scratch / "models") + " --steps 1 " + "--output " +
                                             in_quotes(scratch / "models" / "runs")),
                  "--models names");
  REQUIRE(contents(scratch / "models") == models);
}

TEST_CASE("Photographs that are there already are drawn again", "[programs][output]") {
  const ScratchFolder scratch;
  const std::string folder = in_quotes(scratch / "clock");
  REQUIRE(start("sprites", "concept plain-clock " + folder).code == 0);
  const auto first = contents(scratch / "clock");
  REQUIRE(start("sprites", "concept plain-clock " + folder).code == 0);
  REQUIRE(contents(scratch / "clock") == first);
}
