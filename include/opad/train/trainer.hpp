#pragma once
#include <opad/adapter/textual_inversion.hpp>
#include <opad/data/concept_dataset.hpp>
#include <opad/sampler/euler.hpp>
#include <opad/target/target.hpp>
#include <opad/train/iteration.hpp>
#include <opad/train/learner.hpp>
#include <opad/train/recipe.hpp>
#include <opad/train/world.hpp>

namespace opad {

/// Named scalars of one iteration, in the order in which they were computed.
using Metrics = std::vector<std::pair<std::string, Tensor>>;

/// What a trainer needs to know beside the recipe.
struct TrainerOptions {
  std::int64_t steps = 1000;      // iterations of the whole run; the coupling and the learning rate are functions of it
  std::int64_t accumulation = 1;  // micro-batches whose gradients are averaged before each update
  double prior_loss_weight = 1.0;  // of class pictures in the denoising loss, beside 1 of the concept's
  double max_grad_norm = 1.0;      // global norm that the gradients of teacher and student are clipped to
};

/// Trains teacher, student and critics as the recipe says (method.md §4). An iteration is a pure function of (seed,
/// iteration, state): everything random comes from named streams, so state() and the iteration's number are all that a
/// resumed run needs.
template <class Recipe>
class Trainer {
 public:
  using Slots = Policies<Recipe>;
  using Coupling = typename Slots::Coupling;
  using Target = typename Slots::Target;
  static constexpr bool has_teacher = Coupling::has_teacher, has_target = has_teacher || !Target::needs_teacher;
  static constexpr bool aligns = !decltype(Slots::losses)::empty, criticised = !decltype(Slots::critics)::empty;
  static_assert(
      has_target || !aligns,
      "This recipe's coupling has no teacher, but its alignment terms are compared with what one says. Leave them out "
      "(loss_list()), choose the target RealImages, or a coupling with a teacher (Joint, Sequential, FrozenTeacher).");
  static_assert(has_teacher || !decltype(Slots::critics)::needs_teacher,
                "This recipe's coupling has no teacher, but one of its critics asks for "
                "one (Vsd). Choose another critic, or a coupling with a teacher (Joint).");
  static_assert(has_teacher || !decltype(Slots::real)::from_teacher,
                "This recipe's coupling has no teacher, but its critics take the teacher's answers "
                "for real (TeacherAnswers). Choose Photographs, or a coupling with a teacher (Joint).");
  static_assert(aligns || criticised || !has_teacher,
                "This recipe gives the student nothing to learn from: neither alignment terms nor critics.");
  using Table = Iteration<has_target>;

  /// rows: of the new tokens, known to the world's tokenizer.
  Trainer(World& world, const Slots& slots, std::shared_ptr<TokenRows> rows, const Random& random,
          const TrainerOptions& options)
      : world_(world),
        slots_(slots),
        options_(options),
        random_(random),
        rows_(std::move(rows)),
        student_rows_(Slots::Text::shared || !has_teacher ? rows_ : std::make_shared<TokenRows>(rows_->clone())),
        teacher_{"teacher-unet", world.teacher, Diffusion(world.teacher_scheduler), &world.networks.passes()},
        student_{"student-unet", world.student, Diffusion(world.student_scheduler), &world.networks.passes()} {
    require(options.steps > 0 && options.accumulation > 0 && options.max_grad_norm > 0, "Trainer: ", options.steps,
            " steps, accumulation ", options.accumulation, ", max gradient norm ", options.max_grad_norm,
            "; give positive numbers");
    hana::for_each(slots.critics.critics, [](const auto& critic) {
      require(critic.warmup >= 0, "critic ", critic.name, ": warmup = ", critic.warmup, "; give 0 or more iterations");
    });
    slots.learning_rate(0, options.steps);  // refuses its numbers now rather than in the first iteration
    {
      torch::NoGradGuard no_grad;
      null_condition_ = encode(world.tokenizer({""}));
    }
    if constexpr (Coupling::trains_teacher) {
      add_words(teacher_learner_, *rows_);
      teacher_learner_.add(slots.teacher_optimiser, slots.teacher_adapter.install(*world.teacher));
    }
    if constexpr (Slots::student_learns_words) add_words(student_learner_, *student_rows_);
    student_learner_.add(slots.student_optimiser, slots.student_adapter.install(*world.student));
    average_ = slots.average.build(student_learner_.parameters());
    critics_.emplace(slots.critics.build({random, world.networks, has_teacher ? &teacher_ : nullptr, device()}));
    hana::for_each(*critics_, [&](const auto& critic) {
      critic_learners_.emplace_back("critic." + critic.name()).add(slots.critic_optimiser, critic.parameters());
    });
  }

