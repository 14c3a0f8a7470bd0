// A recorded run of the released trainer, replayed under the preset Release: hyper.json says what was run, trace/ holds
// every draw and every intermediate result. Each iteration starts from this program's own previous result.
#include <numeric>

#include <opad/adapter/full_weights.hpp>
#include <opad/loss/pixel_mse.hpp>
#include <opad/real/teacher_answers.hpp>
#include <opad/recipe/presets/all.hpp>
#include <opad/space/backbones_of.hpp>
#include <opad/target/grid.hpp>
#include <opad/train/method_of.hpp>
#include <opad/train/trainer.hpp>
#include <opad/weighting/uniform.hpp>

#include "parity.hpp"

using namespace opad;

namespace {

/// What hyper.json says. Anything in it that is not understood is an error.
struct Hyper {
  std::filesystem::path models;
  std::string freeze_model, modifier_token, initializer_token;
  std::vector<std::string> losses, discriminators;
  double weight_latent = 1, weight_pixel = 1, weight_identity = 1, weight_msswd = 0.1;
  std::vector<double> weight_adversarial;
  bool timestep_weighting = true, teacher_is_real = false;
  double guidance = 7.5, max_grad_norm = 1;
  std::int64_t student_steps = 1, levels = 5, steps = 3;
  std::vector<std::int64_t> grid;  // empty: random time steps; else points and most steps
  AdamW teacher, student, heads;

