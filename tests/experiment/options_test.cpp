#include <opad/experiment/options/options.hpp>
#include <opad/experiment/options/versions.hpp>

#include <sstream>

#include "experiment/scratch_folder.hpp"
#include "support/catch.hpp"

namespace sample {

enum class Filter { Nearest, Bilinear };
constexpr std::array<std::pair<Filter, std::string_view>, 2> enumerators(Filter) {
  return {{{Filter::Nearest, "nearest"}, {Filter::Bilinear, "bilinear"}}};
}

struct Inner {
  std::int64_t hidden_size = 512;
  static constexpr std::pair<std::string_view, std::string_view> help[] = {
      {"hidden_size", "width of the hidden layer"}};
};
struct Everything {
  bool enabled = false;
  int count = 3;
  std::uint8_t small = 7;
  std::uint64_t seed = 42;
  double weight = 1.0;
  std::string prompt = "a dog, sitting";
  std::filesystem::path folder = "runs/demo";
  Filter filter = Filter::Bilinear;
  std::optional<double> limit;
  std::optional<std::string> token;
  std::vector<std::string> prompts;
  std::vector<std::int64_t> steps{1, 2};
  Inner inner;
};
struct Nothing {};

}  // namespace sample
BOOST_HANA_ADAPT_STRUCT(sample::Inner, hidden_size);
BOOST_HANA_ADAPT_STRUCT(sample::Everything, enabled, count, small, seed, weight, prompt, folder, filter, limit, token,
                        prompts, steps, inner);

namespace {

struct Program {
  sample::Everything values;
  sample::Nothing nothing;
  opad::Options options{"trainer", "Trains something."};

  Program() {
    options.describe_members({{"weight", "factor of this term"}});
    options.bind("all", values);
    options.bind("none", nothing);
  }
  bool parse(std::vector<const char*> words, std::ostream& out = std::cout) {
    words.insert(words.begin(), "trainer");
    return options.parse(static_cast<int>(words.size()), words.data(), out);
  }
  std::string error(std::vector<const char*> words) {
    return message_of([&] { (void)parse(std::move(words)); });
  }
};

}  // namespace

TEST_CASE("A policy's members become options of the command line, whatever their type", "[experiment][options]") {
  Program program;
  auto& values = program.values;
  REQUIRE(program.parse({"--all.enabled",
                         "--all.count",
                         "-5",
                         "--all.small=255",
                         "--all.seed",
                         "18446744073709551615",
                         "--all.weight=1e-5",
                         "--all.prompt",
                         "one, two",
                         "--all.folder",
                         "/tmp/x",
                         "--all.filter",
                         "nearest",
                         "--all.limit",
                         "0.25",
                         "--all.token",
                         "<new1>",
                         "--all.prompts",
                         "a, b",
                         "c",
                         "--all.steps",
                         "1,2",
                         "4",
                         "--all.inner.hidden_size",
                         "64"}));
  REQUIRE(values.enabled);
  REQUIRE(values.count == -5);
  REQUIRE(values.small == 255);
  REQUIRE(values.seed == 18446744073709551615u);
  REQUIRE(values.weight == 1e-5);
  REQUIRE(values.prompt == "one, two");
  REQUIRE(values.folder == "/tmp/x");
  REQUIRE(values.filter == sample::Filter::Nearest);
  REQUIRE(values.limit == 0.25);
  REQUIRE(values.token == "<new1>");
  REQUIRE(values.prompts == std::vector<std::string>{"a, b", "c"});
  REQUIRE(values.steps == std::vector<std::int64_t>{1, 2, 4});
  REQUIRE(values.inner.hidden_size == 64);
}

TEST_CASE("Options not given keep their defaults, and the later of two wins", "[experiment][options]") {
  Program program;
  REQUIRE(
      program.parse({"--all.count", "1", "--all.count", "2", "--all.enabled", "--all.enabled", "no", "--all.prompt="}));
  REQUIRE(program.values.count == 2);
  REQUIRE_FALSE(program.values.enabled);
  REQUIRE(program.values.prompt.empty());
  REQUIRE(program.values.weight == 1.0);
}

TEST_CASE("A list may be given in one go or in several", "[experiment][options]") {
  Program program;
  REQUIRE(program.parse({"--all.prompts", "a", "--all.prompts", "b", "c", "--all.count", "9"}));
  REQUIRE(program.values.prompts == std::vector<std::string>{"a", "b", "c"});
  REQUIRE(program.values.count == 9);
}

TEST_CASE("The command line wins over --set, --set over --config, --config over the defaults",
          "[experiment][options]") {
  ScratchFolder scratch;
  const auto file = (scratch / "run.json").string();
  put_text(file, R"({"all": {"count": 10, "weight": 10, "small": 10, "inner": {"hidden_size": 10}}})");
  Program program;
  REQUIRE(program.parse({"--all.count", "30", "--set", "all.count=20", "all.weight=20", "--config", file.c_str()}));
  REQUIRE(program.values.count == 30);
  REQUIRE(program.values.weight == 20);
  REQUIRE(program.values.small == 10);
  REQUIRE(program.values.inner.hidden_size == 10);
  REQUIRE(program.values.seed == 42);
}

