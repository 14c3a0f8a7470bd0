#pragma once
#include <array>
#include <filesystem>

#include <opad/io/resize.hpp>
#include <opad/models/config.hpp>

namespace opad {

/// What an evaluation encoder wants done with a picture, on its bytes, as Pillow and torchvision do it:
///   Resize(resize) of the shorter side, CenterCrop(crop), / 255, (x - mean) / deviation.
/// The published evaluators: CLIP (OpenAI's own preprocessing) resizes to 224 and crops 224; DINO resizes to 256 and
/// crops 224; both bicubic. A preprocessor_config.json beside the weights (transformers' keys: size, crop_size,
/// resample, image_mean, image_std) says otherwise where there is one; its centre crop is torchvision's all the same,
/// which differs from transformers' by at most one pixel.
struct ImagePreprocessing {
  std::int64_t resize = 224, crop = 224;
  Filter filter = Filter::Bicubic;
  std::array<double, 3> mean{0.48145466, 0.4578275, 0.40821073}, deviation{0.26862954, 0.26130258, 0.27577711};

  static ImagePreprocessing clip(std::int64_t size) { return {.resize = size, .crop = size}; }
  static ImagePreprocessing dino(std::int64_t size) {
    return {.resize = size * 8 / 7, .crop = size, .mean = {0.485, 0.456, 0.406}, .deviation = {0.229, 0.224, 0.225}};
  }
  /// Pictures in [-1, 1], as everything of this project that is trained here wants them.
  static ImagePreprocessing plain(std::int64_t size) {
    return {.resize = size, .crop = size, .mean = {0.5, 0.5, 0.5}, .deviation = {0.5, 0.5, 0.5}};
  }

  /// The folder's preprocessor_config.json, on top of `fallback`; must crop to the encoder's size.
  static ImagePreprocessing of_folder(const std::filesystem::path& folder, ImagePreprocessing fallback) {
    const auto file = folder / "preprocessor_config.json";
    if (!std::filesystem::exists(file)) return fallback;
    const Json json = read_json(file);
    const std::string where = file.string();
    const ConfigReader read(json, where);
    ImagePreprocessing out = fallback;
    out.resize = side(json, "size", "shortest_edge", where).value_or(fallback.resize);
    out.crop = side(json, "crop_size", "height", where).value_or(out.resize);
    std::int64_t resample = 3;
    read("resample", resample);
    constexpr std::pair<std::int64_t, Filter> filters[] = {
        {0, Filter::Nearest}, {1, Filter::Lanczos}, {2, Filter::Bilinear}, {3, Filter::Bicubic}};
    const auto found = std::ranges::find(filters, resample, &std::pair<std::int64_t, Filter>::first);
    require(found != std::end(filters), where, ": resample = ", resample,
            " is not one of 0 (nearest), 1 (Lanczos), 2 (bilinear), 3 (bicubic)");
    out.filter = found->second;
    for (const auto& [key, values] : {std::pair{"image_mean", &out.mean}, {"image_std", &out.deviation}}) {
      std::vector<double> list(values->begin(), values->end());
      read(key, list);
      require(list.size() == 3, where, ": ", key, " lists ", list.size(), " numbers, not 3");
      std::ranges::copy(list, values->begin());
    }
    require(out.crop == fallback.crop && out.resize >= out.crop, where, ": resizes to ", out.resize, " and crops ",
            out.crop, ", but the encoder takes ", fallback.crop, " pixels");
    return out;
  }

  /// uint8 [H, W, 3] -> float32 [3, crop, crop]
  Tensor operator()(const Tensor& picture) const {
    const Tensor cut = centre_crop(resize_shortest_edge(picture, resize, filter), crop);
    const auto channel = [](const std::array<double, 3>& values) {
      return torch::tensor({values[0], values[1], values[2]}, torch::kFloat64).to(torch::kFloat32).view({3, 1, 1});
    };
    return (cut.permute({2, 0, 1}).to(torch::kFloat32).div(255) - channel(mean)) / channel(deviation);
  }

 private:
  /// A side as transformers writes it: a number, {"shortest_edge": n}, {"height": n, "width": n}.
  static std::optional<std::int64_t> side(const Json& json, const char* key, const char* inner,
                                          const std::string& where) {
    const auto found = json.find(key);
    if (found == json.end() || found->is_null()) return {};
    const auto number = [](const Json& j) { return j.is_number_integer() && j.get<std::int64_t>() > 0; };
    if (number(*found)) return found->get<std::int64_t>();
    require(found->is_object(), where, ": ", key, " = ", found->dump(), " is neither a number nor an object");
    for (const char* name : {inner, "shortest_edge", "height"})
      if (const auto value = found->find(name); value != found->end() && number(*value)) {
        require(!found->contains("width") || found->at("width") == *value, where, ": ", key, " is not square");
        return value->get<std::int64_t>();
      }
    fail(where, ": ", key, " = ", found->dump(), " gives no side");
  }
};

}  // namespace opad