  Hyper(const Json& json, const std::filesystem::path& folder) : models(folder / json.value("models", "models")) {
    const std::string where = (folder / "hyper.json").string();
    // what only says where the recorded tensors come from
    const std::set<std::string> told_by_the_trace{"what",
                                                  "seed",
                                                  "resolution",
                                                  "batch",
                                                  "lr_batch_factor",
                                                  "instance_prompt",
                                                  "hflip",
                                                  "augmentation",
                                                  "prior_preservation",
                                                  "prior_loss_weight_used",
                                                  "msswd_projections",
                                                  "msswd_patch",
                                                  "head_hidden",
                                                  "head_layers",
                                                  "identity_tokens",
                                                  "identity_token_width",
                                                  "initializer_row"};
    const std::set<std::string> read{"models",         "freeze_model",
                                     "modifier_token", "initializer_token",
                                     "losses",         "discriminators",
                                     "loss_weights",   "timestep_weighting",
                                     "disc_real",      "teacher_guidance_scale",
                                     "max_grad_norm",  "student_steps",
                                     "msswd_levels",   "max_train_steps",
                                     "grid",           "target",
                                     "adamw",          "lr_teacher",
                                     "lr_student",     "lr_heads",
                                     "lr_schedule",    "prediction_type_teacher",
                                     "identity_pixels"};
    for (const auto& [key, value] : json.items())
      require(told_by_the_trace.contains(key) || read.contains(key) || key.starts_with("class_") ||
                  key.starts_with("prior_") || value.is_null() || value == false,
              where, ": '", key, "': ", value.dump(), " is not known to this replay");
    freeze_model = json.at("freeze_model");
    modifier_token = json.at("modifier_token"), initializer_token = json.at("initializer_token");
    losses = json.at("losses").get<std::vector<std::string>>(),
    discriminators = json.at("discriminators").get<std::vector<std::string>>();
    for (const auto& name : losses)
      require(name == "latent" || name == "pixel" || name == "identity" || name == "msswd", where, ": the loss '", name,
              "' is not known to this replay");
    const Json& weights = json.at("loss_weights");
    for (const auto& [name, value] : weights.items())
      require(name == "latent" || name == "pixel" || name == "identity" || name == "msswd" || name == "adversarial",
              where, ": the loss weight '", name, "' is not known");
    weight_latent = weights.value("latent", 1.0), weight_pixel = weights.value("pixel", 1.0);
    weight_identity = weights.value("identity", 1.0), weight_msswd = weights.value("msswd", 0.1);
    weight_adversarial = weights.value("adversarial", std::vector<double>(discriminators.size(), 1.0));
    require(weight_adversarial.size() == discriminators.size(), where,
            ": loss_weights.adversarial must have a number for each discriminator");
    timestep_weighting = json.at("timestep_weighting");
    const std::string real = json.value("disc_real", "training images");
    teacher_is_real = real.find("teacher") != real.npos;
    require(teacher_is_real || real == "training images", where, ": disc_real '", real,
            "' is not known to this replay");
    guidance = json.at("teacher_guidance_scale"), max_grad_norm = json.at("max_grad_norm");
    student_steps = json.at("student_steps"), levels = json.value("msswd_levels", 5),
    steps = json.at("max_train_steps");
    if (json.contains("grid") && !json.at("grid").is_null()) grid = json.at("grid").get<std::vector<std::int64_t>>();
    require(grid.empty() || grid.size() == 2, where, ": grid must be [points, steps]");
    const Json& adamw = json.at("adamw");
    const auto optimiser = [&](const char* rate) {
      return AdamW{.learning_rate = json.at(rate),
                   .beta1 = adamw.at("betas").at(0),
                   .beta2 = adamw.at("betas").at(1),
                   .eps = adamw.at("eps"),
                   .weight_decay = adamw.at("weight_decay")};
    };
    teacher = optimiser("lr_teacher"), student = optimiser("lr_student"), heads = optimiser("lr_heads");
    require(json.value("lr_schedule", "constant") == "constant", where, ": lr_schedule '",
            json.value("lr_schedule", ""), "' is not known to this replay");
  }
  bool has_loss(const std::string& name) const { return std::find(losses.begin(), losses.end(), name) != losses.end(); }
  /// Which discriminator looks through a backbone; -1: none does.
  std::int64_t which(std::string_view backbone) const {
    for (std::size_t i = 0; i < discriminators.size(); ++i) {
      const std::string& d = discriminators[i];
      const std::string_view is = d == "identity"              ? IdentityEncoder::name
                                  : d.find("dinov2") != d.npos ? DinoV2::name
                                                               : Dino::name;
      require(d == "identity" || d.find("dino") != d.npos, "the discriminator '", d, "' is not known to this replay");
      if (is == backbone) return static_cast<std::int64_t>(i);
    }
    return -1;
  }
};

// ---- the slots that a recipe fixes by type, chosen at run time; what is off has weight 0 ----

struct RecordedTarget {
  static constexpr std::string_view name = "recorded";
  static constexpr bool needs_teacher = true, clean = false;
  std::vector<std::int64_t> grid;
  double guidance = 7.5;
  template <class Draws>
  Tensor timestep(const Question& q, const Draws& draws) const {
    return grid.empty() ? RandomStep{guidance}.timestep(q, draws)
                        : GridSteps{grid[0], grid[1], guidance}.timestep(q, draws);
  }
  Tensor latent(const Question& q, const Tensor& timestep) const {
    return grid.empty() ? RandomStep{guidance}.latent(q, timestep)
                        : GridSteps{grid[0], grid[1], guidance}.latent(q, timestep);
  }
};

struct RecordedAdapter {
  static constexpr std::string_view name = "recorded";
  std::string freeze_model;
  NamedTensors install(UNet2DConditionModel& unet) const {
    if (freeze_model == "crossattn_kv") return CustomDiffusion<KeyValue>{}.install(unet);
    if (freeze_model == "crossattn") return CustomDiffusion<QueryKeyValueOut>{}.install(unet);
    require(freeze_model == "none" || freeze_model == "all" || freeze_model == "full", "freeze_model '", freeze_model,
            "' is not known to this replay");
    return FullWeights{}.install(unet);
  }
  void save(UNet2DConditionModel&, const std::filesystem::path&) const {}
  void load(UNet2DConditionModel&, const std::filesystem::path&) const {}
  void merge(UNet2DConditionModel&) const {}
};

struct RecordedHead {
  static constexpr std::string_view name = "recorded";
  std::int64_t hidden = 0;  // 0: one linear layer
  std::shared_ptr<HeadNetwork> build(std::int64_t tokens, std::int64_t width, std::int64_t outputs,
                                     Stream& stream) const {
    if (hidden == 0) return Linear{}.build(tokens, width, outputs, stream);
    return Mlp{.hidden = hidden}.build(tokens, width, outputs, stream);
  }
};

struct RecordedMsSwd : MsSwd {
  using space = Pixel;
  std::shared_ptr<std::vector<Tensor>> recorded;
  Tensor operator()(const Tensor& student, const Tensor& target) const { return distance(student, target, *recorded); }
};

struct RecordedWeighting {
  static constexpr std::string_view name = "recorded";
  bool on = true;
  Tensor operator()(const Tensor& alpha_bar) const { return on ? AlphaBar{}(alpha_bar) : Uniform{}(alpha_bar); }
};

template <class Real>
struct Recorded : Release {
  static auto losses() {
    return loss_list(LatentMse{}, PixelMse{}, In<Seen<IdentityEncoder, Bilinear>, Identity>{}, RecordedMsSwd{});
  }
  static auto weighting() { return RecordedWeighting{}; }
  static auto critics() {
    return critic_list(
        Critic{.eye = Seen<Dino, Area>{}, .head = RecordedHead{}, .objective = CrossEntropy{}},
        Critic{.eye = Seen<DinoV2, Area>{}, .head = RecordedHead{}, .objective = CrossEntropy{}},
        Critic{.eye = Seen<IdentityEncoder, Area>{}, .head = RecordedHead{}, .objective = CrossEntropy{}});
  }
  static auto real() { return Real{}; }
  static auto target() { return RecordedTarget{}; }
  static auto teacher_adapter() { return RecordedAdapter{}; }
  static auto student_adapter() { return RecordedAdapter{}; }
};

/// A network for an eye that the recorded run did not have: it is looked through, but counts nothing.
template <class B>
std::shared_ptr<typename B::Network> stand_in() {
  if constexpr (std::same_as<B, IdentityEncoder>) {
    CLIPVisionConfig config;
    config.hidden_size = config.intermediate_size = config.projection_dim = 8;
    config.num_hidden_layers = 1, config.num_attention_heads = 1, config.patch_size = 112;
    auto network = std::make_shared<IdentityNetwork>(std::make_shared<CLIPVisionModelWithProjection>(config),
                                                     std::make_shared<ImageProjModel>(8, 1, 8));
    fill_random(*network, Random(0));
    return network;
  } else {
    VisionTransformerConfig config;
    config.img_size = {28, 28}, config.patch_size = 14, config.embed_dim = 8, config.depth = 1, config.num_heads = 1;
    auto network = std::make_shared<VisionTransformer>(config);
    fill_random(*network, Random(0));
    return network;
  }
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, '+');) words.push_back(word);
  return words;
}

