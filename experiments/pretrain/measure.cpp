// pretrain-measure: how good the mini world is. Pictures of teacher and student for many captions, read by the
// attribute reader: is the kind of thing that the caption asks for there, and the scene? The reader's own score on real
// sprites is the ceiling.
#include <opad/pretrain/student.hpp>

using namespace opad;

namespace {

struct Measurement {
  std::filesystem::path models, output;
  std::int64_t count = 600, teacher_steps = 25;
  double guidance = 3.0;
  std::uint64_t seed = 2;
};

/// Captions that name their scene, and sprites that fit them.
struct Wanted {
  std::vector<sprites::Sprite> sprites;
  std::vector<std::string> captions;
};

Wanted wanted(const Measurement& m, sprites::Edition edition) {
  Wanted out;
  Stream stream = Random(m.seed).stream("measure/captions");
  for (std::int64_t i = 0; i < m.count; ++i) {
    auto sprite = sprites::sample_sprite(stream, edition);
    sprite.style = sprites::Style::Photo;
    const auto scene = sprites::phrases::scenes[static_cast<std::size_t>(sprite.scene)]
                                               [static_cast<std::size_t>(stream.integer(0, 2))];
    out.captions.push_back(
        c10::str("a photo of a ", word(sprite.identity.primary), " ", word(sprite.identity.kind), " ", scene));
    out.sprites.push_back(sprite);
  }
  return out;
}

/// The shares of pictures whose kind, scene and main colour the reader finds.
Json scores(const AttributeReader& reader, const Tensor& pictures, const Wanted& w) {
  Json out = Json::object();
  const auto outputs = reader.logits(pictures);
  std::vector<Tensor> labels;
  for (const auto& sprite : w.sprites) labels.push_back(torch::tensor(sprite_labels(sprite), torch::kInt64));
  const Tensor all = at::stack(labels);
  for (std::size_t a = 0; a < outputs.size(); ++a)
    if (const auto& name = reader.words[a].first; name == "kind" || name == "scene" || name == "primary")
      out[name] = outputs[a]
                      .argmax(1)
                      .eq(all.select(1, static_cast<std::int64_t>(a)))
                      .to(torch::kFloat64)
                      .mean()
                      .item<double>();
  return out;
}

int measure(int argc, char** argv) {
  Measurement m;
  Options options("pretrain-measure", "Scores the mini world's teacher and student with its attribute reader.");
  options.bind_value("models", m.models, "folder of the world");
  options.bind_value("output", m.output, "folder for measured.json and sample sheets");
  options.bind_value("count", m.count, "captions");
  options.bind_value("teacher-steps", m.teacher_steps, "sampling steps of the teacher (DDIM)");
  options.bind_value("guidance", m.guidance, "of the teacher");
  options.bind_value("seed", m.seed, "of captions and noise");
  if (!options.parse(argc, argv)) return 0;
  require(!m.models.empty() && !m.output.empty(),
          "--models and --output are needed: the world's folder, and one for the results");
  require(m.count >= 48, "--count ", m.count, ": give at least 48");
  at::set_num_threads(1);
  torch::NoGradGuard no_grad;
  const auto teacher = m.models / "teacher";
  const auto tokenizer = ClipTokenizer::from_pretrained(teacher / "tokenizer");
  const auto vae = AutoencoderKL::from_pretrained(teacher / "vae");
  const auto text = CLIPTextModel::from_pretrained(teacher / "text_encoder");
  const auto reader = AttributeReader::from_pretrained(m.models / "evaluation" / "attribute-reader");
  const Wanted w = wanted(m, sprites::edition_of(vae->config.sample_size));
  const Tensor null_condition = text->forward(tokenizer({""}));
  const std::int64_t side = vae->config.sample_size / vae->downscale();

  const auto pictures_of = [&](const std::string& who, const auto& sample) {
    std::vector<Tensor> parts;
    Progress progress(who, m.count);
    for (std::int64_t first = 0; first < m.count; first += 24) {
      const std::int64_t n = std::min<std::int64_t>(24, m.count - first);
      const std::vector<std::string> captions(w.captions.begin() + first, w.captions.begin() + first + n);
      const Tensor noise =
          Random(m.seed).stream("measure/noise", first).normal({n, vae->config.latent_channels, side, side});
      parts.push_back(
          vae->decode(sample(noise, text->forward(tokenizer(captions))) / vae->config.scaling_factor).clamp(-1, 1));
      progress.update(first + n);
    }
    const Tensor all = at::cat(parts);
    std::filesystem::create_directories(m.output);
    write_png(m.output / (who + ".png"), preview_grid(all.narrow(0, 0, 48), 8, w.captions, who));
    return all;
  };
  Json out = Json::object();
  out["captions"] = m.count;
  const Tensor real = render_batch(w.sprites);
  out["real sprites"] = scores(*reader, real, w);
  out["real sprites through the VAE"] = scores(*reader, vae->decode(vae->encode(real).mean), w);
  {
    const auto unet = UNet2DConditionModel::from_pretrained(teacher / "unet");
    const auto config = SchedulerConfig::from_pretrained(teacher / "scheduler");
    out["teacher"] =
        scores(*reader,
               pictures_of("teacher",
                           [&](const Tensor& noise, const Tensor& condition) {
                             auto sampler = make_sampler(config, m.teacher_steps);
                             Passes passes;
                             return denoise(
                                 Denoiser{"teacher-unet", unet, Diffusion(config), &passes}, sampler,
                                 noise * sampler.init_noise_sigma(),
                                 {.condition = condition, .null_condition = null_condition, .guidance = m.guidance});
                           }),
               w);
  }
  if (std::filesystem::exists(m.models / "student" / "unet" / "config.json")) {
    const auto unet = UNet2DConditionModel::from_pretrained(m.models / "student" / "unet");
    const auto config = SchedulerConfig::from_pretrained(m.models / "student" / "scheduler");
    out["student"] = scores(
        *reader,
        pictures_of(
            "student",
            [&](const Tensor& noise, const Tensor& condition) {
              auto sampler = make_sampler(config, 1);
              const Tensor x = noise * sampler.init_noise_sigma(),
                           t = at::full({x.size(0)}, sampler.timesteps()[0], x.options());
              return sampler.step(unet->forward(sampler.scale_model_input(x, 0), t, condition), 0, x).prev_sample;
            }),
        w);
  }
  write_json(m.output / "measured.json", out);
  std::cout << out.dump(2) << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return guarded_main("pretrain-measure", [&] { return measure(argc, argv); });
}