  /// Runs one iteration, counted from 0. `batches` holds one batch for each micro-step.
  Metrics iterate(std::int64_t iteration, const std::vector<Batch>& batches, const Tensors* given_draws = nullptr) {
    require(static_cast<std::int64_t>(batches.size()) == options_.accumulation, "Trainer: ", batches.size(),
            " batches for ", options_.accumulation, " micro-steps");
    metrics_.clear();
    const Moves moves = slots_.coupling(iteration, options_.steps);
    const double rate = slots_.learning_rate(iteration, options_.steps);
    std::vector<MicroStep> steps;
    for (std::size_t k = 0; k < batches.size(); ++k)
      steps.push_back(prepare(iteration, static_cast<std::int64_t>(k), moves, batches[k], given_draws));

    if constexpr (Coupling::trains_teacher) {
      if (moves.teacher) {
        for (auto& step : steps) backward(teacher_loss(step));
        update(teacher_learner_, "teacher", rate);
      }
    }
    if (moves.student) {
      for (auto& step : steps) backward(student_loss(step, moves));
      update(student_learner_, "student", rate);
      if (average_) average_->update();
    }
    if (moves.student && moves.critics) critics_step(steps, rate);
    return std::move(metrics_);
  }

  /// Every trained tensor and every moment, by name; they alias the trainer's own. load_state copies into them.
  Tensors state() const {
    Tensors out;
    teacher_learner_.add_state(out);
    student_learner_.add_state(out);
    for (const auto& critic : critic_learners_) critic.add_state(out);
    if (average_) average_->add_state(out);
    return out;
  }
  void load_state(const Tensors& saved, const std::string& where) { copy_state(state(), saved, where); }

  /// The names of all metrics, in the order of an iteration in which everything moves.
  std::vector<std::string> metric_names() const {
    std::vector<std::string> names;
    if (Coupling::trains_teacher) names.insert(names.end(), {"teacher", "gradient-norm.teacher"});
    if (!has_teacher) names.emplace_back("denoising");
    const auto critics = slots_.critics.names();
    for (const auto& name : critics) names.push_back("adversarial." + name);
    hana::for_each(slots_.losses.terms, [&](const auto& term) { names.emplace_back(term.name); });
    names.insert(names.end(), {"student", "gradient-norm.student"});
    for (const auto& name : critics) names.push_back("critic." + name);
    return names;
  }

  /// Reports intermediate results from now on, the passes of both U-Nets as "<network>.latent", ".timestep" and
  /// ".prediction".
  void observe(Observer observer) {
    observer_ = std::move(observer);
    for (Denoiser* denoiser : {&teacher_, &student_})
      denoiser->watch = [this, name = denoiser->name](const Tensor& latent, const Tensor& timestep,
                                                      const Tensor& prediction) {
        note(name + ".latent", latent), note(name + ".timestep", timestep), note(name + ".prediction", prediction);
      };
  }
  const Denoiser& teacher() const { return teacher_; }
  const Tensor& null_condition() const { return null_condition_; }
  /// The new tokens' rows: the teacher's, which the student shares or not.
  const TokenRows& rows() const { return *rows_; }
  const TokenRows& student_rows() const { return *student_rows_; }
  const Slots& slots() const { return slots_; }

  /// c [B, 77, C] of token ids [B, 77], with the new rows as they are now: as the teacher hears it, and as the student
  /// does.
  Tensor encode(const Tensor& ids) const { return encode(*world_.text_encoder, *rows_, ids); }
  Tensor encode_for_student(const Tensor& ids) const {
    return encode(world_.student_text_encoder ? *world_.student_text_encoder : *world_.text_encoder, *student_rows_,
                  ids);
  }