/// How close a recorded tensor must be met, relative to its largest magnitude (README of the fixture).
double tolerance(const std::string& name) {
  if (name.ends_with("grad_norm") || name.ends_with("norm_before_masking")) return 2e-4;
  if (name == "student.grad_image") return 2e-2;
  if (name.find(".grad.") != name.npos || name == "student.grad_x0") return 5e-3;
  return 5e-5;
}

/// An updated parameter. AdamW divides a gradient by its own size, so where that is nearly 0 rounding decides about the
/// whole step: elements whose gradient has ever been so (`shaky`: below a thousandth of the largest, but not 0) may be
/// off by `moved`, all steps there and back.
void compare_update(parity::Report& report, const std::string& label, const std::string& name, const Tensor& got,
                    const Tensor& want, const Tensor& gradient, Tensor& shaky, double moved) {
  const Tensor size = gradient.abs().reshape(-1), now = (size > 0).logical_and(size < 1e-3 * size.max());
  shaky = shaky.defined() ? shaky.logical_or(now) : now;
  const Tensor error = (got.detach().to(torch::kFloat64) - want.to(torch::kFloat64)).abs().reshape(-1);
  const double firm = error.masked_fill(shaky, 0).max().item<double>(), worst = error.max().item<double>();
  char text[120];
  std::snprintf(text, sizeof text, "error %.2e, %.3f of the tolerance; %.2e where the gradient is nearly 0", firm,
                firm / 2e-6, worst);
  report.check(label + name, firm <= 2e-6 && worst <= 2e-6 + moved, text);
}

