// sprites: pictures of the sprite world, to look at and to train on elsewhere.
#include <CLI/CLI.hpp>

#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>

#include <opad/data/sprites.hpp>
#include <opad/experiment/options/counts.hpp>
#include <opad/experiment/run/guarded_main.hpp>
#include <opad/io/atomic_file.hpp>
#include <opad/io/folder.hpp>
#include <opad/io/image.hpp>
#include <opad/io/input_file.hpp>
#include <opad/io/json.hpp>

using namespace opad;
using namespace opad::sprites;
namespace fs = std::filesystem;

namespace {

/// Rows of sprites, each sheet showing one attribute at a time.
using Rows = std::vector<std::vector<Sprite>>;

Sprite portrait(Kind kind, Stream& random) {
  Sprite sprite{.identity = sample_identity(kind, random)};
  sprite.detail = random.bits();
  return sprite;
}

/// A row for each kind of thing, a column for each value of an attribute that `set` gives to the sprite.
template <std::size_t N>
Rows by_kind(const std::array<std::string_view, N>&, Stream& random, const std::function<void(Sprite&, int)>& set) {
  Rows rows;
  for (std::size_t k = 0; k < kind_words.size(); ++k) {
    const Sprite model = portrait(static_cast<Kind>(k), random);
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < N; ++i) set(row.emplace_back(model), static_cast<int>(i));
  }
  return rows;
}

Rows anything(Stream& random) {
  Rows rows(12);
  for (std::size_t k = 0; k < rows.size(); ++k)
    for (int i = 0; i < 12; ++i) rows[k].push_back(sample_view(sample_identity(static_cast<Kind>(k), random), random));
  return rows;
}

Rows concepts() {
  Rows rows;
  for (const HeldOut& thing : held_out) rows.push_back(photographs(thing));
  return rows;
}

const std::map<std::string, std::function<Rows(Stream&)>> sheets{
    {"all", anything},
    {"concepts", [](Stream&) { return concepts(); }},
    {"scenes",
     [](Stream& random) {
       return by_kind(scene_words, random, [](Sprite& s, int i) { s.scene = static_cast<Scene>(i); });
     }},
    {"styles",
     [](Stream& random) {
       return by_kind(style_words, random,
                      [](Sprite& s, int i) { s.style = static_cast<Style>(i), s.scene = Scene::Beach; });
     }},
    {"textures",
     [](Stream& random) {
       return by_kind(texture_words, random, [](Sprite& s, int i) { s.identity.texture = static_cast<Texture>(i); });
     }},
    {"accessories",
     [](Stream& random) {
       return by_kind(accessory_words, random,
                      [](Sprite& s, int i) { s.identity.accessory = static_cast<Accessory>(i); });
     }},
    {"sizes",
     [](Stream& random) {
       return by_kind(size_words, random, [](Sprite& s, int i) {
         constexpr double scales[] = {0.48, 0.72, 0.94}, feet[] = {0.84, 0.91, 0.98};
         s.size = static_cast<Size>(i), s.scale = scales[i], s.y = feet[i];
       });
     }},
};

/// All pictures side by side, each pixel `zoom` times as large.  uint8 [H, W, 3]
Tensor tile(const Rows& rows, std::int64_t resolution, std::int64_t zoom) {
  std::size_t columns = 0;
  for (const auto& row : rows) columns = std::max(columns, row.size());
  const auto height = static_cast<std::int64_t>(rows.size()) * resolution,
             width = static_cast<std::int64_t>(columns) * resolution;
  Tensor sheet = torch::full({height, width, 3}, 255, torch::kUInt8);
  for (std::size_t y = 0; y < rows.size(); ++y)
    for (std::size_t x = 0; x < rows[y].size(); ++x)
      sheet.narrow(0, static_cast<std::int64_t>(y) * resolution, resolution)
          .narrow(1, static_cast<std::int64_t>(x) * resolution, resolution)
          .copy_(render(rows[y][x], resolution));
  return sheet.repeat_interleave(zoom, 0).repeat_interleave(zoom, 1);
}

Json describe(const Sprite& s) {
  const Identity& i = s.identity;
  return {{"kind", word(i.kind)},     {"primary", word(i.primary)}, {"secondary", word(i.secondary)},
          {"accent", word(i.accent)}, {"texture", word(i.texture)}, {"accessory", word(i.accessory)},
          {"width", i.width},         {"shape", i.shape},           {"angle", 45 * i.angle},
          {"scene", word(s.scene)},   {"style", word(s.style)},     {"size", word(s.size)},
          {"place", word(s.place)}};
}

