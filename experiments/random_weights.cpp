// random_weights: fills a tree of model folders that hold only their config.json with random weights, for dry runs,
// benchmarks and tests at any size.    random_weights --configs tests/full_size --output /tmp/models
#include <opad/experiment/options/options.hpp>
#include <opad/experiment/run/guarded_main.hpp>
#include <opad/models/autoencoder_kl.hpp>
#include <opad/models/clip_text_model.hpp>
#include <opad/models/clip_vision_model.hpp>
#include <opad/models/image_projection.hpp>
#include <opad/models/unet_2d_condition.hpp>
#include <opad/models/vision_transformer.hpp>

using namespace opad;

namespace {

/// One model folder: which model it is shows in its config.json.
void write_model(const std::filesystem::path& folder, const Random& random) {
  const auto file = folder / "config.json";
  const Json config = read_json(file);
  const auto fill = [&](auto& model) { fill_random(model, random); };
  if (const auto name = config.value("_class_name", ""); name == "UNet2DConditionModel") {
    UNet2DConditionModel model(UNet2DConditionConfig::from_json(config, file.string()));
    fill(model);
    model.save_pretrained(folder);
  } else if (name == "AutoencoderKL") {
    AutoencoderKL model(AutoencoderKLConfig::from_json(config, file.string()));
    fill(model);
    model.save_pretrained(folder);
  } else if (config.value("model_type", "") == "clip_text_model") {
    const auto kinds = config.value("architectures", std::vector<std::string>());
    const bool with_projection = std::ranges::find(kinds, "CLIPTextModelWithProjection") != kinds.end();
    CLIPTextModel model(CLIPTextConfig::from_json(config, file.string()), with_projection);
    fill(model);
    model.save_pretrained(folder);
  } else if (config.value("model_type", "") ==
             "clip_vision_model") {  // and the IP-Adapter that belongs beside its folder: 4 tokens of 768
    const auto vision = CLIPVisionConfig::from_json(config, file.string());
    CLIPVisionModelWithProjection model(vision);
    ImageProjModel projection(vision.projection_dim, 4, 768);
    fill(model), fill(projection);
    save_safetensors(folder / "model.safetensors", parameters_of(model));
    save_safetensors(folder.parent_path() / "ip_adapter.safetensors", parameters_of(projection, "image_proj."));
  } else if (config.contains("patch_size") && config.contains("embed_dim")) {
    VisionTransformer model(VisionTransformerConfig::from_json(config, file.string()));
    fill(model);
    save_safetensors(folder / "model.safetensors", parameters_of(model));
  } else {
    fail(file.string(),
         ": no model that random_weights knows (UNet2DConditionModel, AutoencoderKL, CLIPTextModel, "
         "CLIPVisionModelWithProjection, "
         "VisionTransformer)");
  }
  std::cout << folder.string() << std::endl;
}

int random_weights(int argc, char** argv) {
  std::filesystem::path configs, output;
  std::uint64_t seed = 0;
  Options options("random_weights", "Fills model folders that hold only their config.json with random weights.");
  options.bind_value("configs", configs, "tree of folders with config.json and other small files, copied along");
  options.bind_value("output", output, "where the filled tree goes");
  options.bind_value("seed", seed, "of the weights");
  if (!options.parse(argc, argv)) return 0;
  require(std::filesystem::is_directory(configs), "--configs ", configs.string(), ": no such folder");
  require(!output.empty(), "--output is missing");
  std::filesystem::create_directories(output);
  std::filesystem::copy(configs, output,
                        std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(output))
    if (entry.path().filename() == "config.json") folders.push_back(entry.path().parent_path());
  std::sort(folders.begin(), folders.end());
  for (const auto& folder : folders) write_model(folder, Random(seed));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return guarded_main("random_weights", [&] { return random_weights(argc, argv); });
}
