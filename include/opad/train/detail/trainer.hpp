#pragma once
#include <opad/train/trainer.hpp>

namespace opad {

OPAD_ONCE Metrics Trainer::iterate(std::int64_t iteration, const std::vector<Batch>& batches,
                                   const Tensors* given_draws) {
  const auto share = options_.ranks.share(options_.accumulation);
  require(batches.size() == share.size(), "Trainer: ", batches.size(), " batches for ", share.size(), " micro-steps");
  metrics_.clear();
  const Moves moves = method_.coupling(iteration, options_.steps);
  const double rate = method_.learning_rate(iteration, options_.steps);
  std::vector<MicroStep> steps;
  for (std::size_t k = 0; k < batches.size(); ++k)
    steps.push_back(prepare(iteration, share[k], moves, batches[k], given_draws));

  if (moves.teacher && method_.trains_teacher) {
    GradientSum gradients(options_.ranks, teacher_learner_.parameters());
    for (auto& step : steps) {
      const Tensor loss = denoising_loss(teacher_, step, step.condition);
      log("teacher", loss);
      backward(loss, teacher_learner_, gradients);
    }
    update(teacher_learner_, gradients, "teacher", rate);
  }
  if (moves.student) {
    GradientSum gradients(options_.ranks, student_learner_.parameters());
    for (auto& step : steps) backward(student_loss(step, moves), student_learner_, gradients);
    update(student_learner_, gradients, "student", rate);
    if (average_) average_->update();
  }
  if (moves.student && moves.critics) critics_step(steps, rate);
  return std::move(metrics_);
}

OPAD_ONCE Trainer::MicroStep Trainer::prepare(std::int64_t iteration, std::int64_t micro_step, const Moves& moves,
                                              const Batch& batch, const Tensors* given) {
  const Draws draws(random_, iteration, micro_step, device(), observer_, given);
  const std::int64_t f = world_.networks.downscale(), channels = world_.networks.vae_config().latent_channels;
  MicroStep step{.table = Table(world_.networks, draws, observer_),
                 .batch = &batch,
                 .images = to_device(batch.images, device()),
                 .noise = {},
                 .condition = {}};
  if (cache_) step.keys = PictureCache::keys(batch.images);
  step.noise =
      draws.normal("noise", {batch.images.size(0), channels, batch.images.size(2) / f, batch.images.size(3) / f});
  if (method_.has_teacher) {
    const torch::AutoGradMode learns(moves.teacher && method_.trains_teacher);
    step.condition = encode(world_.tokenizer(batch.prompts));
    note("c", step.condition);
  }
  step.table.photographs.set<Latent>([this, draws, images = step.images, keys = step.keys] {
    const auto posterior = encode_pictures(images, keys);
    note("real.posterior_mean", posterior.mean), note("real.posterior_logvar", posterior.logvar);
    return posterior.sample(draws.normal("teacher/posterior", posterior.mean.sizes())) *
           world_.networks.vae_config().scaling_factor;
  });
  step.table.photographs.set<Pixel>(step.images);
  if (batch.whole.defined()) step.table.whole = to_device(batch.whole, device());
  note("z", step.noise);
  return step;
}

/// The distribution of the photographs' latents, which a cache may know.
OPAD_ONCE LatentDistribution Trainer::encode_pictures(const Tensor& images, const PictureCache::Keys& keys) {
  if (!cache_) return world_.networks.encode(images);
  const auto moments = cache_->get("latents", keys, [&] {
    const LatentDistribution posterior = world_.networks.encode(images);
    return at::stack({posterior.mean, posterior.logvar}, 1);
  });
  return {moments.select(1, 0).contiguous(), moments.select(1, 1).contiguous()};
}

/// Denoising loss on the photographs: mean over the batch of sum((prediction - target)^2 mask) / max(sum(mask), 1),
/// class pictures times their weight. Where a cut shows less than one latent cell of what a mask leaves, it counts in
/// part. The teacher's own loss, and the student's where there is no teacher.
OPAD_ONCE Tensor Trainer::denoising_loss(const Denoiser& denoiser, MicroStep& step, const Tensor& condition) {
  const Tensor& latent = step.table.photographs.get<Latent>();
  const Tensor timestep =
      step.table.draws.integers("teacher/timestep", 0, denoiser.diffusion.steps(), {latent.size(0)});
  const Tensor noisy = denoiser.diffusion.add_noise(latent, step.noise, timestep),
               wanted = denoiser.diffusion.target(latent, step.noise, timestep);
  const Tensor prediction = denoiser.predict(noisy, timestep, condition);
  const Tensor mask = to_device(step.batch->mask, device());
  note("denoising.latent", latent), note("denoising.noisy", noisy);
  note("denoising.prediction", prediction), note("denoising.wanted", wanted);
  Tensor per_sample = ((prediction - wanted).square() * mask).sum({1, 2, 3}) / mask.sum({1, 2, 3}).clamp_min(1);
  if (const std::int64_t priors = step.batch->priors; priors > 0 && options_.prior_loss_weight != 1) {
    Tensor weight = torch::ones_like(per_sample);
    weight.narrow(0, weight.size(0) - priors, priors).fill_(options_.prior_loss_weight);
    per_sample = per_sample * weight;
  }
  return per_sample.mean();
}

/// Alignment with the target and the critics' verdict, weighted and summed; without a teacher, the denoising loss too.
OPAD_ONCE Tensor Trainer::student_loss(MicroStep& step, const Moves& moves) {
  Table& table = step.table;
  // a shared text encoder learns from the teacher's step only
  if (method_.has_teacher) step.condition = step.condition.detach();
  const Tensor own =
      method_.student_learns_words ? encode_for_student(world_.tokenizer(step.batch->prompts)) : step.condition;
  const Tensor heard = method_.heard(own, table.draws);
  table.condition = method_.has_teacher ? step.condition : heard.detach(), table.null_condition = null_condition_;
  table.student.set<Latent>([this, &step, heard] { return generate(step.noise, heard); });
  Tensor total = torch::zeros({}, step.noise.options());

  if (!method_.has_teacher) {
    const Tensor loss = denoising_loss(student_, step, heard);
    log("denoising", loss);
    total = total + method_.denoising_weight * loss;
  }
  if (method_.wants_target()) ask_target(step);
  if (method_.criticised()) show_real(step);
  for (const auto& critic : critics_) {
    const Tensor loss = critic->student_loss(table);
    log("adversarial." + critic->name, loss);
    total = total + critic->weight(moves.student_age) * loss;
  }
  for (const AlignmentTerm& term : method_.terms) {
    const Tensor loss = term.weight * (table.omega * term.distance(table)).mean();
    log(term.name, loss);
    total = total + loss;
  }
  for (const auto& [actor, pictures] : {std::pair{"student", &table.student}, {"target", &table.target}}) {
    note(c10::str(actor, ".latent"), pictures->find<Latent>());
    note(c10::str(actor, ".image"), pictures->find<Pixel>());
  }
  log("student", total);
  return total;
}

/// Says how the target's pictures are made, should anybody ask, and sets omega [B].
OPAD_ONCE void Trainer::ask_target(MicroStep& step) {
  Table& table = step.table;
  Tensor timestep, alpha_bar = torch::ones({step.noise.size(0)}, step.noise.options());
  if (method_.target_asks_teacher) {
    const Question question{teacher_,   world_.teacher_scheduler, table.student.get<Latent>().detach(),
                            step.noise, step.condition,           null_condition_};
    if (method_.target_has_timestep) {
      timestep = method_.target_timestep(question, table.draws);
      alpha_bar = teacher_.diffusion.alpha_bar(timestep);
      note("target.t", timestep);
    }
    table.target.set<Latent>([this, question, timestep] { return method_.target_latent(question, timestep); });
  } else {
    table.target.set<Latent>([&table] { return table.photographs.get<Latent>(); });
    table.target.set<Pixel>(step.images);
    if (cache_) table.target.remember(*cache_, step.keys);
  }
  table.omega = method_.weighting(alpha_bar);
  note("target.omega", table.omega);
}

/// Says what the critics take for real, should anybody look.
OPAD_ONCE void Trainer::show_real(MicroStep& step) {
  Table& table = step.table;
  table.real.set<Pixel>([this, &step, &table] {
    const Tensor pictures = method_.real_pictures(table);
    if (cache_ && pictures.is_same(step.images)) table.real.remember(*cache_, step.keys);
    if (cache_ && pictures.is_same(table.whole)) table.real.remember(*cache_, PictureCache::keys(step.batch->whole));
    return pictures;
  });
  table.real.set<Latent>([this, &table] {
    const auto posterior = world_.networks.encode(table.real.get<Pixel>());
    return posterior.sample(table.draws.normal("real/posterior", posterior.mean.sizes())) *
           world_.networks.vae_config().scaling_factor;
  });
  table.real_weight = method_.real_weight(table);
}

OPAD_ONCE void Trainer::critics_step(std::vector<MicroStep>& steps, double rate) {
  if (critics_.empty()) return;
  for (std::size_t i = 0; i < critics_.size(); ++i) {
    Learner& learner = critic_learners_[i];
    GradientSum gradients(options_.ranks, learner.parameters());
    for (auto& step : steps) {
      const Tensor loss = critics_[i]->own_loss(step.table);
      log(learner.name(), loss);
      backward(loss, learner, gradients);
    }
    gradients.finish();
    note_gradients(learner);
    learner.step(rate);
  }
}

OPAD_ONCE void Trainer::update(Learner& learner, GradientSum& gradients, const std::string& actor, double rate) {
  gradients.finish();
  for (const auto& [name, p] : learner.parameters())
    if (name == token_rows && p.grad().defined()) Tensor(p).mutable_grad() = method_.select_rows(p.grad());
  note_gradients(learner);
  log("gradient-norm." + actor, learner.clip(options_.max_grad_norm));
  learner.step(rate);
}

OPAD_ONCE void Trainer::note_gradients(const Learner& learner) {
  if (!observer_) return;
  for (const auto& [name, p] : learner.parameters())
    if (p.grad().defined()) note(learner.name() + ".grad." + name, p.grad());
}

OPAD_ONCE Tensor Trainer::encode(CLIPTextModel& encoder, const TokenRows& rows, const Tensor& ids) const {
  const Tensor words = rows.embed(encoder.token_table(), ids);
  const Tensor condition = network_pass(options_.bfloat16, world_.device, [&] { return encoder.encode(words); });
  note("words", words);
  world_.networks.passes().count("text-encoder", condition.requires_grad());
  return condition;
}

}  // namespace opad
