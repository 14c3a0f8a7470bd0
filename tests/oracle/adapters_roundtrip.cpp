// adapters_roundtrip write PIPELINE OUT    gives the models of a diffusers folder adapters of every kind, as after some
// training, and
//                                          writes their files and the one-step picture with each:
//                                          OUT/pictures.safetensors
// adapters_roundtrip read PIPELINE FOLDER  loads adapters that other programs wrote, FOLDER/NAME/, and writes the
// one-step pictures adapters_roundtrip.py compares both with diffusers. PIPELINE/noise.safetensors holds the noise [1,
// 4, h, w], prompt.txt the prompt.
#include <opad/adapter/ip_adapter.hpp>
#include <opad/adapter/trained_folder.hpp>
#include <opad/io/atomic_file.hpp>
#include <opad/models/autoencoder_kl.hpp>
#include <opad/models/clip_text_model.hpp>
#include <opad/sampler/euler.hpp>

#include <iostream>

using namespace opad;
namespace fs = std::filesystem;

namespace {

/// A fresh copy of the pipeline's parts, and the picture that they make in one step.
struct Pipeline {
  fs::path folder;
  std::shared_ptr<UNet2DConditionModel> unet = UNet2DConditionModel::from_pretrained(folder / "unet");
  std::shared_ptr<CLIPTextModel> text_encoder = CLIPTextModel::from_pretrained(folder / "text_encoder");
  ClipTokenizer tokenizer = ClipTokenizer::from_pretrained(folder / "tokenizer");

  Tensor text(const TokenRows& rows) const {
    return text_encoder->encode(
        rows.embed(text_encoder->token_table(), tokenizer({rows.expand(read_file(folder / "prompt.txt"))})));
  }
  Tensor picture(const Tensor& condition) const {  // [1, 3, H, W] in [0, 1]
    const auto vae = AutoencoderKL::from_pretrained(folder / "vae");
    const Euler euler(SchedulerConfig::from_pretrained(folder / "scheduler"), 1);
    const Tensor x = SafeTensors(folder / "noise.safetensors").tensors().at("noise") * euler.init_noise_sigma();
    const Tensor output = unet->forward(euler.scale_model_input(x, 0), torch::tensor(euler.timesteps()[0]), condition);
    return (vae->decode(euler.step(output, 0, x).prev_sample / vae->config.scaling_factor) / 2 + 0.5).clamp(0, 1);
  }
  Tensor picture() { return picture(text(TokenRows(tokenizer, {}))); }
};

void disturb(const NamedTensors& parameters) {
  for (const auto& [name, p] : parameters) Tensor(p).add_(Random(5).stream(name).normal(p.sizes()), 0.1);
}

void write_adapters(const fs::path& folder, const fs::path& out) {
  Tensors pictures{{"base", Pipeline{folder}.picture()}};
  const auto trained = [&](const auto& adapter, const std::string& name) {
    Pipeline pipeline{folder};
    disturb(adapter.install(*pipeline.unet));
    adapter.save(*pipeline.unet, out / name);
    pictures[name] = pipeline.picture();
    adapter.merge(*pipeline.unet);
    pipeline.unet->save_pretrained(out / (name + "-merged"));
  };
  trained(CustomDiffusion<KeyValue>{}, "kv");
  trained(CustomDiffusion<QueryKeyValueOut>{}, "qkvo");
  trained(LowRankAdapter{.rank = 2, .alpha = 3.0}, "lora");

  Pipeline pipeline{folder};
  auto stream = Random(7).stream("tokens");
  const std::int64_t width = pipeline.text_encoder->config.hidden_size;
  const TokenRows rows(pipeline.tokenizer,
                       {{"<new1>", stream.normal({1, width})}, {"<new2>", stream.normal({2, width})}});
  rows.save(out / "embeddings");
  pictures["embeddings"] = pipeline.picture(pipeline.text(rows));
  save_safetensors(out / "pictures.safetensors", pictures);
}

void read_adapters(const fs::path& folder, const fs::path& in) {
  Tensors pictures;
  for (const auto& entry : fs::directory_iterator(in)) {
    if (!entry.is_directory()) continue;
    const std::string name = entry.path().filename().string();
    Pipeline pipeline{folder};
    if (name.starts_with("ip-adapter")) {
      const auto adapter = IpAdapter::load(*pipeline.unet, *fs::directory_iterator(entry.path()), 0.7);
      const Tensor embeds = SafeTensors(in / "image_embeds.safetensors").tensors().at("image_embeds");
      pictures[name] = pipeline.picture(adapter.condition(pipeline.text(TokenRows(pipeline.tokenizer, {})), embeds));
    } else if (name.ends_with("-merged")) {
      pipeline.unet = UNet2DConditionModel::from_pretrained(entry.path());
      pictures[name] = pipeline.picture();
    } else {
      const TokenRows rows = load_trained({entry.path()}, *pipeline.unet, pipeline.tokenizer);
      pictures[name] = pipeline.picture(pipeline.text(rows));
    }
  }
  save_safetensors(in / "pictures.safetensors", pictures);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc == 4 ? argv[1] : "";
  if (mode != "write" && mode != "read") {
    std::cerr << "usage: adapters_roundtrip write|read PIPELINE FOLDER\n";
    return 2;
  }
  try {
    torch::NoGradGuard no_grad;
    (mode == "write" ? write_adapters : read_adapters)(argv[2], argv[3]);
  } catch (const std::exception& error) {
    std::cerr << "adapters_roundtrip: " << error.what() << "\n";
    return 2;
  }
}