  /// x̂0 of noise z [B, 4, h, w]: the student's Euler steps on its trailing grid, differentiable.
  Tensor generate(const Tensor& noise, const Tensor& condition) const {
    Euler sampler(world_.student_scheduler, slots_.student.steps);
    Tensor x = noise * sampler.init_noise_sigma();
    for (std::int64_t k = 0; k < slots_.student.steps; ++k) {
      const Tensor timestep =
          at::full({noise.size(0)}, sampler.timesteps()[static_cast<std::size_t>(k)], noise.options());
      x = sampler.step(student_.predict(sampler.scale_model_input(x, k), timestep, condition), k, x).prev_sample;
    }
    return x;
  }

  /// While one lives, the student is the one that the recipe keeps: its average, or simply itself.
  class Kept {
   public:
    explicit Kept(Trainer& trainer) : trainer_(trainer) {
      if (trainer_.average_) trainer_.average_->swap();
    }
    ~Kept() {
      if (trainer_.average_) trainer_.average_->swap();
    }
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;

   private:
    Trainer& trainer_;
  };

 private:
  /// One micro-batch on its way through an iteration.
  struct MicroStep {
    Table table;
    const Batch* batch;
    Tensor images, noise, condition;  // condition: c as the teacher hears it, once for the whole iteration
  };

  MicroStep prepare(std::int64_t iteration, std::int64_t micro_step, const Moves& moves, const Batch& batch,
                    const Tensors* given) {
    const Draws draws(random_, iteration, micro_step, device(), observer_, given);
    const std::int64_t f = world_.networks.downscale(), channels = world_.networks.vae_config().latent_channels;
    MicroStep step{.table = Table(world_.networks, draws, observer_),
                   .batch = &batch,
                   .images = batch.images.to(device()),
                   .noise = {},
                   .condition = {}};
    step.noise =
        draws.normal("noise", {batch.images.size(0), channels, batch.images.size(2) / f, batch.images.size(3) / f});
    if constexpr (has_teacher) {
      const torch::AutoGradMode learns(moves.teacher && Coupling::trains_teacher);
      step.condition = encode(world_.tokenizer(batch.prompts));
      note("c", step.condition);
    }
    step.table.real_pictures().template set<Latent>([this, draws, images = step.images] {
      const auto posterior = world_.networks.encode(images);
      note("real.posterior_mean", posterior.mean), note("real.posterior_logvar", posterior.logvar);
      return posterior.sample(draws.normal("teacher/posterior", posterior.mean.sizes())) *
             world_.networks.vae_config().scaling_factor;
    });
    step.table.real_pictures().template set<Pixel>(step.images);
    note("z", step.noise);
    return step;
  }

  /// Denoising loss on the photographs: mean over the batch of sum((prediction - target)^2 mask) / sum(mask), class
  /// pictures times their weight. The teacher's own loss, and the student's where there is no teacher.
  Tensor denoising_loss(const Denoiser& denoiser, MicroStep& step, const Tensor& condition) {
    const Tensor& latent = step.table.template real<Latent>();
    const Tensor timestep =
        step.table.draws().integers("teacher/timestep", 0, denoiser.diffusion.steps(), {latent.size(0)});
    const Tensor noisy = denoiser.diffusion.add_noise(latent, step.noise, timestep),
                 wanted = denoiser.diffusion.target(latent, step.noise, timestep);
    const Tensor prediction = denoiser.predict(noisy, timestep, condition);
    const Tensor mask = step.batch->mask.to(device());
    note("denoising.latent", latent), note("denoising.noisy", noisy), note("denoising.prediction", prediction),
        note("denoising.wanted", wanted);
    Tensor per_sample = ((prediction - wanted).square() * mask).sum({1, 2, 3}) / mask.sum({1, 2, 3});
    if (const std::int64_t priors = step.batch->priors; priors > 0 && options_.prior_loss_weight != 1) {
      Tensor weight = torch::ones_like(per_sample);
      weight.narrow(0, weight.size(0) - priors, priors).fill_(options_.prior_loss_weight);
      per_sample = per_sample * weight;
    }
    return per_sample.mean();
  }