void compare(parity::Report& report, const std::string& label, const std::string& name, const Tensor& got,
             const Tensor& want) {
  const Tensor g = got.detach().to(torch::kFloat64).reshape(-1), w = want.to(torch::kFloat64).reshape(-1);
  if (g.sizes() != w.sizes())
    return report.check(label + name, false, c10::str("shape ", got.sizes(), " instead of ", want.sizes()));
  const double largest = w.abs().max().item<double>(), bound = tolerance(name) * std::max(largest, 1e-30);
  const double error = (g - w).abs().max().item<double>();
  char text[120];
  std::snprintf(text, sizeof text, "error %.2e, largest %.2e, %.3f of the tolerance", error, largest, error / bound);
  report.check(label + name, std::isfinite(error) && error <= bound, text);
}

/// Replays with the kind of real pictures that the run had.
template <class Real>
class Replay {
  using Recipe = Recorded<Real>;

 public:
  Replay(const parity::Case& c, parity::Report& report)
      : hyper_(c.json, c.folder),
        folder_(c.folder),
        report_(report) {}

  void run() {
    start_ = SafeTensors(folder_ / "trace" / "start.safetensors").tensors();
    World world = World::load(parts_of_training(hyper_.models / "teacher", hyper_.models / "student", true, false));
    Policies<Recipe> slots = policies();
    put_encoders(world, slots);
    const auto tokens = split(hyper_.modifier_token), words = split(hyper_.initializer_token);
    std::vector<std::int64_t> ids;
    for (const auto& word : words) ids.push_back(slots.tokens.initial_id(world.tokenizer, word));
    const auto rows = std::make_shared<TokenRows>(
        TokenRows::from_ids(world.tokenizer, world.text_encoder->token_table(), tokens, ids));
    trainer_.emplace(world, method_of(slots), rows, Random(0),
                     TrainerOptions{.steps = hyper_.steps, .max_grad_norm = hyper_.max_grad_norm});
    trainer_->observe([this](const std::string& name, const Tensor& value) { observe(name, value); });

    begin(world);
    for (std::int64_t step = 1; step <= hyper_.steps; ++step) iterate(world, step);
  }

 private:
  Policies<Recipe> policies() {
    Policies<Recipe> slots;
    const auto weight = [&](const char* name, double value) { return hyper_.has_loss(name) ? value : 0.0; };
    auto& terms = slots.losses.terms;
    terms[hana::size_c<0>].weight = weight("latent", hyper_.weight_latent),
    terms[hana::size_c<1>].weight = weight("pixel", hyper_.weight_pixel);
    terms[hana::size_c<2>].weight = weight("identity", hyper_.weight_identity),
    terms[hana::size_c<3>].weight = weight("msswd", hyper_.weight_msswd);
    projections_ = std::make_shared<std::vector<Tensor>>(1, torch::ones({1, 3, 1, 1}));
    terms[hana::size_c<3>].recorded = projections_;
    hana::for_each(slots.critics.critics, [&](auto& critic) {
      const std::int64_t i = hyper_.which(critic.name);
      critic.weight = i < 0 ? 0.0 : hyper_.weight_adversarial[static_cast<std::size_t>(i)];
      if (i >= 0 && start_.contains(c10::str("disc.", i, ".head.2.weight")))
        critic.head.hidden = start_.at(c10::str("disc.", i, ".head.0.weight")).size(0);
    });
    slots.weighting.on = hyper_.timestep_weighting;
    slots.target = {hyper_.grid, hyper_.guidance};
    slots.teacher_adapter = slots.student_adapter = {hyper_.freeze_model};
    slots.sampler.steps = hyper_.student_steps;
    slots.token_optimiser = slots.teacher_optimiser = hyper_.teacher, slots.student_optimiser = hyper_.student,
    slots.critic_optimiser = hyper_.heads;
    return slots;
  }

