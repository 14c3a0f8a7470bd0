// files_roundtrip PIPELINE JOBS OUT  makes the one-step picture of each job as generate does, in [0, 1]:
//   JOBS  {"name": {"model": folder, "adapters": [folder, ...], "loras": [[file, weight], ...], "embeddings":
//         [[file, word], ...], "prompt": text}}, all but the prompt optional; without a model it is PIPELINE
// PIPELINE/noise.safetensors holds the noise [1, 4, h, w]. files_roundtrip.py compares the pictures with diffusers'.
#include <opad/pipeline/choose_sampler.hpp>
#include <opad/pipeline/pipeline.hpp>

#include <iostream>

using namespace opad;
namespace fs = std::filesystem;

namespace {

Tensor picture(const fs::path& base, const Json& job) {
  const fs::path model = job.value("model", base.string());
  PipelineExtras extras;
  for (const auto& lora : job.value("loras", Json::array()))
    extras.loras.push_back({lora[0].get<std::string>(), lora[1].get<double>()});
  for (const auto& embedding : job.value("embeddings", Json::array()))
    extras.embeddings.push_back(
        read_learned_embedding(embedding[0].get<std::string>(), embedding[1].get<std::string>()));
  std::vector<fs::path> adapters;
  for (const auto& folder : job.value("adapters", std::vector<std::string>())) adapters.emplace_back(folder);
  Pipeline pipeline(parts_of_pictures(model, {}, adapters.empty() ? fs::path() : adapters.back()), adapters,
                    torch::kCPU, {}, extras);
  AnySampler sampler = choose_sampler(pipeline.scheduler(), 1).sampler;
  const Tensor noise = SafeTensors(base / "noise.safetensors").tensors().at("noise");
  return (pipeline.sample(sampler, job.at("prompt"), noise, std::nullopt) / 2 + 0.5).clamp(0, 1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: files_roundtrip PIPELINE JOBS OUT\n";
    return 2;
  }
  try {
    Tensors pictures;
    const Json jobs = read_json(argv[2]);
    for (const auto& [name, job] : jobs.items()) pictures[name] = picture(argv[1], job);
    save_safetensors(argv[3], pictures);
  } catch (const std::exception& error) {
    std::cerr << "files_roundtrip: " << error.what() << "\n";
    return 2;
  }
}