  Tensor teacher_loss(MicroStep& step) {
    const Tensor loss = denoising_loss(teacher_, step, step.condition);
    log("teacher", loss);
    return loss;
  }

  /// Alignment with the target and the critics' verdict, weighted and summed; without a teacher, the denoising loss
  /// too.
  Tensor student_loss(MicroStep& step, const Moves& moves) {
    Table& table = step.table;
    if constexpr (has_teacher)
      step.condition = step.condition.detach();  // a shared text encoder learns from the teacher's step only
    const Tensor heard =
        Slots::student_learns_words ? encode_for_student(world_.tokenizer(step.batch->prompts)) : step.condition;
    table.set_conditions(has_teacher ? step.condition : heard.detach(), null_condition_);
    table.student_pictures().template set<Latent>([this, &step, heard] { return generate(step.noise, heard); });
    Tensor total = torch::zeros({}, step.noise.options());

    if constexpr (!has_teacher) {
      const Tensor loss = denoising_loss(student_, step, heard);
      log("denoising", loss);
      total = total + slots_.coupling.denoising_weight * loss;
    }
    hana::for_each(*critics_, [&, index = std::size_t{0}](auto& critic) mutable {
      const Tensor loss = critic.student_loss(table);
      log("adversarial." + critic.name(), loss);
      total = total + critic_weight(index++, moves.student_age) * loss;
    });
    if constexpr (aligns) {
      const Tensor omega = ask_target(step);
      hana::for_each(slots_.losses.terms, [&](const auto& term) {
        const Tensor loss = term.weight * (omega * distance(term, table)).mean();
        log(std::string(term.name), loss);
        total = total + loss;
      });
    }
    for (const auto& [actor, pictures] :
         {std::pair{"student", &table.student_pictures()}, std::pair{"target", &table.target_pictures()}}) {
      note(c10::str(actor, ".latent"), pictures->template find<Latent>());
      note(c10::str(actor, ".image"), pictures->template find<Pixel>());
    }
    log("student", total);
    return total;
  }

  /// Says how the target's pictures are made, should anybody ask, and gives omega [B].
  Tensor ask_target(MicroStep& step) {
    Table& table = step.table;
    Tensor timestep, alpha_bar = torch::ones({step.noise.size(0)}, step.noise.options());
    if constexpr (Target::needs_teacher) {
      const Question question{teacher_,   world_.teacher_scheduler, table.template student<Latent>().detach(),
                              step.noise, step.condition,           null_condition_};
      if constexpr (!Target::clean) {
        timestep = slots_.target.timestep(question, table.draws());
        alpha_bar = teacher_.diffusion.alpha_bar(timestep);
        note("target.t", timestep);
      }
      table.target_pictures().template set<Latent>(
          [this, question, timestep] { return slots_.target.latent(question, timestep); });
    } else {
      table.target_pictures().template set<Latent>([&table] { return table.template real<Latent>(); });
      table.target_pictures().template set<Pixel>(step.images);
    }
    const Tensor omega = slots_.weighting(alpha_bar);
    note("target.omega", omega);
    if constexpr (decltype(Slots::real)::from_teacher) table.set_real_weight(omega);
    return omega;
  }

  /// One term's value for each sample.  [B]
  template <class Term>
  static Tensor distance(const Term& term, Table& table) {
    const Tensor& student = table.template student<typename Term::space>();
    const Tensor& target = table.template target<typename Term::space>();
    Tensor value;
    if constexpr (requires(Stream& stream) { term(student, target, stream); }) {
      Stream stream = table.draws().stream(c10::str("loss/", Term::name));
      value = term(student, target, stream);
    } else {
      value = term(student, target);
    }
    table.note(c10::str("loss.", Term::name, ".student"), student),
        table.note(c10::str("loss.", Term::name, ".target"), target);
    table.note(c10::str("loss.", Term::name, ".per_sample"), value);
    return value;
  }

