#pragma once
#include <opad/train/trainer.hpp>

/// What is around a trainer's iterations: learners and critics are made, numbers are checked, the state is listed.
namespace opad {

OPAD_ONCE Trainer::Trainer(World& world, Method method, std::shared_ptr<TokenRows> rows, const Random& random,
                           const TrainerOptions& options)
    : world_(world),
      method_(std::move(method)),
      options_(options),
      random_(random),
      rows_(std::move(rows)),
      student_rows_(method_.shared_words || !method_.has_teacher ? rows_ : std::make_shared<TokenRows>(rows_->clone())),
      teacher_{"teacher-unet", world.teacher, Diffusion(method_.schedule(world.teacher_scheduler)),
               &world.networks.passes()},
      student_{"student-unet", world.student, Diffusion(method_.schedule(world.student_scheduler)),
               &world.networks.passes()} {
  require(options.steps > 0 && options.accumulation > 0 && options.max_grad_norm > 0, "Trainer: ", options.steps,
          " steps, accumulation ", options.accumulation, ", max gradient norm ", options.max_grad_norm,
          "; give positive numbers");
  teacher_.bfloat16 = student_.bfloat16 = options.bfloat16;
  world.gradient_checkpointing(options.gradient_checkpointing);
  teacher_.diffusion.to(device()), student_.diffusion.to(device());
  method_.coupling(0, options.steps);  // both refuse their numbers now rather than in the first iteration
  method_.learning_rate(0, options.steps);
  world.teacher_scheduler = method_.schedule(world.teacher_scheduler);
  world.student_scheduler = method_.schedule(world.student_scheduler);
  {
    torch::NoGradGuard no_grad;
    null_condition_ = encode(world.tokenizer({""}));
  }
  if (method_.trains_teacher) {
    add_words(teacher_learner_, *rows_);
    teacher_learner_.add(method_.teacher_optimiser, method_.teacher_adapter.install(*world.teacher));
  }
  if (method_.student_learns_words) add_words(student_learner_, *student_rows_);
  student_learner_.add(method_.student_optimiser, method_.student_adapter.install(*world.student));
  if (options.bfloat16) world.to_bfloat16();
  if (options.channels_last) world.channels_last();
  if (options.cached_pictures > 0) cache_.emplace(options.cached_pictures);
  average_ = method_.average(student_learner_.parameters());
  critics_ = method_.build_critics(
      {random_, world.networks, method_.has_teacher ? &teacher_ : nullptr, device(), options.resolution});
  for (const auto& critic : critics_)
    critic_learners_.emplace_back("critic." + critic->name).add(method_.critic_optimiser, critic->parameters());
}

OPAD_ONCE void Trainer::check() {
  torch::NoGradGuard no_grad;
  const std::int64_t f = world_.networks.downscale(), side = options_.resolution;
  Table table(world_.networks, Draws(random_, 0, 0, device(), observer_), observer_);
  table.photographs.set<Latent>(
      torch::zeros({1, world_.networks.vae_config().latent_channels, side / f, side / f}, device()));
  table.photographs.set<Pixel>(torch::zeros({1, 3, side, side}, device()));
  for (const AlignmentTerm& term : method_.terms) term.check(table);
  method_.weighting(torch::full({1}, 0.5, device()));
  method_.check_target(world_.teacher_scheduler);
  if (const auto& stage = method_.second_stage) { stage->boundary(options_.steps); }
}

OPAD_ONCE std::int64_t Trainer::exchanged_bytes(const Moves& moves) const {
  std::int64_t numbers = 0;
  const auto add = [&](const Learner& learner) {
    for (const auto& [name, p] : learner.parameters()) numbers += p.numel();
  };
  if (moves.teacher && method_.trains_teacher) add(teacher_learner_);
  if (moves.student) add(student_learner_);
  if (moves.student && moves.critics)
    for (const auto& critic : critic_learners_) add(critic);
  return numbers * static_cast<std::int64_t>(sizeof(float));
}

OPAD_ONCE Tensors Trainer::state() const {
  Tensors out;
  teacher_learner_.add_state(out);
  student_learner_.add_state(out);
  for (const auto& critic : critic_learners_) critic.add_state(out);
  if (average_) average_->add_state(out);
  return out;
}

OPAD_ONCE std::vector<std::string> Trainer::metric_names() const {
  std::vector<std::string> names;
  if (method_.trains_teacher) names.insert(names.end(), {"teacher", "gradient-norm.teacher"});
  if (!method_.has_teacher) names.emplace_back("denoising");
  for (const auto& name : method_.critic_names) names.push_back("adversarial." + name);
  for (const auto& term : method_.terms) names.push_back(term.name);
  names.insert(names.end(), {"student", "gradient-norm.student"});
  for (const auto& name : method_.critic_names) names.push_back("critic." + name);
  return names;
}

OPAD_ONCE void Trainer::observe(Observer observer) {
  observer_ = std::move(observer);
  for (Denoiser* denoiser : {&teacher_, &student_})
    denoiser->watch = [this, name = denoiser->name](const Tensor& latent, const Tensor& timestep,
                                                    const Tensor& prediction) {
      note(name + ".latent", latent), note(name + ".timestep", timestep), note(name + ".prediction", prediction);
    };
}

/// New token rows, and the table that they extend where the recipe lets it decay.
OPAD_ONCE void Trainer::add_words(Learner& learner, const TokenRows& rows) {
  NamedTensors words{{token_rows, rows.rows()}};
  if (method_.table_decays) {
    Tensor table = world_.text_encoder->token_table();
    table.set_data(table.detach().clone());  // it may lie in a mapped file
    words.emplace_back("token_table", table);
  }
  learner.add(method_.token_optimiser, words);
}

}  // namespace opad