TEST_CASE("Settings by --set: it takes lists as JSON, plain numbers with commas, and none for what is optional",
          "[experiment][options]") {
  Program program;
  program.values.limit = 1;
  REQUIRE(program.parse({"--set", R"(all.prompts=["a, b","c"])", "--set", "all.steps=5,6", "--set", "all.limit=none"}));
  REQUIRE(program.values.prompts == std::vector<std::string>{"a, b", "c"});
  REQUIRE(program.values.steps == std::vector<std::int64_t>{5, 6});
  REQUIRE_FALSE(program.values.limit);
  REQUIRE(program.parse({"--set", "all.steps=[7]", "--set", "all.prompts=[]"}));
  REQUIRE(program.values.steps == std::vector<std::int64_t>{7});
  REQUIRE(program.values.prompts.empty());
}

TEST_CASE("The resolved options read back to the same values", "[experiment][options]") {
  Program program, other;
  REQUIRE(program.parse({"--all.enabled", "--all.weight", "0.1", "--all.prompts", "x", "--all.filter", "nearest",
                         "--all.token", "<a>", "--all.seed", "18446744073709551615", "--all.inner.hidden-size", "1"}));
  const auto resolved = program.options.resolved();
  REQUIRE(resolved["all"]["inner"]["hidden-size"] == 1);
  REQUIRE(resolved["all"]["filter"] == "nearest");
  REQUIRE(resolved["all"]["limit"].is_null());
  other.values.limit = 5;
  other.options.apply(resolved, "here");
  REQUIRE(other.options.resolved() == resolved);
  REQUIRE(opad::Json::parse(resolved.dump()) == resolved);
}

TEST_CASE("A run's config.json serves as --config", "[experiment][options]") {
  ScratchFolder scratch;
  Program program, again;
  REQUIRE(program.parse({"--all.count", "77"}));
  opad::write_json(scratch / "config.json",
                   {{"recipe", "r"}, {"options", program.options.resolved()}, {"fingerprint", "0"}});
  REQUIRE(again.parse({"--config", (scratch / "config.json").c_str()}));
  REQUIRE(again.values.count == 77);
}

TEST_CASE("Options that cannot change a result stay out of the decisive ones", "[experiment][options]") {
  std::string output = "runs", seed = "1";
  opad::Options options("p", "d");
  options.bind_value("output", output, "where to write").decisive = false;
  options.bind_value("seed", seed, "of all randomness");
  REQUIRE(options.decisive() == opad::Json{{"seed", "1"}});
  REQUIRE(options.resolved().size() == 2);
}

TEST_CASE("An unknown option names the nearest known one", "[experiment][options]") {
  Program program;
  REQUIRE(program.error({"--all.wieght", "1"}) ==
          "--all.wieght is not an option of trainer; did you mean --all.weight?");
  REQUIRE(program.error({"--hidden_size=3"}) ==
          "--hidden-size is not an option of trainer; did you mean --all.inner.hidden-size?");
  REQUIRE(program.error({"--confg", "x"}) == "--confg is not an option of trainer; did you mean --config?");
  REQUIRE(program.error({"--xylophone"}) == "--xylophone is not an option of trainer");
  REQUIRE_THAT(program.error({"stray"}), ContainsSubstring("every argument belongs to an option"));
  REQUIRE(program.error({"--set", "all.wieght=1"}) ==
          "--set all.wieght: not an option of trainer; did you mean all.weight?");
  REQUIRE_THAT(program.error({"--set", "all.weight"}), ContainsSubstring("give a name and a value"));
  REQUIRE_THAT(program.error({"--all.count"}), ContainsSubstring("--all.count"));
}

TEST_CASE("A value that does not fit is refused with the option's name and what would fit", "[experiment][options]") {
  Program program;
  const auto before = program.options.resolved();
  REQUIRE(program.error({"--all.count", "many"}) ==
          "--all.count: \"many\" is not a whole number; give one such as 100");
  REQUIRE_THAT(program.error({"--all.count", "1.5"}), ContainsSubstring("not a whole number"));
  REQUIRE_THAT(program.error({"--all.count", ""}), ContainsSubstring("not a whole number"));
  REQUIRE_THAT(program.error({"--all.count", "-"}), ContainsSubstring("not a whole number"));
  REQUIRE(program.error({"--all.small", "256"}) == "--all.small: 256 is out of range; give 0 to 255");
  REQUIRE(program.error({"--all.small", "-1"}) == "--all.small: -1 is out of range; give 0 to 255");
  REQUIRE_THAT(program.error({"--all.seed", "18446744073709551616"}), ContainsSubstring("out of range"));
  for (const char* bad : {"nan", "inf", "-inf", "0.5x", "", "1,5", "0x10"})
    REQUIRE_THAT(program.error({"--all.weight", bad}), ContainsSubstring("is not a finite number"));
  REQUIRE_THAT(program.error({"--all.weight", "1e999"}), ContainsSubstring("out of range"));
  REQUIRE(program.error({"--all.enabled", "maybe"}) ==
          "--all.enabled: \"maybe\" is neither yes nor no; give true or false");
  REQUIRE(program.error({"--set", "all.filter=cubic"}) ==
          "--set all.filter: \"cubic\" is not one of nearest, bilinear");
  REQUIRE_THAT(program.error({"--all.steps", "1,,2"}), ContainsSubstring("not a whole number"));
  REQUIRE(program.options.resolved() == before);
}

