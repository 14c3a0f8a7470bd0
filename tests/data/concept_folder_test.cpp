#include <sys/stat.h>

#include <fstream>

#include <opad/data/concept_folder.hpp>

#include "support/catch.hpp"
#include "support/ordinary_user.hpp"
#include "support/temporary_folder.hpp"

namespace fs = std::filesystem;
using opad::Tensor;

namespace {

Tensor flat_picture(int value, std::int64_t height = 4, std::int64_t width = 6) {
  return torch::full({height, width, 3}, value, torch::kUInt8);
}

void write_text(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

}  // namespace

TEST_CASE("A concept folder gives its pictures in the order of their names and reports the rest",
          "[data][concept-folder]") {
  const TemporaryFolder folder;
  opad::write_png(folder.path / "b.PNG", flat_picture(20));
  opad::write_png(folder.path / "a.jpeg", flat_picture(10));  // content decides what a file is
  opad::write_png(folder.path / "c.WebP", flat_picture(30));
  opad::write_png(folder.path / ".hidden.png", flat_picture(40));
  write_text(folder.path / "notes.txt", "a fine dog");
  write_text(folder.path / "Thumbs.db", "x");
  write_text(folder.path / "Desktop.ini", "x");
  write_text(folder.path / ".DS_Store", "x");
  fs::create_directory(folder.path / "more.jpg");

  const auto read = opad::read_concept_folder(folder.path);
  REQUIRE(read.files.size() == 3);
  REQUIRE(read.pictures.size() == 3);
  const char* const names[] = {"a.jpeg", "b.PNG", "c.WebP"};
  for (int i = 0; i < 3; ++i) {
    REQUIRE(read.files[i].filename() == names[i]);
    REQUIRE(at::equal(read.pictures[i], flat_picture(10 * (i + 1))));
  }
  std::map<std::string, std::string> reasons;
  for (const auto& [file, reason] : read.skipped) reasons[file.filename().string()] = reason;
  REQUIRE(reasons.size() == 6);
  REQUIRE(reasons.at(".hidden.png") == "hidden");
  REQUIRE(reasons.at(".DS_Store") == "hidden");
  REQUIRE(reasons.at("Thumbs.db") == "made by the file manager");
  REQUIRE(reasons.at("Desktop.ini") == "made by the file manager");
  REQUIRE(reasons.at("notes.txt") == "not a .jpg, .jpeg, .png or .webp file");
  REQUIRE(reasons.at("more.jpg") == "a folder");
}

TEST_CASE("A concept folder that cannot be used is refused with what to do", "[data][concept-folder]") {
  const TemporaryFolder folder;
  SECTION("missing") {
    REQUIRE_THROWS_WITH(opad::read_concept_folder(folder.path / "dgo"), ContainsSubstring("dgo: no such folder; give"));
  }
  SECTION("empty") {
    REQUIRE_THROWS_WITH(opad::read_concept_folder(folder.path), ContainsSubstring("the folder is empty"));
  }
  SECTION("a file") {
    write_text(folder.path / "dog.png", "x");
    REQUIRE_THROWS_WITH(opad::read_concept_folder(folder.path / "dog.png"), ContainsSubstring("not a folder"));
  }
  SECTION("without pictures") {
    write_text(folder.path / "IMG_1.HEIC", "x");
    REQUIRE_THROWS_WITH(opad::read_concept_folder(folder.path),
                        ContainsSubstring("no picture among its 1 entries") && ContainsSubstring("IMG_1.HEIC"));
  }
  SECTION("with a broken picture") {
    opad::write_png(folder.path / "a.png", flat_picture(1));
    const std::string whole = opad::read_file(folder.path / "a.png");
    for (const std::string& bytes : {std::string(), std::string("no picture"), whole.substr(0, whole.size() / 2)}) {
      opad::write_atomically(folder.path / "b.png", bytes);
      REQUIRE_THROWS_AS(opad::read_concept_folder(folder.path), opad::Error);
      REQUIRE_THROWS_WITH(opad::read_concept_folder(folder.path), ContainsSubstring("b.png"));
    }
  }
}

TEST_CASE("Ordinary photographs are read upright, whatever their format", "[data][concept-folder]") {
  const auto cat = opad::read_concept_folder(OPAD_SOURCE_DIR "/data/photos/cat");
  REQUIRE(cat.pictures.size() == 5);
  for (std::size_t i = 0; i < cat.pictures.size();
       ++i) {  // the reddest thing is the cat's nose, low in an upright picture
    CAPTURE(cat.files[i].string());
    const Tensor picture = cat.pictures[i].to(torch::kInt32);
    const Tensor nose = (picture.select(2, 0) - picture.select(2, 1) > 70).nonzero();  // [n, 2] rows and columns
    REQUIRE(nose.size(0) > 5);
    const double height =
        nose.select(1, 0).to(torch::kFloat64).mean().item<double>() / static_cast<double>(picture.size(0));
    REQUIRE(height > 0.7);
    REQUIRE(height < 0.9);
  }
}

TEST_CASE("What is no regular file is passed over and said, and nothing waits for it", "[data][concept-folder]") {
  const TemporaryFolder folder;
  opad::write_png(folder.path / "a.png", flat_picture(1));
  REQUIRE(::mkfifo((folder / "fifo.png").c_str(), 0600) == 0);
  fs::create_symlink("/dev/zero", folder / "zero.png");
  fs::create_symlink("nowhere.png", folder / "dangling.png");
  fs::create_symlink("loop.png", folder / "loop.png");
  fs::create_symlink("a.png", folder / "b.png");  // as good as a file
  const auto read = opad::read_concept_folder(folder.path);
  REQUIRE(read.files.size() == 2);
  std::map<std::string, std::string> reasons;
  for (const auto& [file, reason] : read.skipped) reasons[file.filename().string()] = reason;
  REQUIRE(reasons == std::map<std::string, std::string>{{"fifo.png", "a fifo"},
                                                        {"zero.png", "a device"},
                                                        {"dangling.png", "No such file or directory"},
                                                        {"loop.png", "Too many levels of symbolic links"}});
}

TEST_CASE("A folder that cannot be reached is refused with the reason", "[data][concept-folder]") {
  const TemporaryFolder folder;
  fs::create_symlink("loop", folder / "loop");
  REQUIRE_THROWS_WITH(opad::read_concept_folder(folder / "loop"),
                      ContainsSubstring("loop: cannot read: Too many levels of symbolic links"));
  REQUIRE_THROWS_WITH(opad::read_concept_folder(folder / std::string(300, 'n')),
                      ContainsSubstring("cannot read: File name too long"));
  fs::create_directories(folder / "closed/photos");
  fs::permissions(folder / "closed", fs::perms::none);
  fs::permissions(folder.path, fs::perms{0755});
  {
    const OrdinaryUser user;
    REQUIRE_THROWS_WITH(opad::read_concept_folder(folder / "closed/photos"),
                        ContainsSubstring("closed/photos: cannot read: Permission denied"));
    REQUIRE_THROWS_WITH(opad::read_concept_folder(folder / "closed"),
                        ContainsSubstring("closed: cannot be listed: Permission denied"));
  }
  fs::permissions(folder / "closed", fs::perms::owner_all);
}

TEST_CASE("Pictures that would fill the memory are refused before they are decoded", "[data][concept-folder]") {
  const TemporaryFolder folder;
  opad::write_png(folder.path / "a.png", flat_picture(1, 1000, 2000));
  opad::write_png(folder.path / "b.png", flat_picture(2, 1000, 2000));
  REQUIRE(opad::read_concept_folder(folder.path, 12'000'000).files.size() == 2);
  REQUIRE_THROWS_WITH(opad::read_concept_folder(folder.path, 11'999'999),
                      ContainsSubstring(folder.path.string() + ": its 2 pictures take 11 MiB of memory once decoded, "
                                                               "more than 11 MiB; give fewer or smaller ones"));
}
