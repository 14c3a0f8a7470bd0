#include <opad/io/weights.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace fs = std::filesystem;
using namespace opad;

namespace {

const fs::path golden = fs::path(OPAD_SOURCE_DIR) / "tests/golden";
const std::string unet = "diffusion_pytorch_model";

Tensors one(double value) { return {{"w", torch::full({2}, value)}}; }
double value(const Tensors& tensors) { return tensors.at("w")[0].item<double>(); }

}  // namespace

TEST_CASE("read_weights takes the whole file before parts, parts before half precision, safetensors before .bin",
          "[io][weights]") {
  const TemporaryFolder folder;
  fs::copy(golden / "adapters_embeddings/embeddings/vector.bin", folder / "pytorch_model.bin");
  REQUIRE(read_weights(folder.path, "model").contains("<new1>"));
  save_safetensors(folder / "model.fp16.safetensors", one(1));
  REQUIRE(value(read_weights(folder.path, "model")) == 1);
  save_safetensors(folder / "part", one(2));
  fs::rename(folder / "part", folder / "model-00001-of-00001.safetensors");
  write_json(folder / "model.safetensors.index.json", {{"weight_map", {{"w", "model-00001-of-00001.safetensors"}}}});
  REQUIRE(value(read_weights(folder.path, "model")) == 2);
  save_safetensors(folder / "model.safetensors", one(3));
  REQUIRE(value(read_weights(folder.path, "model")) == 3);
}

TEST_CASE("read_weights puts the parts of an index together", "[io][weights]") {
  const TemporaryFolder folder;
  const std::string index = unet + ".safetensors.index.json";
  save_safetensors(folder / "a.safetensors",
                   {{"x", torch::ones({1})}, {"y", torch::zeros({2})}, {"unlisted", torch::zeros({1})}});
  save_safetensors(folder / "b.safetensors", {{"z", torch::full({3}, 2)}});
  write_json(folder / index,
             {{"metadata", {{"total_size", 24}}},
              {"weight_map", {{"x", "a.safetensors"}, {"z", "b.safetensors"}, {"y", "a.safetensors"}}}});
  const Tensors tensors = read_weights(folder.path, unet);
  REQUIRE(tensors.size() == 3);
  REQUIRE(tensors.at("z").eq(2).all().item<bool>());

  const auto refused = [&](const Json& map, const std::string& message) {
    write_json(folder / index, map);
    REQUIRE_THROWS_WITH(read_weights(folder.path, unet), ContainsSubstring((folder / index).string() + ": " + message));
  };
  refused({{"weight_map", {{"x", "absent.safetensors"}}}}, "the part absent.safetensors is missing");
  refused({{"weight_map", {{"x", "b.safetensors"}}}}, "'x' is not in b.safetensors");
  refused({{"weight_map", {{"x", "../a.safetensors"}}}},
          "'x' is in '../a.safetensors', which is not a file beside the index");
  refused({{"weight_map", {{"x", "/etc/passwd"}}}}, "'x' is in '/etc/passwd'");
  refused({{"weight_map", {{"x", ".."}}}}, "'x' is in '..'");
  refused({{"weight_map", {{"x", ""}}}}, "'x' is in ''");
  refused({{"weight_map", {{"x", 3}}}}, "'x' is not mapped to a file name");
  refused({{"weight_map", 3}}, "has no weight_map");
  refused(Json::array(), "has no weight_map");
}

TEST_CASE("read_weights says what it looked for", "[io][weights]") {
  const TemporaryFolder folder;
  REQUIRE_THROWS_WITH(
      read_weights(folder.path, "model"),
      ContainsSubstring(folder.path.string() +
                        ": no weights here; looked for model.safetensors, model.safetensors.index.json, "
                        "model.fp16.safetensors") &&
          ContainsSubstring("pytorch_model.bin"));
  REQUIRE_THROWS_WITH(read_weights(folder / "absent", "model"), ContainsSubstring("absent: no such folder"));
}

TEST_CASE("read_weights reads the fixtures' model folders", "[io][weights]") {
  REQUIRE(read_weights(golden / "unet_sd2/model", unet).contains("conv_in.weight"));
  REQUIRE(read_weights(golden / "clip_text_sd1/model", "model").size() > 10);
}

TEST_CASE("read_weights finds the index of a variant's parts under both of its names", "[io][weights]") {
  const TemporaryFolder folder;
  save_safetensors(folder / "part.safetensors", one(5));
  for (const std::string index :
       {".safetensors.index.fp16.json", ".safetensors.fp16.index.json", ".safetensors.bf16.index.json"}) {
    INFO(index);
    write_json(folder / (unet + index), {{"weight_map", {{"w", "part.safetensors"}}}});
    REQUIRE(value(read_weights(folder.path, unet)) == 5);
    fs::remove(folder / (unet + index));
  }
}

TEST_CASE("a NaN or an infinity in a weight file is named when it is read", "[io][weights]") {
  const TemporaryFolder folder;
  save_safetensors(folder / "model.safetensors", {{"a", torch::ones({3})}, {"b", torch::tensor({1.0f, NAN})}});
  REQUIRE_THROWS_WITH(read_weights(folder.path, "model"),
                      ContainsSubstring((folder / "model.safetensors").string() +
                                        ": the tensor 'b' holds a NaN, first at number 1 of 2"));
  save_safetensors(folder / "model.safetensors", {{"b", torch::tensor({INFINITY, 1.0f}).to(torch::kFloat16)}});
  REQUIRE_THROWS_WITH(read_weights(folder.path, "model"), ContainsSubstring("the tensor 'b' holds an infinity"));
}
