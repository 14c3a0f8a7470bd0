#pragma once
#include <opad/adapter/textual_inversion.hpp>
#include <opad/data/concept_dataset.hpp>
#include <opad/sampler/euler.hpp>
#include <opad/target/target.hpp>
#include <opad/train/iteration.hpp>
#include <opad/train/recipe.hpp>
#include <opad/train/world.hpp>

namespace opad {

/// Named scalars of one iteration, in the order in which they were computed.
using Metrics = std::vector<std::pair<std::string, Tensor>>;

/// What a trainer needs to know beside the recipe.
struct TrainerOptions {
  std::int64_t steps = 1000;        // iterations of the whole run; the coupling and the learning rate are functions of it
  std::int64_t accumulation = 1;    // micro-batches whose gradients are averaged before each update
  double max_grad_norm = 1.0;       // global norm that the gradients of teacher and student are clipped to
};

/// Trains teacher, student and critics as the recipe says (method.md §4). An iteration is a pure function of (seed, iteration, state):
/// everything random comes from named streams, so state() and the iteration's number are all that a resumed run needs.
template <class Recipe>
class Trainer {
 public:
  using Slots = Policies<Recipe>;
  using Table = Iteration<true>;
  /// Called with intermediate results while training, for tests against recorded runs.
  using Observer = std::function<void(const std::string& name, const Tensor& value)>;

  Trainer(World& world, const Slots& slots, std::shared_ptr<TokenRows> rows, const Random& random, const TrainerOptions& options)
      : world_(world),
        slots_(slots),
        options_(options),
        random_(random),
        rows_(std::move(rows)),
        teacher_{"teacher-unet", world.teacher, Diffusion(world.teacher_scheduler), &world.networks.passes()},
        student_{"student-unet", world.student, Diffusion(world.student_scheduler), &world.networks.passes()},
        critics_(slots.critics.build(random, [&](auto space) { return example(space); })) {
    require(options.steps > 0 && options.accumulation > 0 && options.max_grad_norm > 0, "Trainer: ", options.steps, " steps, accumulation ",
            options.accumulation, ", max gradient norm ", options.max_grad_norm, "; give positive numbers");
    {
      torch::NoGradGuard no_grad;
      null_condition_ = encode(world.tokenizer({""}));
    }
    if constexpr (Slots::Coupling::trains_teacher) {
      NamedTensors parameters{{"token_rows", rows_->rows()}};
      for (auto& p : slots.adapter.install(*world.teacher)) parameters.push_back(p);
      teacher_optimiser_.emplace(slots.teacher_optimiser, parameters);
    }
    student_optimiser_.emplace(slots.student_optimiser, slots.adapter.install(*world.student));
    hana::for_each(critics_, [&](const auto& critic) {
      critic_optimisers_.emplace_back(critic.name(), AdamW::State(slots.critic_optimiser, critic.parameters()));
    });
  }

  /// Runs one iteration, counted from 0. `batches` holds one batch for each micro-step.
  Metrics iterate(std::int64_t iteration, const std::vector<Batch>& batches, const Tensors* given_draws = nullptr) {
    require(static_cast<std::int64_t>(batches.size()) == options_.accumulation, "Trainer: ", batches.size(), " batches for ", options_.accumulation,
            " micro-steps");
    metrics_.clear();
    const Moves moves = slots_.coupling(iteration, options_.steps);
    const double rate = slots_.learning_rate(iteration, options_.steps);
    std::vector<MicroStep> steps;
    for (std::size_t k = 0; k < batches.size(); ++k) steps.push_back(prepare(iteration, static_cast<std::int64_t>(k), moves, batches[k], given_draws));

    if (moves.teacher) {
      for (auto& step : steps) backward(teacher_loss(step));
      update(*teacher_optimiser_, "teacher", rate);
    }
    for (auto& step : steps) step.condition = step.condition.detach();  // the shared text encoder learns from the teacher's step only
    if (moves.student) {
      for (auto& step : steps) backward(student_loss(step));
      update(*student_optimiser_, "student", rate);
    }
    if (moves.student && moves.critics) critics_step(steps, rate);
    return std::move(metrics_);
  }