TEST_CASE("A configuration file is read strictly", "[experiment][options]") {
  Program program;
  const auto error = [&](const char* text) {
    return message_of([&] { program.options.apply(opad::Json::parse(text), "run.json"); });
  };
  REQUIRE(error(R"({"all": {"wieght": 1}})") ==
          "run.json: all.wieght is not an option of trainer; did you mean all.weight?");
  REQUIRE(error(R"({"alls": {"weight": 1}})") ==
          "run.json: alls.weight is not an option of trainer; did you mean all.weight?");
  REQUIRE_THAT(error(R"({"all": {"odd": {}}})"), ContainsSubstring("all.odd is not an option"));
  REQUIRE(error(R"({"all.weight": "1"})") == "run.json: all.weight: \"1\" does not fit; expected NUMBER");
  REQUIRE(error(R"({"all.count": 1.5})") == "run.json: all.count: 1.5 does not fit; expected INTEGER");
  REQUIRE(error(R"({"all.count": null})") == "run.json: all.count: null does not fit; expected INTEGER");
  REQUIRE(error(R"({"all.enabled": 1})") == "run.json: all.enabled: 1 does not fit; expected yes|no");
  REQUIRE(error(R"({"all.steps": [1, "2"]})") == "run.json: all.steps: \"2\" does not fit; expected INTEGER...");
  REQUIRE(error(R"({"all.prompt": ["a"]})") == "run.json: all.prompt: [\"a\"] does not fit; expected TEXT");
  REQUIRE_THAT(error(R"([1])"), ContainsSubstring("options are a JSON object"));
  REQUIRE(error(R"({"all.limit": null, "all.steps": [3], "all.weight": 2, "all.inner.hidden_size": 1})").empty());
  REQUIRE(program.values.weight == 2);
  REQUIRE_THAT(program.error({"--config", "/nowhere/run.json"}), ContainsSubstring("/nowhere/run.json"));
}

TEST_CASE("Two options cannot share a name or hide one another", "[experiment][options]") {
  opad::Options options("p", "d");
  int a = 0, b = 0;
  options.bind_value("student.rate", a, "");
  REQUIRE_THROWS_AS(options.bind_value("student.rate", b, ""), opad::Error);
  REQUIRE_THROWS_AS(options.bind_value("student", b, ""), opad::Error);
  REQUIRE_THROWS_AS(options.bind_value("student.rate.low", b, ""), opad::Error);
  REQUIRE_THROWS_AS(options.bind_value("help", b, ""), opad::Error);
  options.bind_value("student.rates", b, "");
}

TEST_CASE("Asked for, --help and --version answer and ask the program to leave", "[experiment][options]") {
  Program program;
  std::ostringstream out;
  REQUIRE_FALSE(program.parse({"--help", "--all.count", "3"}, out));
  const auto help = out.str();
  REQUIRE_THAT(help, ContainsSubstring("--all.weight NUMBER"));
  REQUIRE_THAT(help, ContainsSubstring("factor of this term (default: 1.0)"));
  REQUIRE_THAT(help, ContainsSubstring("width of the hidden layer (default: 512)"));
  REQUIRE_THAT(help, ContainsSubstring("--all.filter nearest|bilinear"));
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) REQUIRE(line.size() <= 100);
  std::ostringstream version;
  REQUIRE_FALSE(program.parse({"--version"}, version));
  REQUIRE_THAT(version.str(), ContainsSubstring(std::string("trainer ") + opad::version + " (LibTorch 2."));
}

TEST_CASE("The table of options is Markdown with a row for each", "[experiment][options]") {
  Program program;
  const auto table = program.options.table();
  REQUIRE_THAT(table,
               ContainsSubstring("| `--all.inner.hidden-size` | INTEGER | `512` | width of the hidden layer |\n"));
  REQUIRE_THAT(table, ContainsSubstring("| `--all.filter` | nearest\\|bilinear | `bilinear` |"));
  REQUIRE(std::count(table.begin(), table.end(), '\n') == static_cast<long>(program.options.all().size()) + 2);
}

TEST_CASE("The version is that of the build", "[experiment][options]") {
  REQUIRE_THAT(text_of(OPAD_SOURCE_DIR "/CMakeLists.txt"),
               ContainsSubstring(std::string("project(opad VERSION ") + opad::version + " "));
}
