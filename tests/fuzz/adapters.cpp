// Adapters of other programs: LoRA as kohya's scripts, PEFT and diffusers write it, learned embeddings, Custom
// Diffusion, IP-Adapter. The input is a description of a file, so that names and shapes are what changes, a line for
// each of
//   NAME TYPE SIZE,SIZE,...   a tensor: "lora_unet_mid_block_..._to_q.alpha F32"
//   @KEY VALUE                metadata
//   {...}                     PEFT's adapter_config.json
// and every reader gets the file.
#include <unistd.h>

#include <charconv>
#include <sstream>

#include <opad/adapter/add_lora.hpp>
#include <opad/adapter/ip_adapter.hpp>
#include <opad/adapter/trained_folder.hpp>

#include "../support/small_unet.hpp"
#include "fuzz.hpp"

namespace {

using namespace opad;
namespace fs = std::filesystem;

struct Described {
  Tensors tensors;
  std::map<std::string, std::string> metadata;
  std::string config;
};

at::ScalarType type_of(const std::string& name) {
  for (const auto& [text, type] : {std::pair{"F64", torch::kFloat64},
                                   {"F16", torch::kFloat16},
                                   {"BF16", torch::kBFloat16},
                                   {"I64", torch::kInt64},
                                   {"U8", torch::kUInt8}})
    if (name == text) return type;
  return torch::kFloat32;
}

/// A tensor of the sizes "2,3" with small numbers; not finite ones where "n" stands in their place.
Tensor made(const std::string& type, const std::string& sizes) {
  std::vector<std::int64_t> shape;
  std::int64_t count = 1;
  std::istringstream parts(sizes);
  for (std::string part; std::getline(parts, part, ',');) {
    std::int64_t size = 0;
    std::from_chars(part.data(), part.data() + part.size(), size);
    shape.push_back(std::clamp<std::int64_t>(size, 0, 1 << 12));
    count *= shape.back();
    require(shape.size() <= 6 && count <= 1 << 14, "too large");
  }
  const Tensor numbers = at::arange(count, torch::kFloat64).remainder(7).sub(3).mul(0.1).reshape(shape);
  return (sizes.find('n') == sizes.npos ? numbers : numbers / 0.0).to(type_of(type));
}

Described described(std::string_view text) {
  Described out;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line) && out.tensors.size() < 100;) {
    if (line.starts_with('{')) {
      out.config = line;
      continue;
    }
    std::istringstream words(line);
    std::string name, type, sizes;
    words >> name >> type >> sizes;
    if (name.starts_with('@')) out.metadata[name.substr(1)] = line.substr(std::min(line.size(), name.size() + 1));
    else if (!name.empty()) out.tensors[name] = made(type, sizes);
  }
  return out;
}

const fs::path& folder() {
  static const fs::path path = [] {
    const fs::path memory = "/dev/shm", at = (fs::exists(memory) ? memory : fs::temp_directory_path());
    return at / ("opad-fuzz-adapters-" + std::to_string(::getpid()));
  }();
  return path;
}

void read(std::string_view text) {
  static UNet2DConditionModel& unet = *new UNet2DConditionModel(small_unet_config());
  const Described file = described(text);
  fs::create_directories(folder());
  const auto reads = [](const auto& reader) {
    try {
      reader();
    } catch (const Error&) {}
    remove_adapter(unet);
  };
  const auto at = [&](const char* name) { return folder() / name; };
  save_safetensors(at("adapter_model.safetensors"), file.tensors, file.metadata);
  write_atomically(at("adapter_config.json"), file.config);
  reads([&] { load_lora(unet, at("adapter_model.safetensors")); });
  static CLIPTextModel& text_encoder = *new CLIPTextModel([] {
    CLIPTextConfig config;
    config.vocab_size = 40, config.hidden_size = 16, config.num_hidden_layers = 1;
    return config;
  }());
  reads([&] { add_lora(unet, text_encoder, {at("adapter_model.safetensors"), 1}); });
  reads([&] { load_custom_diffusion(unet, at("adapter_model.safetensors")); });
  reads([&] { IpAdapter::load(unet, at("adapter_model.safetensors")); });
  reads([&] { read_learned_embedding(at("adapter_model.safetensors")); });
  reads([&] { read_learned_embeddings(folder()); });
  reads([&] {
    static const ClipTokenizer tokenizer =
        ClipTokenizer::from_pretrained(OPAD_SOURCE_DIR "/models/tiny/teacher/tokenizer");
    ClipTokenizer own = tokenizer;
    TokenRows(own, {read_learned_embedding(at("adapter_model.safetensors"), "<new>")}).expand("a <new> cat");
  });
}

}  // namespace

OPAD_FUZZ_TARGET(read)
