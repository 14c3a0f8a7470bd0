#pragma once
#include <opad/adversarial/head/patch_tokens.hpp>
#include <opad/adversarial/objective/hinge.hpp>
#include <opad/loss/latent_mse.hpp>
#include <opad/pretrain/encoders.hpp>
#include <opad/pretrain/teacher.hpp>

namespace opad {

/// Distils the one-step student from the teacher. From the teacher's weights it learns, on pairs (noise, the teacher's
/// multi-step picture of it), to give the picture in one step: LatentMse and a robust distance of latents; and, on
/// decoded pictures, to pass for real sprites with heads on two layers of the frozen DINO encoder (hinge; Sauer et al.,
/// "Adversarial Diffusion Distillation", ECCV 2024, arXiv 2311.17042).
///   guidance, teacher_steps   of the pairs
///   adversarial               weight of the critic, which joins after `alone` updates
struct StudentPretraining {
  static constexpr std::string_view name = "student",
                                    description = "Distils the mini world's one-step student from its teacher.";
  std::int64_t pairs = 10000, teacher_steps = 8, alone = 300;
  double guidance = 3.0, adversarial = 0.02;

  static PretrainSettings defaults() {
    return {.steps = 2000,
            .batch_size = 32,
            .warmup = 50,
            .learning_rate = 6e-4,
            .decay_share = 0.8,
            .ema = 0.995,
            .adversary_learning_rate = 5e-4};
  }
  std::unique_ptr<Pretraining> build(const PretrainSettings& settings) const;
};

namespace detail {

class StudentTask : public Pretraining {
 public:
  StudentTask(const StudentPretraining& options, const PretrainSettings& s)
      : options_(options),
        settings_(s),
        device_(s.device),
        tokenizer_(ClipTokenizer::from_pretrained(s.models / "teacher" / "tokenizer")),
        vae_(AutoencoderKL::from_pretrained(s.models / "teacher" / "vae")),
        text_(CLIPTextModel::from_pretrained(s.models / "teacher" / "text_encoder")),
        unet_(UNet2DConditionModel::from_pretrained(s.models / "teacher" / "unet")),
        dino_(VisionTransformer::from_pretrained(s.models / "dino")),
        diffusion_(SchedulerConfig::from_json(mini_scheduler("EulerDiscreteScheduler"), "mini world")) {
    const Random random(s.seed);
    const std::int64_t width = dino_->config.embed_dim;
    for (const std::int64_t layer : layers()) {
      Stream stream = random.stream("student/judge", layer);
      judges_.push_back(PatchTokens{.hidden = width}.build(patches(), width, Hinge::outputs, stream));
      judges_.back()->to(device_);
    }
    for (torch::nn::Module* m :
         std::initializer_list<torch::nn::Module*>{vae_.get(), text_.get(), unet_.get(), dino_.get()})
      m->to(device_);
    if (options.adversarial > 0) show_real(random);
    make_pairs(s.output.string() + ".pairs.safetensors", random);
    sheet_noise_ = random.stream("sheet/noise")
                       .normal(Shape{static_cast<std::int64_t>(sheet_prompts().size()), noise_.size(1), noise_.size(2),
                                     noise_.size(3)})
                       .to(device_);
  }
  NamedTensors parameters() const override {
    NamedTensors out;
    add_trainable(out, "unet", *unet_);
    return out;
  }
  NamedTensors adversary() const override {
    NamedTensors out;
    for (std::size_t i = 0; options_.adversarial > 0 && i < judges_.size(); ++i)
      add_trainable(out, c10::str("judge.", i), *judges_[i]);
    return out;
  }
  Tensor loss(const PretrainStep& step) override {
    const Tensor indices = step.stream("student/pairs").integers(0, noise_.size(0), {step.batch_size});
    const Tensor noise = noise_.index_select(0, indices).to(device_, torch::kFloat32),
                 wanted = latent_.index_select(0, indices).to(device_, torch::kFloat32);
    const Autocast autocast(settings_.dtype == "bfloat16", device_.type());
    const Tensor x0 = one_step(noise, text_->forward(ids_.index_select(0, indices).to(device_)).detach());
    const Tensor mse = LatentMse{}(x0, wanted).mean(),
                 robust = at::smooth_l1_loss(x0, wanted, at::Reduction::Mean, 0.1);
    step.log("latent-mse", mse), step.log("smooth-l1", robust);
    Tensor total = mse + 0.5 * robust;
    if (options_.adversarial > 0) {
      const Tensor picture = vae_->decode(x0 / vae_->config.scaling_factor).to(torch::kFloat32);
      shown_ = seen(roughened(picture, step, "student/rough"));
      const double share = std::clamp(static_cast<double>(step.step - options_.alone) / 100.0, 0.0, 1.0);
      const Tensor verdict = Hinge{}.student(judged(shown_)).mean();
      step.log("adversarial", verdict);
      total = total + share * options_.adversarial * verdict;
    }
    return total;
  }
  Tensor adversary_loss(const PretrainStep& step) override {
    const Autocast autocast(settings_.dtype == "bfloat16", device_.type());
    const Tensor indices = step.stream("student/real").integers(0, real_.size(0), {step.batch_size});
    std::vector<Tensor> real, shown;
    {
      torch::NoGradGuard no_grad;
      real = seen(roughened(real_.index_select(0, indices).to(device_, torch::kFloat32), step, "student/rough-real"));
    }
    for (const Tensor& tokens : shown_) shown.push_back(tokens.detach());
    const Tensor loss = 0.5 * (Hinge{}.real(judged(real)) + Hinge{}.fake(judged(shown))).mean();
    step.log("judge", loss);
    return loss;
  }
  void save() const override {
    unet_->save_pretrained(settings_.models / "student" / "unet");
    write_json(settings_.models / "student" / "scheduler" / "scheduler_config.json",
               mini_scheduler("EulerDiscreteScheduler"));
  }
  Tensor sheet() override {
    const Tensor x0 = one_step(sheet_noise_, text_->forward(tokenizer_(sheet_prompts()).to(device_)));
    return preview_grid(vae_->decode(x0 / vae_->config.scaling_factor).cpu(), 8, sheet_prompts(), "student, one step");
  }

