#include <opad/experiment/run/concept_list.hpp>
#include <opad/experiment/run/content_differences.hpp>

#include "experiment/scratch_folder.hpp"
#include "support/catch.hpp"

using namespace opad;

namespace {

struct ListFile {
  ScratchFolder scratch;
  RunSettings read(const std::string& text, RunSettings settings = {}) const {
    put_text(scratch / "concepts.json", text);
    settings.concepts = scratch / "concepts.json";
    read_concept_list(settings);
    return settings;
  }
};

}  // namespace

TEST_CASE("A list of concepts stands for the options of one", "[experiment][concepts]") {
  const ListFile file;
  const RunSettings s = file.read(R"([
    {"instance_prompt": "<new1> cat", "class_prompt": "cat", "instance_data_dir": "/data/cat", "class_data_dir": "/cats",
     "modifier_token": "<new1>", "initializer_token": "cat"},
    {"instance_prompt": "<new2> <new3> mug", "class_prompt": "mug", "instance_data": "/data/../mug", "class_data": "/mugs",
     "modifier_token": "<new2>+<new3>", "initializer_token": "red+mug"}])");
  using Paths = std::vector<std::filesystem::path>;
  using Texts = std::vector<std::string>;
  REQUIRE(s.instance_data == Paths{"/data/cat", "/mug"});
  REQUIRE(s.class_data == Paths{"/cats", "/mugs"});
  REQUIRE(s.instance_prompt == Texts{"<new1> cat", "<new2> <new3> mug"});
  REQUIRE(s.class_prompt == Texts{"cat", "mug"});
  REQUIRE(s.modifier_token == Texts{"<new1>", "<new2>", "<new3>"});
  REQUIRE(s.initializer_token == Texts{"cat", "red", "mug"});
  REQUIRE(s.masks.empty());
  REQUIRE(s.concepts.empty());  // its values are the options now

  SECTION("said twice in the same words, as a resumed run says it") {
    RunSettings again;
    again.instance_data = {"/data/cat"}, again.instance_prompt = {"<new1> cat"};
    REQUIRE(
        file.read(R"([{"instance_data_dir": "/data/cat", "instance_prompt": "<new1> cat"}])", again).modifier_token ==
        Texts{"<new1>"});
  }
}

TEST_CASE("A list of concepts is refused by entry and key", "[experiment][concepts]") {
  const ListFile file;
  const std::string good = R"({"instance_data_dir": "a", "instance_prompt": "<new1> cat", "class_prompt": "cat"})";
  const auto refused = [&](const std::string& text, const std::string& words, const RunSettings& s = {}) {
    const std::string message = message_of([&] { file.read(text, s); });
    REQUIRE_THAT(message, ContainsSubstring(words));
    REQUIRE(message.find('\n') == std::string::npos);
  };
  refused("{}", "concepts.json: not a list of concepts");
  refused("[]", "concepts.json: not a list of concepts");
  refused("[" + good + ", 3]", "concepts.json: entry 2 is no object");
  refused(R"([{"instance_data_dir": "a"}])", "entry 1: instance_prompt is missing");
  refused(R"([{"instance_prompt": "a"}])", "entry 1: instance_data_dir is missing");
  refused(R"([{"instance_data_dir": "a", "instance_promt": "b"}])",
          "entry 1: instance_promt is no key of a concept; did you mean instance_prompt?");
  refused(R"([{"instance_data_dir": ["a"], "instance_prompt": "b"}])",
          "entry 1: instance_data_dir: [\"a\"] is no text");
  refused(R"([{"instance_data_dir": "a", "instance_data": "b", "instance_prompt": "b"}])",
          "entry 1: instance_data_dir comes twice");
  refused("[" + good + R"(, {"instance_data_dir": "b", "instance_prompt": "c"}])",
          "entry 2: class_prompt is missing, and stands in the entries before");
  refused(R"([{"instance_data_dir": "b", "instance_prompt": "c"}, )" + good + "]",
          "entry 2: class_prompt stands here, and not in the entries before");
  refused("[{]", "concepts.json: not JSON");
  RunSettings other;
  other.instance_prompt = {"<new1> dog"};
  refused("[" + good + "]", "--instance-prompt say different things", other);
}

TEST_CASE("Captions and masks belong to the contents by which a run is known", "[experiment][concepts]") {
  const auto folder = [](const Json& more) {
    Json of{{"files", {"01.jpg", "02.jpg"}}, {"xxh3-64", {"a", "b"}}};
    of.update(more);
    return Json{{"instance-data", {of}}};
  };
  const Json none = folder(Json::object()), one = folder({{"captions", {"", "x"}}}),
             other = folder({{"captions", {"", "y"}}}), both = folder({{"captions", {"", "x"}}, {"masks", {"m", ""}}});
  REQUIRE(content_differences(none, none).empty());
  REQUIRE(content_differences(none, one) == "--instance-data: 02.jpg has a caption now");
  REQUIRE(content_differences(one, none) == "--instance-data: 02.jpg has no caption now");
  REQUIRE(content_differences(one, other) == "--instance-data: 02.jpg has another caption");
  REQUIRE(content_differences(one, both) == "--instance-data: 01.jpg has a mask now");
  REQUIRE(decisive_contents(one) != decisive_contents(none));
}
