#include <opad/io/digest.hpp>

#include <opad/io/atomic_file.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace opad;

TEST_CASE("Contents are known by XXH3-64", "[io][digest]") {
  REQUIRE(digest("") == "2d06800538d394c2");  // as xxhsum -H3 prints it
  const Tensors tensors{{"a", torch::arange(6).view({2, 3})}, {"b", torch::ones({})}};
  const std::string sum = digest(tensors);
  REQUIRE(sum == digest(Tensors{{"b", torch::ones({})}, {"a", torch::arange(6).view({2, 3})}}));
  REQUIRE(sum != digest(Tensors{{"a", torch::arange(6).view({3, 2})}, {"b", torch::ones({})}}));
  REQUIRE(sum != digest(Tensors{{"a", torch::arange(6).view({2, 3})}, {"c", torch::ones({})}}));
  REQUIRE(sum != digest(Tensors{{"a", torch::arange(6).view({2, 3}).to(torch::kInt32)}, {"b", torch::ones({})}}));
  REQUIRE(sum == digest(Tensors{{"a", torch::arange(6).view({3, 2}).view({2, 3})}, {"b", torch::ones({})}}));
}

TEST_CASE("A model's small files count by what they say", "[io][digest]") {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& name, const std::string& text) {
    write_atomically(folder.path / name, text);
  };
  write("config.json", R"({"a": 1, "b": [2], "_name_or_path": "here"})");
  write("model.safetensors", "x");
  const std::string sum = digest_of_texts(folder.path);
  write("config.json", R"({"b":[2],"_name_or_path":"there","a":1})");
  write("model.safetensors", "y");
  write("model.safetensors.index.json", "{}");
  REQUIRE(digest_of_texts(folder.path) == sum);
  write("config.json", R"({"a": 2, "b": [2]})");
  REQUIRE(digest_of_texts(folder.path) != sum);
  write("config.json", R"({"a": 1, "b": [2]})");
  REQUIRE(digest_of_texts(folder.path) == sum);
  write("merges.txt", "a b");
  REQUIRE(digest_of_texts(folder.path) != sum);
  const std::string files = digest_of_files(folder.path);
  write("model.safetensors", "z");
  REQUIRE(digest_of_files(folder.path) != files);
}