/// Files by name into a folder. What is there already must be what would be written: nobody's photographs are replaced
/// by drawings.
void write_new(const fs::path& folder, const std::map<std::string, std::string>& files) {
  for (const auto& [name, bytes] : files)
    require(!is_there(folder / name) || read_file(folder / name) == bytes, (folder / name).string(),
            ": is there, and is something else; give another folder");
  for (const auto& [name, bytes] : files) write_atomically(folder / name, bytes);
}

void write_dataset(std::int64_t count, const fs::path& folder, std::uint64_t seed, std::int64_t resolution) {
  require(count > 0, "sprites dataset: ", count, " pictures; give 1 or more");
  const Random random(seed);
  std::ostringstream lines;
  std::map<std::string, std::string> files;
  for (std::int64_t i = 0; i < count; ++i) {
    Stream stream = random.stream("sprites", i);
    const Sprite sprite = sample_sprite(stream);
    const std::string text = caption(sprite, stream), digits = std::to_string(i);
    const std::string name = std::string(6 - std::min<std::size_t>(6, digits.size()), '0') + digits + ".png";
    files[name] = encode_png(render(sprite, resolution));
    lines << Json{{"file", name}, {"caption", text}, {"attributes", describe(sprite)}}.dump() << "\n";
  }
  files["captions.jsonl"] = lines.str();
  write_new(folder, files);
}

void write_concept(const std::string& name, const fs::path& folder, std::int64_t resolution) {
  const HeldOut& thing = held_out_named(name);
  std::map<std::string, std::string> files;
  for (const Sprite& sprite : photographs(thing))
    files[c10::str("0", files.size() + 1, ".png")] = encode_png(render(sprite, resolution));
  write_new(folder, files);
}

void list() {
  std::cout << "Held-out concepts:\n";
  for (const HeldOut& thing : held_out) {
    const Identity& i = thing.identity;
    std::cout << "  " << thing.name << (thing.evaluation ? "  (evaluation)  " : "  (development)  ") << word(i.primary)
              << ", " << word(i.secondary) << ", " << word(i.accent) << "; " << word(i.texture) << "; "
              << word(i.accessory) << "\n";
  }
  const auto line = [](const char* title, const auto& words) {
    std::cout << title;
    for (const std::string_view text : words) std::cout << " " << text;
    std::cout << "\n";
  };
  line("Things:     ", kind_words), line("Colors:     ", color_words), line("Textures:   ", texture_words);
  line("Accessories:", accessory_words), line("Scenes:     ", scene_words), line("Styles:     ", style_words);
  line("Vocabulary: ", sprite_vocabulary());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Pictures of the sprite world"};
  app.require_subcommand(1);
  std::int64_t resolution = 64, zoom = 1, count = 0;
  std::uint64_t seed = 42;
  std::string out, what = "all", name;

  auto* const sheet = app.add_subcommand("sheet", "one PNG with many sprites");
  sheet->add_option("out", out, "file to write")->required();
  std::vector<std::string> names;
  for (const auto& [key, make] : sheets) names.push_back(key);
  sheet->add_option("--show", what, "what differs from column to column")
      ->capture_default_str()
      ->check(CLI::IsMember(names));
  sheet->add_option("--zoom", zoom, "size of a pixel")->capture_default_str()->check(CLI::Range(1, 16));
  auto* const pictures = app.add_subcommand("concept", "the pictures of a held-out concept");
  pictures->add_option("name", name, "one of those that `sprites list` shows")->required();
  pictures->add_option("out", out, "folder to write to")->required();
  auto* const dataset = app.add_subcommand("dataset", "training pictures and captions.jsonl");
  dataset->add_option("count", count, "how many")->required();
  dataset->add_option("out", out, "folder to write to")->required();
  auto* const words = app.add_subcommand("list", "held-out concepts, attributes, vocabulary");
  for (auto* const command : {sheet, pictures, dataset})
    command->add_option("--resolution", resolution, "pixels a side")->capture_default_str();
  for (auto* const command : {sheet, dataset})
    command->add_option("--seed", seed, "of all draws")->capture_default_str();

  return guarded_main("sprites", [&] {
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) { return app.exit(error) == 0 ? exit_code::done : exit_code::refused; }
    require_counts({{"resolution", resolution, 1}, {"count", count, 0}});
    Stream random = Random(seed).stream("sheet");
    if (*sheet) write_png(out, tile(sheets.at(what)(random), resolution, zoom));
    if (*pictures) write_concept(name, out, resolution);
    if (*dataset) write_dataset(count, out, seed, resolution);
    if (*words) list();
    return exit_code::done;
  });
}