  /// What the critics take for real.
  void show_real(MicroStep& step) {
    Pictures& real = step.table.real_pictures();
    if constexpr (decltype(Slots::real)::from_teacher) {
      if constexpr (!aligns) ask_target(step);
      real.template set<Pixel>(step.table.template target<Pixel>());
    } else {
      if (!slots_.real.canvas) {
        require(
            step.batch->whole.defined(),
            "Trainer: the batch has no pictures without the canvas; give Batch::whole, or Photographs{.canvas = true}");
        real.template set<Pixel>(step.batch->whole.to(device()));
      }
      if (!slots_.real.through_vae) return;
      torch::NoGradGuard no_grad;
      const auto posterior = world_.networks.encode(real.template get<Pixel>());
      real.template set<Pixel>(world_.networks.decode(posterior.mean * world_.networks.vae_config().scaling_factor));
    }
  }

  void critics_step(std::vector<MicroStep>& steps, double rate) {
    if constexpr (!criticised) return;
    for (auto& step : steps) show_real(step);
    hana::for_each(*critics_, [&, index = std::size_t{0}](auto& critic) mutable {
      Learner& learner = critic_learners_[index++];
      learner.zero_grad();  // the student's loss has left gradients here
      for (auto& step : steps) {
        const Tensor loss = critic.own_loss(step.table);
        log(learner.name(), loss);
        backward(loss);
      }
      note_gradients(learner);
      learner.step(rate);
    });
  }

  double critic_weight(std::size_t which, std::int64_t age) const {
    double weight = 0;
    hana::for_each(slots_.critics.critics, [&, index = std::size_t{0}](const auto& critic) mutable {
      if (index++ != which) return;
      weight = critic.weight * std::min(1.0, static_cast<double>(age + 1) / static_cast<double>(critic.warmup + 1));
    });
    return weight;
  }

  void backward(const Tensor& loss) { (loss / static_cast<double>(options_.accumulation)).backward(); }

  void update(Learner& learner, const std::string& actor, double rate) {
    for (const auto& [name, p] : learner.parameters())
      if (name == token_rows && p.grad().defined()) Tensor(p).mutable_grad() = slots_.tokens.select(p.grad());
    note_gradients(learner);
    log("gradient-norm." + actor, learner.clip(options_.max_grad_norm));
    learner.step(rate);
  }
  void note_gradients(const Learner& learner) {
    if (!observer_) return;
    for (const auto& [name, p] : learner.parameters())
      if (p.grad().defined()) note(learner.name() + ".grad." + name, p.grad());
  }

  /// New token rows, and the table that they extend where the recipe lets it decay.
  void add_words(Learner& learner, const TokenRows& rows) {
    NamedTensors words{{token_rows, rows.rows()}};
    if constexpr (decltype(Slots::tokens)::whole_table_decays) {
      Tensor table = world_.text_encoder->token_table();
      table.set_data(table.detach().clone());  // it may lie in a mapped file
      words.emplace_back("token_table", table);
    }
    learner.add(slots_.token_optimiser, words);
  }
  Tensor encode(CLIPTextModel& encoder, const TokenRows& rows, const Tensor& ids) const {
    const Tensor words = rows.embed(encoder.token_table(), ids.to(world_.device)), condition = encoder.encode(words);
    note("words", words);
    world_.networks.passes().count("text-encoder", condition.requires_grad());
    return condition;
  }

  void log(const std::string& name, const Tensor& value) { metrics_.emplace_back(name, value.detach()); }
  void note(const std::string& name, const Tensor& value) const {
    if (observer_ && value.defined()) observer_(name, value);
  }
  torch::Device device() const { return world_.device; }

  static constexpr const char* token_rows = "token_rows";
  World& world_;
  Slots slots_;
  TrainerOptions options_;
  Random random_;
  std::shared_ptr<TokenRows> rows_, student_rows_;
  Denoiser teacher_, student_;
  Tensor null_condition_;
  Learner teacher_learner_{"teacher"}, student_learner_{"student"};
  std::optional<typename decltype(Slots::critics)::States> critics_;
  std::vector<Learner> critic_learners_;
  std::unique_ptr<AverageState> average_;
  Metrics metrics_;
  Observer observer_;
};

}  // namespace opad