  void put_encoders(World& world, const Policies<Recipe>& slots) const {
    for_each_backbone(viewers(slots), [&](auto backbone) {
      using B = typename decltype(backbone)::type;
      const std::int64_t i = hyper_.which(B::name);
      const bool identity = std::same_as<B, IdentityEncoder>,
                 wanted = i >= 0 || (identity && hyper_.has_loss("identity"));
      const auto folder = identity ? hyper_.models
                          : i >= 0 ? hyper_.models / hyper_.discriminators[static_cast<std::size_t>(i)]
                                   : std::filesystem::path();
      world.networks.template put<B>(wanted ? B::load(folder) : stand_in<B>());
    });
  }

  /// The recorded heads are put in; everything else that training starts from must be equal to the record already.
  void begin(World& world) {
    torch::NoGradGuard no_grad;
    compare(report_, "start ", "null_embeds", trainer_->null_condition(), start_.at("null_embeds"));
    compare(report_, "start ", "token_table", table(), start_.at("token_table"));
    const Tensor ids = start_.at("modifier_token_ids");
    report_.check("start modifier_token_ids", ids[0].item<std::int64_t>() == trainer_->rows().first_id() &&
                                                  ids.numel() == trainer_->rows().rows().size(0));
    const Tensors state = trainer_->state();
    for (const auto& [name, want] : start_) {
      const auto dot = name.find('.');
      if (name.starts_with("teacher.") || name.starts_with("student.")) {
        const auto found = state.find(name.substr(0, dot) + ".value" + name.substr(dot));
        if (found == state.end()) report_.check("start " + name, false, "nothing trains under this name");
        else compare(report_, "start ", name, found->second, want);
      } else if (name.find(".head.") != name.npos) {
        Tensor(state.at(head_state(name, ".head."))).copy_(want);
      }
    }
    (void)world;
  }

  /// "disc.1.after.0.weight" -> "critic.dinov2.value.0.weight"
  std::string head_state(const std::string& name, const std::string& between) const {
    return "critic." + critic_name(name[5] - '0') + ".value." + name.substr(name.find(between) + between.size());
  }
  std::string critic_name(std::int64_t which) const {
    for (const std::string_view name : {Dino::name, DinoV2::name, IdentityEncoder::name})
      if (hyper_.which(name) == which) return std::string(name);
    fail("the record has a discriminator ", which, ", hyper.json has not");
  }
  /// The known rows and the new ones, as one table.
  Tensor table() const {
    return at::cat({trainer_->state().at("teacher.value.token_table"), trainer_->rows().rows().detach()});
  }

  void observe(const std::string& name, const Tensor& value) {
    notes_[name].push_back(value.detach().clone());
    if (!value.requires_grad()) return;
    if (name == "student.latent" || name == "student.image" || name == "words")
      value.register_hook([this, name](const Tensor& gradient) { gradients_[name] = gradient.detach().clone(); });
  }
  Tensor note(const std::string& name, std::size_t which = 0) const {
    const auto found = notes_.find(name);
    require(found != notes_.end() && which < found->second.size(), "the trainer reported no '", name, "' number ",
            which);
    return found->second[which];
  }

  void iterate(World& world, std::int64_t step) {
    char file[40];
    std::snprintf(file, sizeof file, "step_%03d.safetensors", static_cast<int>(step));
    const SafeTensors record(folder_ / "trace" / file);
    trace_ = record.tensors();
    const Batch batch{trace_.at("batch.images"), trace_.at("batch.mask"),
                      Json::parse(record.metadata().at("prompts")).get<std::vector<std::string>>(),
                      trace_.at("batch.images")};
    const std::string label = c10::str("step ", step, " ");
    report_.check(label + "batch.input_ids", at::equal(world.tokenizer(batch.prompts), trace_.at("batch.input_ids")));
    Tensors draws{{"noise", trace_.at("z")},
                  {"teacher/posterior", trace_.at("teacher.posterior_noise")},
                  {"teacher/timestep", trace_.at("teacher.t")},
                  {"target/timestep", trace_.at("target.t")}};
    if (!hyper_.grid.empty()) draws["target/grid-start"] = grid_start(world);
    if (hyper_.has_loss("msswd")) {
      projections_->clear();
      for (std::int64_t level = 0; level < hyper_.levels; ++level)
        projections_->push_back(trace_.at(c10::str("msswd.projections.", level)));
    }
    notes_.clear(), gradients_.clear();
    metrics_.clear();
    for (const auto& [name, value] : trainer_->iterate(step - 1, {batch}, &draws)) metrics_[name] = value;
    state_ = trainer_->state();
    for (const auto& [name, want] : trace_) {
      if (is_input(name)) continue;
      try {
        if (const auto after = name.find(".after."); after != name.npos) {
          const AdamW& optimiser = name.starts_with("disc.")      ? hyper_.heads
                                   : name.starts_with("student.") ? hyper_.student
                                                                  : hyper_.teacher;
          compare_update(report_, label, name, result(name), want,
                         trace_.at(std::string(name).replace(after, 7, ".grad.")), shaky_[name],
                         2 * optimiser.learning_rate * static_cast<double>(step));
        } else {
          compare(report_, label, name, result(name), want);
        }
      } catch (const Error& error) { report_.check(label + name, false, error.what()); }
    }
  }