  /// Every trained tensor and every moment, by name; they alias the trainer's own. load_state copies into them.
  Tensors state() const {
    Tensors out;
    const auto add = [&](const std::string& prefix, const Tensors& tensors) {
      for (const auto& [name, t] : tensors) out[prefix + "." + name] = t;
    };
    if (teacher_optimiser_) add("teacher", teacher_optimiser_->state());
    add("student", student_optimiser_->state());
    for (const auto& critic : critic_optimisers_) add("critic." + critic.first, critic.second.state());
    return out;
  }
  void load_state(const Tensors& saved, const std::string& where) {
    torch::NoGradGuard no_grad;
    for (auto& [name, own] : state()) {
      const auto found = saved.find(name);
      require(found != saved.end() && found->second.sizes() == own.sizes(), where, ": the checkpoint has no '", name, "' of shape ", own.sizes(),
              "; was it written by another recipe?");
      Tensor(own).copy_(found->second);
    }
  }

  /// The names of all metrics, in the order of an iteration in which everything moves.
  std::vector<std::string> metric_names() const {
    std::vector<std::string> names;
    if (Slots::Coupling::trains_teacher) names.insert(names.end(), {"teacher", "gradient-norm.teacher"});
    const auto critics = slots_.critics.names();
    for (const auto& name : critics) names.push_back("adversarial." + name);
    hana::for_each(slots_.losses.terms, [&](const auto& term) { names.emplace_back(term.name); });
    names.insert(names.end(), {"student", "gradient-norm.student"});
    for (const auto& name : critics) names.push_back("critic." + name);
    return names;
  }

  void observe(Observer observer) { observer_ = std::move(observer); }
  const Denoiser& teacher() const { return teacher_; }
  const Denoiser& student() const { return student_; }
  const Tensor& null_condition() const { return null_condition_; }
  Networks& networks() { return world_.networks; }

  /// c [B, 77, C] of token ids [B, 77], with the new rows as they are now.
  Tensor encode(const Tensor& ids) const {
    const Tensor on_device = ids.to(world_.device);
    const Tensor condition = world_.text_encoder->encode(rows_->embed(world_.text_encoder->token_table(), on_device));
    world_.networks.passes().count("text-encoder", condition.requires_grad());
    return condition;
  }

  /// x̂0 of noise z [B, 4, h, w]: the student's Euler steps on its trailing grid, differentiable.
  Tensor generate(const Tensor& noise, const Tensor& condition) const {
    Euler sampler(world_.student_scheduler, slots_.student.steps);
    Tensor x = noise * sampler.init_noise_sigma();
    for (std::int64_t k = 0; k < slots_.student.steps; ++k) {
      const Tensor timestep = at::full({noise.size(0)}, sampler.timesteps()[static_cast<std::size_t>(k)], noise.options());
      x = sampler.step(student_.predict(sampler.scale_model_input(x, k), timestep, condition), k, x).prev_sample;
    }
    return x;
  }

 private:
  /// One micro-batch on its way through an iteration.
  struct MicroStep {
    Table table;
    const Batch* batch;
    Tensor noise, condition;
  };

  MicroStep prepare(std::int64_t iteration, std::int64_t micro_step, const Moves& moves, const Batch& batch, const Tensors* given) {
    Draws draws(random_, iteration, micro_step, device(), given);
    const std::int64_t f = world_.networks.downscale(), channels = world_.networks.vae_config().latent_channels;
    MicroStep step{.table = Table(world_.networks, draws), .batch = &batch, .noise = {}, .condition = {}};
    step.noise = draws.normal("noise", {batch.images.size(0), channels, batch.images.size(2) / f, batch.images.size(3) / f});
    {
      const torch::AutoGradMode learns(moves.teacher);
      step.condition = encode(world_.tokenizer(batch.prompts));
    }
    step.table.real_pictures().template set<Pixel>(batch.images.to(device()));
    step.table.real_pictures().template set<Latent>([this, draws, images = batch.images.to(device())] {
      const auto posterior = world_.networks.encode(images);
      return posterior.sample(draws.normal("teacher/posterior", posterior.mean.sizes())) * world_.networks.vae_config().scaling_factor;
    });
    note("z", step.noise);
    note("c", step.condition);
    return step;
  }

  /// Denoising loss of the teacher on the photographs: mean over the batch of sum((prediction - target)^2 mask) / sum(mask).
  Tensor teacher_loss(MicroStep& step) {
    const Tensor& latent = step.table.template real<Latent>();
    const Tensor timestep = step.table.draws().integers("teacher/timestep", 0, teacher_.diffusion.steps(), {latent.size(0)});
    const Tensor noisy = teacher_.diffusion.add_noise(latent, step.noise, timestep);
    const Tensor prediction = teacher_.predict(noisy, timestep, step.condition);
    const Tensor wanted = teacher_.diffusion.target(latent, step.noise, timestep);
    const Tensor mask = step.batch->mask.to(device());
    const Tensor loss = (((prediction - wanted).square() * mask).sum({1, 2, 3}) / mask.sum({1, 2, 3})).mean();
    note("teacher.u", latent), note("teacher.u_t", noisy), note("teacher.pred", prediction), note("teacher.target", wanted);
    log("teacher", loss);
    return loss;
  }

