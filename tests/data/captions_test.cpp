#include <fstream>

#include <opad/data/captions.hpp>
#include <opad/data/concept_dataset.hpp>
#include <opad/data/masks.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace opad;

namespace {

void write_text(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }

Tensor grey(int value, std::int64_t height = 8, std::int64_t width = 8) {
  return torch::full({height, width, 3}, value, torch::kUInt8);
}

DatasetOptions small_options() {
  DatasetOptions options{.resolution = 32, .vae_factor = 4, .augmentation = {}};
  options.augmentation.enabled = false, options.augmentation.hflip = false;
  return options;
}

}  // namespace

TEST_CASE("Captions and masks lie beside their pictures and are no pictures", "[data][captions]") {
  const TemporaryFolder folder;
  for (const char* name : {"01.png", "02.PNG", "03.mask.png"}) write_png(folder / name, grey(9));
  write_png(folder / "01.mask.png", grey(255));
  write_png(folder / "02.Mask.PNG", grey(255));
  write_text(folder / "01.txt", "a {}"), write_text(folder / "notes.txt", "x");
  const ConceptFolder read = read_concept_folder(folder.path);
  REQUIRE(read.files.size() == 3);  // nothing is called 03, so 03.mask.png is a picture
  REQUIRE(read.captions == std::vector<std::filesystem::path>{folder / "01.txt", "", ""});
  REQUIRE(read.masks == std::vector<std::filesystem::path>{folder / "01.mask.png", folder / "02.Mask.PNG", ""});
  REQUIRE(read.skipped.size() == 1);
  REQUIRE(read.skipped[0].file.filename() == "notes.txt");
}

TEST_CASE("A caption is text with the concept in it", "[data][captions]") {
  const TemporaryFolder folder;
  const auto text = [&](const std::string& content) {
    write_text(folder / "01.txt", content);
    return read_caption(folder / "01.txt");
  };
  REQUIRE(text("\xEF\xBB\xBF a <new1>\tdog\r\nin Köln \n") == "a <new1> dog in Köln");
  REQUIRE_THROWS_WITH(text(""), ContainsSubstring("01.txt: the caption is empty"));
  REQUIRE_THROWS_WITH(text(" \n"), ContainsSubstring("01.txt: the caption is empty"));
  REQUIRE_THROWS_WITH(text("K\xF6ln"), ContainsSubstring("01.txt: the caption is not UTF-8 text (byte 1)"));
  REQUIRE_THROWS_WITH(text(std::string("a\0b", 3)), ContainsSubstring("not UTF-8"));
  REQUIRE_THROWS_WITH(text(std::string(70'000, 'a')), ContainsSubstring("KiB"));

  const std::vector<std::string> tokens{"<new1>", "<new2>"};
  const auto prompt = [&](const std::string& caption) {
    return caption_prompt(caption, "<new2> dog", tokens, "01.txt");
  };
  REQUIRE(prompt("a <new2> dog in the snow") == "a <new2> dog in the snow");
  REQUIRE(prompt("a {} beside a {}") == "a <new2> dog beside a <new2> dog");
  REQUIRE(prompt("[trigger] asleep") == "<new2> asleep");
  REQUIRE_THROWS_WITH(prompt("a dog"),
                      ContainsSubstring("01.txt: the caption \"a dog\" does not name the concept; write <new2>"));
  REQUIRE_THROWS_WITH(prompt("a <new1> dog"), ContainsSubstring("does not name the concept"));  // another concept's
}

TEST_CASE("A picture with a caption keeps its share of an epoch", "[data][captions]") {
  ConceptData data{
      .pictures = {grey(100), grey(200)}, .instance_prompt = "<new1> dog", .class_pictures = {}, .class_prompt = ""};
  const ConceptDataset plain(data, small_options(), Random(1));
  data.captions = {"", "my <new1> dog asleep"};
  const ConceptDataset captioned(data, small_options(), Random(1));
  REQUIRE(captioned.size() == plain.size());
  std::size_t with = 0;
  for (std::int64_t k = 0; k < captioned.size(); ++k) {
    const Batch a = plain.batch(k, 1), b = captioned.batch(k, 1);
    REQUIRE(at::equal(a.images, b.images));  // the same pictures in the same order
    const bool second = a.images.max().item<double>() > 0;
    REQUIRE(b.prompts[0] == (second ? "my <new1> dog asleep" : a.prompts[0]));
    with += second;
  }
  REQUIRE(with == static_cast<std::size_t>(captioned.size()) / 2);
  data.captions = {"one"};
  REQUIRE_THROWS_WITH(ConceptDataset(data, small_options(), Random(1)),
                      ContainsSubstring("1 captions or masks for 2 pictures"));
}

TEST_CASE("A mask goes where its photograph goes", "[data][masks]") {
  Tensor picture = grey(0, 32, 32), mask = grey(0, 32, 32);  // white, and counted, is the left half
  picture.slice(1, 0, 16).fill_(255), mask.slice(1, 0, 16).fill_(255);
  ConceptData data{.pictures = {picture}, .instance_prompt = "<new1> dog", .class_pictures = {}, .class_prompt = ""};
  DatasetOptions options = small_options();
  options.augmentation = {};
  const ConceptDataset plain(data, options, Random(3));
  data.masks = {mask};
  const ConceptDataset masked(data, options, Random(3));
  double cut_in_part = 0;
  for (std::int64_t k = 0; k < 60; ++k) {
    const Batch a = plain.batch(k, 1), b = masked.batch(k, 1);
    REQUIRE(at::equal(a.images, b.images));
    REQUIRE(a.prompts == b.prompts);
    // what is seen white of the picture, in each latent cell
    const Tensor white = at::avg_pool2d((a.images.narrow(1, 0, 1) > 0.5).to(torch::kFloat32), {4, 4});
    REQUIRE((b.mask - a.mask * white).abs().max().item<double>() < 0.35);  // the edge is interpolated
    REQUIRE((b.mask - a.mask * white).abs().mean().item<double>() < 0.02);
    cut_in_part += (b.mask.sum() < a.mask.sum()).item<bool>();
  }
  REQUIRE(cut_in_part > 30);
  SECTION("a white mask changes nothing") {
    data.masks = {grey(255, 32, 32)};
    const ConceptDataset all(data, options, Random(3));
    for (std::int64_t k = 0; k < 20; ++k) REQUIRE(at::equal(all.batch(k, 1).mask, plain.batch(k, 1).mask));
  }
}

TEST_CASE("Masks that cannot be meant are refused", "[data][masks]") {
  const TemporaryFolder folder;
  const auto reads = [&](const Tensor& mask) {
    write_png(folder / "01.mask.png", mask);
    return read_mask(folder / "01.mask.png", grey(1, 8, 12));
  };
  REQUIRE(at::equal(reads(grey(255, 8, 12)).values, grey(255, 8, 12)));
  REQUIRE_THROWS_WITH(reads(grey(255, 12, 8)),
                      ContainsSubstring("01.mask.png: the mask has 8 x 12 pixels, its photograph 12 x 8"));
  REQUIRE_THROWS_WITH(reads(grey(0, 8, 12)), ContainsSubstring("the mask is black"));
  Tensor red = grey(255, 8, 12);
  red.select(2, 1).zero_();
  REQUIRE_THROWS_WITH(reads(red), ContainsSubstring("the mask has colours"));
}