 private:
  static const std::vector<std::int64_t>& layers() {
    static const std::vector<std::int64_t> chosen{0, 2};
    return chosen;
  }
  /// x0 of the noisiest timestep's latent: the student's scheduler begins there, with noise of the schedule's largest
  /// sigma.
  Tensor one_step(const Tensor& noise, const Tensor& condition) const {
    const Tensor t =
        at::full({noise.size(0)}, diffusion_.steps() - 1, torch::TensorOptions().dtype(torch::kInt64).device(device_));
    const Tensor a = diffusion_.alpha_bar(
        t);  // the scheduler scales x = sigma noise by 1 / sqrt(sigma^2 + 1): sqrt(1 - alpha_bar) noise
    const Tensor x = noise * per_sample((1 - a).sqrt(), noise);
    return diffusion_.predicted_x0(x, unet_->forward(x, t, condition).to(torch::kFloat32), t);
  }
  std::int64_t patches() const {
    const std::int64_t side = settings_.resolution / dino_->config.patch_size;
    return side * side;
  }
  /// The patch tokens that the critic judges.  [B, 3, H, W] -> [B, patches, width] for each layer
  std::vector<Tensor> seen(const Tensor& picture) const {
    auto tokens = dino_->forward_intermediates(normalised_for<Dino>(picture), layers());
    for (auto& t : tokens) t = t.narrow(1, t.size(1) - patches(), patches()).to(torch::kFloat32);
    return tokens;
  }
  /// What the heads say of every patch of every layer.  -> [B, layers * patches]
  Tensor judged(const std::vector<Tensor>& tokens) const {
    std::vector<Tensor> logits;
    for (std::size_t i = 0; i < judges_.size(); ++i)
      logits.push_back(judges_[i]->forward(normalised_tokens(tokens[i])).flatten(1));
    return at::cat(logits, 1).to(torch::kFloat32);
  }
  /// Real sprites as the VAE shows them: a critic that saw them plain would only learn to tell the VAE.
  void show_real(const Random& random) {
    torch::NoGradGuard no_grad;
    std::vector<Tensor> parts;
    for (std::int64_t first = 0; first < std::max<std::int64_t>(1, options_.pairs / 2); first += 100) {
      const Tensor plain =
          render_batch(sample_sprites(100, random.stream("student/real-sprites", first), settings_.edition()))
              .to(device_);
      parts.push_back(vae_->decode(vae_->encode(plain).mean).cpu().to(torch::kFloat16));
    }
    real_ = at::cat(parts);
  }
  /// (noise, the teacher's picture, caption) for many captions, kept in a file.
  void make_pairs(const std::filesystem::path& file, const Random& random) {
    if (std::filesystem::exists(file)) {
      const Tensors saved = SafeTensors(file).tensors();
      if (saved.at("noise").size(0) == options_.pairs) {
        noise_ = saved.at("noise"), latent_ = saved.at("latent"), ids_ = saved.at("ids");
        return;
      }
    }
    torch::NoGradGuard no_grad;
    const Tensor null_condition = text_->forward(tokenizer_({""}).to(device_));
    const std::int64_t side = settings_.resolution / vae_->downscale();
    std::vector<Tensor> noise, latent, ids;
    Progress progress("pairs", options_.pairs);
    for (std::int64_t first = 0; first < options_.pairs; first += 50) {
      const std::int64_t count = std::min<std::int64_t>(50, options_.pairs - first);
      const auto captions =
          sample_captions(sample_sprites(count, random.stream("pairs/sprites", first), settings_.edition()),
                          random.stream("pairs/captions", first));
      ids.push_back(tokenizer_(captions));
      noise.push_back(random.stream("pairs/noise", first).normal({count, vae_->config.latent_channels, side, side}));
      const Autocast autocast(settings_.dtype == "bfloat16", device_.type());
      latent.push_back(sample_multistep(unet_, noise.back().to(device_), text_->forward(ids.back().to(device_)),
                                        null_condition, options_.guidance, options_.teacher_steps)
                           .cpu()
                           .to(torch::kFloat16));
      noise.back() = noise.back().to(torch::kFloat16);
      progress.update(first + count);
    }
    noise_ = at::cat(noise), latent_ = at::cat(latent), ids_ = at::cat(ids);
    save_safetensors(file, {{"noise", noise_}, {"latent", latent_}, {"ids", ids_}});
  }

  StudentPretraining options_;
  PretrainSettings settings_;
  torch::Device device_;
  ClipTokenizer tokenizer_;
  std::shared_ptr<AutoencoderKL> vae_;
  std::shared_ptr<CLIPTextModel> text_;
  std::shared_ptr<UNet2DConditionModel> unet_;
  std::shared_ptr<VisionTransformer> dino_;
  std::vector<std::shared_ptr<HeadNetwork>> judges_;
  Diffusion diffusion_;
  Tensor noise_, latent_, ids_, real_, sheet_noise_;
  std::vector<Tensor> shown_;  // of this update's x0, with gradient
};

}  // namespace detail

inline std::unique_ptr<Pretraining> StudentPretraining::build(const PretrainSettings& settings) const {
  return std::make_unique<detail::StudentTask>(*this, settings);
}

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::StudentPretraining, pairs, teacher_steps, alone, guidance, adversarial);