  /// Alignment with the teacher's answer and the critics' verdict, weighted and summed.
  Tensor student_loss(MicroStep& step) {
    Table& table = step.table;
    table.student_pictures().template set<Latent>([this, &step] { return generate(step.noise, step.condition); });
    const Tensor start = table.template student<Latent>().detach();
    const Question question{.teacher = teacher_, .start = start, .noise = step.noise, .condition = step.condition, .null_condition = null_condition_};
    Tensor total = torch::zeros({}, start.options());

    hana::for_each(critics_, [&](auto& critic) {
      const Tensor loss = critic.student_loss(table);
      log("adversarial." + critic.name(), loss);
      total = total + critic.weight() * loss;
    });
    if constexpr (!decltype(slots_.losses)::empty) {
      const Tensor timestep = slots_.target.timestep(question, table.draws());
      const Tensor omega = slots_.weighting(teacher_.diffusion.alpha_bar(timestep));
      table.target_pictures().template set<Latent>([&, timestep] { return slots_.target.latent(question, timestep); });
      hana::for_each(slots_.losses.terms, [&](const auto& term) {
        const Tensor per_sample = distance(term, table);
        const Tensor loss = term.weight * (omega * per_sample).mean();
        note(c10::str("student.", term.name, ".per_sample"), per_sample);
        log(std::string(term.name), loss);
        total = total + loss;
      });
      note("target.omega", omega);
    }
    log("student", total);
    return total;
  }

  template <class Term>
  static Tensor distance(const Term& term, Table& table) {
    const Tensor& student = table.template student<typename Term::space>();
    const Tensor& target = table.template target<typename Term::space>();
    if constexpr (requires(Stream& stream) { term(student, target, stream); }) {
      Stream stream = table.draws().stream(c10::str("loss/", Term::name));
      return term(student, target, stream);
    } else {
      return term(student, target);
    }
  }

  void critics_step(std::vector<MicroStep>& steps, double rate) {
    std::size_t index = 0;
    hana::for_each(critics_, [&](auto& critic) {
      auto& optimiser = critic_optimisers_[index++].second;
      optimiser.zero_grad();  // the student's loss has left gradients here
      for (auto& step : steps) {
        const Tensor loss = critic.own_loss(step.table);
        log("critic." + critic.name(), loss);
        backward(loss);
      }
      optimiser.step(rate);
    });
  }

  void backward(const Tensor& loss) { (loss / static_cast<double>(options_.accumulation)).backward(); }

  void update(AdamW::State& optimiser, const std::string& actor, double rate) {
    if (observer_)
      for (const auto& [name, p] : optimiser.parameters())
        if (p.grad().defined()) note(actor + ".grad." + name, p.grad());
    log("gradient-norm." + actor, clip_gradient_norm(optimiser.parameters(), options_.max_grad_norm));
    optimiser.step(rate);
    optimiser.zero_grad();
  }

  /// What a space looks like, from a grey picture.
  template <class S>
  Tensor example(hana::basic_type<S>) {
    torch::NoGradGuard no_grad;
    Pictures pictures(world_.networks, false);
    const std::int64_t side = 8 * world_.networks.downscale();
    pictures.template set<Pixel>(torch::zeros({1, 3, side, side}, device()));
    return pictures.template get<S>();
  }

  void log(const std::string& name, const Tensor& value) { metrics_.emplace_back(name, value.detach()); }
  void note(const std::string& name, const Tensor& value) {
    if (observer_) observer_(name, value.detach());
  }
  torch::Device device() const { return world_.device; }

  World& world_;
  Slots slots_;
  TrainerOptions options_;
  Random random_;
  std::shared_ptr<TokenRows> rows_;
  Denoiser teacher_, student_;
  typename decltype(Slots::critics)::States critics_;
  Tensor null_condition_;
  std::optional<AdamW::State> teacher_optimiser_, student_optimiser_;
  std::vector<std::pair<std::string, AdamW::State>> critic_optimisers_;
  Metrics metrics_;
  Observer observer_;
};

}  // namespace opad