  Tensor grid_start(const World& world) const {
    const auto timesteps = Ddim(world.teacher_scheduler, hyper_.grid[0]).timesteps();
    const auto found = std::find(timesteps.begin(), timesteps.end(), trace_.at("target.t")[0].template item<double>());
    require(found != timesteps.end(), "target.t is no point of the grid");
    return torch::tensor({static_cast<std::int64_t>(found - timesteps.begin())}, torch::kInt64);
  }

  static bool is_input(const std::string& name) {
    return name.starts_with("rng.") || name.starts_with("batch.") || name.starts_with("msswd.projections.") ||
           name == "z" || name == "teacher.posterior_noise" || name == "teacher.t";
  }

  /// What this program has for a recorded tensor.
  Tensor result(const std::string& name) const {
    static const std::map<std::string, std::string> noted{{"c", "c"},
                                                          {"teacher.posterior_mean", "real.posterior_mean"},
                                                          {"teacher.posterior_logvar", "real.posterior_logvar"},
                                                          {"teacher.u", "denoising.latent"},
                                                          {"teacher.u_t", "denoising.noisy"},
                                                          {"teacher.pred", "denoising.prediction"},
                                                          {"teacher.target", "denoising.wanted"},
                                                          {"student.x0", "student.latent"},
                                                          {"student.image", "student.image"},
                                                          {"target.t", "target.t"},
                                                          {"target.omega", "target.omega"},
                                                          {"target.y0", "target.latent"},
                                                          {"target.y", "target.image"},
                                                          {"student.ipadapter.tokens_student", "loss.identity.student"},
                                                          {"student.ipadapter.tokens_target", "loss.identity.target"}};
    static const std::map<std::string, std::string> logged{{"teacher.loss", "teacher"},
                                                           {"teacher.grad_norm", "gradient-norm.teacher"},
                                                           {"student.total", "student"},
                                                           {"student.grad_norm", "gradient-norm.student"}};
    if (const auto found = noted.find(name); found != noted.end()) return note(found->second);
    if (const auto found = logged.find(name); found != logged.end()) return metrics_.at(found->second);
    if (name == "student.grad_x0") return gradient("student.latent");
    if (name == "student.grad_image") return gradient("student.image");
    if (name == "teacher.token_grad_norm_before_masking") return table_gradient().norm();
    if (name == "teacher.grad.token_table") {  // the recorded script zeroes the known rows
      const Tensor rows = note("teacher.grad.token_rows");
      return at::cat({torch::zeros({trainer_->rows().first_id(), rows.size(1)}), rows});
    }
    if (name == "teacher.after.token_table") return table();
    if (name.starts_with("disc.")) return of_critic(name);
    if (name.starts_with("student.gan.")) {
      const std::string critic = critic_name(name[12] - '0');
      return name.ends_with(".logits") ? note("critic." + critic + ".student") : metrics_.at("adversarial." + critic);
    }
    if (name.starts_with("msswd.level.")) {
      const auto levels = MsSwd::level_distances(note("student.image"), note("target.image"), *projections_);
      return levels.at(std::stoul(name.substr(12)));
    }
    for (const auto& [recorded, own] :
         {std::pair<std::string, std::string>{"student.mse.", hyper_.has_loss("pixel") ? "pixel-mse" : "latent-mse"},
          {"student.ipadapter.", "identity"},
          {"student.MSSWD.", "ms-swd"}}) {
      if (name == recorded + "per_sample") return note("loss." + own + ".per_sample");
      if (name == recorded + "weighted") return note("loss." + own + ".per_sample") * note("target.omega");
      if (name == recorded + "loss") return metrics_.at(own);
    }
    for (const std::string actor : {"teacher", "student"}) {
      if (name.starts_with(actor + ".grad.")) return note(name);
      if (name.starts_with(actor + ".after.")) return state(actor + ".value." + name.substr(actor.size() + 7));
    }
    return of_pass(name);
  }

