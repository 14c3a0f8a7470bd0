#pragma once
#include <opad/adapter/textual_inversion.hpp>
#include <opad/core/once.hpp>
#include <opad/data/concept_dataset.hpp>
#include <opad/optimiser/clip_gradient_norm.hpp>
#include <opad/ranks/gradient_sum.hpp>
#include <opad/ranks/ranks.hpp>
#include <opad/train/learner.hpp>
#include <opad/train/method.hpp>
#include <opad/train/world.hpp>

namespace opad {

/// Named scalars of one iteration, in the order in which they were computed.
using Metrics = std::vector<std::pair<std::string, Tensor>>;

/// What a trainer needs to know beside the method.
struct TrainerOptions {
  std::int64_t steps = 1000;       // iterations of the whole run; coupling and learning rate are functions of it
  std::int64_t accumulation = 1;   // micro-batches whose gradients are averaged before each update
  double prior_loss_weight = 1.0;  // of class pictures in the denoising loss, beside 1 of the concept's
  double max_grad_norm = 1.0;      // global norm that the gradients of teacher and student are clipped to
  std::int64_t resolution = 64;    // side of the training pictures, for critics that judge latents or pixels
  bool bfloat16 = false;           // networks' passes, and frozen networks in memory; losses and what trains: float32
  bool channels_last = false;      // the layout of frozen convolutions' kernels, and so of feature maps
  bool gradient_checkpointing = false;  // the networks run their blocks again for a backward pass (less memory)
  std::int64_t cached_pictures = 0;  // photographs whose encodings are kept for the whole run (space/picture_cache.hpp)
  Ranks ranks;                       // that share the micro-batches; one alone takes all of them
};

/// Trains teacher, student and critics as a method says. An iteration is a pure function of (seed,
/// iteration, state): everything random comes from named streams, so state() and the iteration's number are all that a
/// resumed run needs.
class Trainer {
 public:
  /// rows: of the new tokens, known to the world's tokenizer. The world's schedulers become the method's.
  Trainer(World& world, Method method, std::shared_ptr<TokenRows> rows, const Random& random,
          const TrainerOptions& options);

  /// Refuses the policies' numbers that only show when they are used: terms on grey pictures, the target, the second
  /// stage.
  void check();

  /// Runs one iteration, counted from 0. `batches` holds one batch for each micro-step: of this rank's share, where
  /// several ranks share them.
  Metrics iterate(std::int64_t iteration, const std::vector<Batch>& batches, const Tensors* given_draws = nullptr);

  /// Bytes of the gradients that an iteration with such moves sums over the ranks.
  std::int64_t exchanged_bytes(const Moves& moves) const;

  /// Every trained tensor and every moment, by name; they alias the trainer's own. load_state copies into them.
  Tensors state() const;
  void load_state(const Tensors& saved, const std::string& where) { copy_state(state(), saved, where); }

  /// The names of all metrics, in the order of an iteration in which everything moves.
  std::vector<std::string> metric_names() const;

  /// Reports intermediate results from now on, the passes of both U-Nets as "<network>.latent", ".timestep" and
  /// ".prediction".
  void observe(Observer observer);

  const Method& method() const { return method_; }
  const TrainerOptions& options() const { return options_; }
  const Denoiser& teacher() const { return teacher_; }
  const Tensor& null_condition() const { return null_condition_; }
  /// The new tokens' rows: the teacher's, which the student shares or not.
  const TokenRows& rows() const { return *rows_; }
  const TokenRows& student_rows() const { return *student_rows_; }

  /// c [B, 77, C] of token ids [B, 77], with the new rows as they are now: as the teacher hears it, and as the student
  /// does.
  Tensor encode(const Tensor& ids) const { return encode(*world_.text_encoder, *rows_, ids); }
  Tensor encode_for_student(const Tensor& ids) const {
    const auto& own = world_.student_text_encoder;
    return encode(own ? *own : *world_.text_encoder, *student_rows_, ids);
  }
  /// x̂0 of noise z [B, 4, h, w], as the method's sampler asks the student; differentiable.
  Tensor generate(const Tensor& noise, const Tensor& condition) const {
    return method_.sample(student_, world_.student_scheduler, noise, condition);
  }

  /// While one lives, the student is the one that the method keeps: its average, or simply itself.
  class Kept {
   public:
    explicit Kept(Trainer& trainer) : average_(trainer.average_.get()) {
      if (average_) average_->swap();
    }
    ~Kept() {
      if (average_) average_->swap();
    }
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;

   private:
    AverageState* average_;
  };

 private:
  /// One micro-batch on its way through an iteration.
  struct MicroStep {
    Table table;
    const Batch* batch;
    Tensor images, noise, condition;  // condition: c as the teacher hears it, once for the whole iteration
    PictureCache::Keys keys = {};     // of the images, where encodings are kept
  };

  MicroStep prepare(std::int64_t iteration, std::int64_t micro_step, const Moves& moves, const Batch& batch,
                    const Tensors* given);
  LatentDistribution encode_pictures(const Tensor& images, const PictureCache::Keys& keys);
  Tensor denoising_loss(const Denoiser& denoiser, MicroStep& step, const Tensor& condition);
  Tensor student_loss(MicroStep& step, const Moves& moves);
  void ask_target(MicroStep& step);
  void show_real(MicroStep& step);
  void critics_step(std::vector<MicroStep>& steps, double rate);
  void update(Learner& learner, GradientSum& gradients, const std::string& actor, double rate);
  void add_words(Learner& learner, const TokenRows& rows);
  Tensor encode(CLIPTextModel& encoder, const TokenRows& rows, const Tensor& ids) const;

  void backward(const Tensor& loss, const Learner& learner, GradientSum& gradients) {
    learner.learn_from(loss / static_cast<double>(options_.accumulation));
    gradients.add();
  }
  void log(const std::string& name, const Tensor& value) { metrics_.emplace_back(name, value.detach()); }
  void note(const std::string& name, const Tensor& value) const {
    if (observer_ && value.defined()) observer_(name, value);
  }
  void note_gradients(const Learner& learner);
  torch::Device device() const { return world_.device; }

  static constexpr const char* token_rows = "token_rows";
  World& world_;
  Method method_;
  TrainerOptions options_;
  Random random_;
  std::shared_ptr<TokenRows> rows_, student_rows_;
  Denoiser teacher_, student_;
  Tensor null_condition_;
  Learner teacher_learner_{"teacher"}, student_learner_{"student"};
  std::vector<std::unique_ptr<CriticAtWork>> critics_;
  std::vector<Learner> critic_learners_;
  std::unique_ptr<AverageState> average_;
  std::optional<PictureCache> cache_;
  Metrics metrics_;
  Observer observer_;
};

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/train/detail/trainer.hpp>
#include <opad/train/detail/trainer_setup.hpp>
#endif
