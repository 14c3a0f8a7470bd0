#include <opad/data/concept_folder.hpp>
#include <opad/evaluate/open_protocol.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace opad;

namespace {

/// A dataset in DreamBench's layout: the published file with two subjects and two prompts a list.
const std::string dream_bench_text = R"(Classes

subject_name,class
backpack_dog,backpack
dog6,dog
bear_plushie,stuffed animal

Prompts

Object Prompts

prompt_list = [
'a {0} {1} in the jungle'.format(unique_token, class_token),
'a cube shaped {0} {1}'.format(unique_token, class_token)
]

Live Subject Prompts

prompt_list = [
'a {0} {1} in the jungle'.format(unique_token, class_token),
'a {0} {1} wearing a red hat'.format(unique_token, class_token)
]
)";

Json custom_concept(const std::string& folder, const std::string& prompt) {
  return {{"instance_prompt", prompt},
          {"class_prompt", "barn"},
          {"instance_data_dir", folder},
          {"class_data_dir", "./regularization/x"},
          {"prompt_filename", "prompts/barn.txt"}};
}

}  // namespace

TEST_CASE("DreamBench's folder is read as published", "[evaluate][protocol]") {
  const TemporaryFolder folder;
  write_atomically(folder / "prompts_and_classes.txt", dream_bench_text);
  for (const char* name : {"backpack_dog", "dog6", "bear_plushie"}) std::filesystem::create_directories(folder / name);
  const Protocol protocol = open_protocol(folder.path.string(), {}, 0);
  REQUIRE(protocol.name == "dreambench");
  REQUIRE(protocol.pictures_per_prompt == 4);
  REQUIRE(protocol.subjects.size() == 3);
  REQUIRE(protocol.subjects[0].class_word == "backpack");
  REQUIRE(protocol.subjects[0].prompts == std::vector<std::string>{"a {} in the jungle", "a cube shaped {}"});
  REQUIRE(protocol.subjects[1].prompts[1] == "a {} wearing a red hat");
  REQUIRE(protocol.subjects[2].class_word == "stuffed animal");
  REQUIRE(protocol.subjects[2].prompts[1] == "a cube shaped {}");
  REQUIRE(fill_prompt(protocol.subjects[1].prompts[1], "<new1> dog") == "a <new1> dog wearing a red hat");

  std::filesystem::remove(folder / "dog6");
  REQUIRE_THROWS_WITH(dream_bench(folder.path), ContainsSubstring("dog6"));
  write_atomically(folder / "prompts_and_classes.txt", "subject_name,class\ndog6,dog\n");
  REQUIRE_THROWS_WITH(dream_bench(folder.path), ContainsSubstring("Object Prompts"));
}

TEST_CASE("CustomConcept101's folder is read as published", "[evaluate][protocol]") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "benchmark_dataset" / "scene_barn");
  write_atomically(folder / "prompts" / "barn.txt",
                   "photo of a {}.\r\n{} in snowy ice.\n\nPhoto of the {} with the sun rising in the sky.");
  const auto read = [&](const Json& list) {
    write_json(folder / "dataset.json", list);
    return open_protocol(folder.path.string(), {}, 0);
  };
  for (const char* spelling : {"./benchmark_dataset/scene_barn", "benchmark_dataset/scene_barn/"}) {
    const Protocol protocol = read(Json::array({custom_concept(spelling, "photo of a <new1> red barn")}));
    REQUIRE(protocol.name == "customconcept101");
    REQUIRE(protocol.subjects.at(0).name == "scene_barn");
    REQUIRE(protocol.subjects[0].class_word == "red barn");
    REQUIRE(protocol.subjects[0].prompts ==
            std::vector<std::string>{"photo of a {}.", "{} in snowy ice.",
                                     "Photo of the {} with the sun rising in the sky."});
  }
  const Json good = custom_concept("./benchmark_dataset/scene_barn", "photo of a <new1> barn");
  REQUIRE_THROWS_WITH(read(Json::object()), ContainsSubstring("not a list"));
  REQUIRE_THROWS_WITH(read(Json::array()), ContainsSubstring("no concepts"));
  REQUIRE_THROWS_WITH(read(Json::array({good, good})), ContainsSubstring("comes twice"));
  REQUIRE_THROWS_WITH(read(Json::array({{{"instance_prompt", 3}}})), ContainsSubstring("instance_prompt"));
  REQUIRE_THROWS_WITH(read(Json::array({custom_concept("./benchmark_dataset/scene_barn", "photo of a barn")})),
                      ContainsSubstring("modifier token"));
  REQUIRE_THROWS_WITH(read(Json::array({custom_concept("./benchmark_dataset/none", "a <new1> barn")})),
                      ContainsSubstring("none"));
  write_atomically(folder / "prompts" / "barn.txt", "a barn\n");
  REQUIRE_THROWS_WITH(read(Json::array({good})), ContainsSubstring("no {}"));
}

TEST_CASE("The mini world draws the photographs of its six concepts", "[evaluate][protocol]") {
  const TemporaryFolder folder;
  const Protocol protocol = open_protocol("mini-world", folder.path, 32),
                 development = open_protocol("mini-world-development", folder.path, 32);
  REQUIRE(protocol.subjects.size() == 6);
  REQUIRE(development.subjects.size() == 6);
  std::set<std::string> names;
  for (const Protocol& part : {protocol, development})
    for (const Subject& subject : part.subjects) {
      names.insert(subject.name);
      const auto photographs = read_concept_folder(subject.folder).pictures;
      REQUIRE(photographs.size() >= 4);
      REQUIRE(photographs[0].size(0) == 32);
      REQUIRE(subject.attributes.at("kind") == subject.class_word);
      REQUIRE(subject.attributes.size() == 6);
    }
  REQUIRE(names.size() == 12);
  REQUIRE_THROWS_WITH(open_protocol("mini-wold", folder.path, 32), ContainsSubstring("neither mini-world"));
  REQUIRE_THROWS_WITH(open_protocol(folder.path.string(), folder.path, 32), ContainsSubstring("dataset.json"));
}