  Tensor of_critic(const std::string& name) const {
    const std::string critic = critic_name(name[5] - '0'), what = name.substr(7), noted = "critic." + critic;
    if (what == "logits_real") return note(noted + ".real");
    if (what == "logits_fake") return note(noted + ".fake");
    if (what == "loss") return metrics_.at(noted);
    if (what == "loss_real") {
      const Tensor losses = CrossEntropy{}.real(note(noted + ".real"));
      return (hyper_.teacher_is_real ? losses * note("target.omega") : losses).mean();
    }
    if (what == "loss_fake") return CrossEntropy{}.fake(note(noted + ".fake")).mean();
    if (what == "norm_seen_by_clip")
      return torch::zeros({});  // the script clips before there are gradients; heads are not clipped here
    if (what.starts_with("grad.")) return note(noted + "." + what);
    if (what.starts_with("after.")) return state(head_state(name, ".after."));
    fail("nothing here answers to it");
  }

  /// "student.eps.1", "target.noisy.0", ...: what went through a U-Net, by the number of the pass.
  Tensor of_pass(const std::string& name) const {
    const auto dot = name.rfind('.');
    const std::string what = name.substr(0, dot);
    const auto k = static_cast<std::size_t>(std::atoi(name.c_str() + dot + 1)),
               asked = k + 1;  // the teacher's first pass is its own step
    if (what == "student.unet_in") return note("student-unet.latent", k);
    if (what == "student.unet_t") return note("student-unet.timestep", k)[0];
    if (what == "student.eps") return note("student-unet.prediction", k);
    if (what == "target.noisy") return note("teacher-unet.latent", asked).chunk(2)[0];
    if (what == "target.unet_t") {
      const Tensor t = note("teacher-unet.timestep", asked);
      return trace_.at(name).dim() == 0 ? t[0] : t.narrow(0, 0, trace_.at(name).numel());
    }
    if (what == "target.pred_uncond") return note("teacher-unet.prediction", asked).chunk(2)[0];
    if (what == "target.pred_cond") return note("teacher-unet.prediction", asked).chunk(2)[1];
    fail("nothing here answers to it");
  }

  Tensor gradient(const std::string& name) const {
    const auto found = gradients_.find(name);
    require(found != gradients_.end(), "no gradient reached '", name, "'");
    return found->second;
  }
  /// Of the whole table, from that of the words of the batch.
  Tensor table_gradient() const {
    const Tensor words = gradient("words");
    return torch::zeros({start_.at("token_table").size(0), words.size(2)})
        .index_add(0, trace_.at("batch.input_ids").flatten(), words.flatten(0, 1));
  }
  Tensor state(const std::string& name) const {
    const auto found = state_.find(name);
    require(found != state_.end(), "nothing trains under the name ", name);
    return found->second;
  }

  Hyper hyper_;
  std::filesystem::path folder_;
  parity::Report& report_;
  Tensors start_, trace_, state_;
  std::shared_ptr<std::vector<Tensor>> projections_;
  std::optional<Trainer> trainer_;
  std::map<std::string, std::vector<Tensor>> notes_;
  std::map<std::string, Tensor> gradients_, metrics_, shaky_;
};

void run(const parity::Case& c, parity::Report& report) {
  if (Hyper(c.json, c.folder).teacher_is_real) Replay<TeacherAnswers>(c, report).run();
  else Replay<Photographs>(c, report).run();
}

const parity::Family family{"release_step", run};

}  // namespace
