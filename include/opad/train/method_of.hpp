#pragma once
#include <opad/recipe/slots.hpp>
#include <opad/space/render.hpp>
#include <opad/train/iteration.hpp>
#include <opad/train/method.hpp>

namespace opad {

namespace detail {

/// What cannot work is refused in a sentence while the recipe compiles.
template <class P>
struct RequireSense {
  using Coupling = decltype(P::coupling);
  static constexpr bool has_teacher = Coupling::has_teacher;
  static constexpr bool aligns = !decltype(P::losses)::empty, criticised = !decltype(P::critics)::empty;
  static_assert(
      has_target<P> || !aligns,
      "This recipe's coupling has no teacher, but its alignment terms are compared with what one says. Leave "
      "them out (loss_list()), choose the target RealImages, or a coupling with a teacher (Joint, Sequential, "
      "FrozenTeacher).");
  static_assert(has_teacher || !decltype(P::critics)::needs_teacher,
                "This recipe's coupling has no teacher, but one of its critics asks for "
                "one (Vsd). Choose another critic, or a coupling with a teacher (Joint).");
  static_assert(has_teacher || !decltype(P::real)::from_teacher,
                "This recipe's coupling has no teacher, but its critics take the teacher's answers "
                "for real (TeacherAnswers). Choose Photographs, or a coupling with a teacher (Joint).");
  static_assert(aligns || criticised || !has_teacher,
                "This recipe gives the student nothing to learn from: neither alignment terms nor critics.");
  static constexpr bool checked = true;
};

/// term(student, target), with its own stream where it draws.  [B]
template <class Term>
Tensor apply_term(const Term& term, const Draws& draws, const Tensor& student, const Tensor& target) {
  if constexpr (requires(Stream& stream) { term(student, target, stream); }) {
    Stream stream = draws.stream(c10::str("loss/", Term::name));
    return term(student, target, stream);
  } else {
    return term(student, target);
  }
}

/// Compares pictures with themselves, so that numbers that a term refuses are refused before a run begins.
template <class P, class Term>
void check_term(const Term& term, Table& table) {
  torch::NoGradGuard no_grad;
  const Tensor pictures = Iteration<P>(table).template photographs<typename Term::space>();
  apply_term(term, table.draws, pictures, pictures);
}

/// One term's value for each sample.  [B]
template <class P, class Term>
Tensor distance(const Term& term, Table& table) {
  Iteration<P> it(table);
  const Tensor& student = it.template student<typename Term::space>();
  const Tensor& target = it.template target<typename Term::space>();
  const Tensor value = apply_term(term, table.draws, student, target);
  for (const auto& [what, tensor] : {std::pair{".student", &student}, {".target", &target}, {".per_sample", &value}})
    table.note(c10::str("loss.", Term::name, what), *tensor);
  return value;
}

template <class P, class C>
struct CriticOf final : CriticAtWork {
  CriticOf(const C& critic, const std::string& name_, const Workshop& shop)
      : CriticAtWork(name_),
        state(critic, name_, shop) {}
  NamedTensors parameters() const override { return state.parameters(); }
  double weight(std::int64_t age) const override { return state.weight(age); }
  Tensor student_loss(Table& table) const override {
    Iteration<P> it(table);
    return state.student_loss(it);
  }
  Tensor own_loss(Table& table) const override {
    Iteration<P> it(table);
    return state.own_loss(it);
  }
  typename C::State state;
};

template <class A>
AdapterFunctions functions_of(const A& adapter) {
  return {.name = std::string(A::name),
          .install = [=](UNet2DConditionModel& unet) { return adapter.install(unet); },
          .save = [=](UNet2DConditionModel& unet, const std::filesystem::path& to) { adapter.save(unet, to); },
          .load = [=](UNet2DConditionModel& unet, const std::filesystem::path& from) { adapter.load(unet, from); },
          .merge = [=](UNet2DConditionModel& unet) { adapter.merge(unet); }};
}
template <class O>
auto builder_of(const O& optimiser) {
  return [=](NamedTensors parameters) { return optimiser.build(std::move(parameters)); };
}

}  // namespace detail

/// The method that a recipe's policies make, with their values as they are now.
template <class P>
Method method_of(const P& p) {
  static_assert(detail::RequireSense<P>::checked);
  using Coupling = decltype(P::coupling);
  using Target = decltype(P::target);
  using Real = decltype(P::real);
  using Words = decltype(P::words);
  Method m{.has_teacher = Coupling::has_teacher,
           .trains_teacher = Coupling::trains_teacher,
           .shared_words = Words::shared,
           .student_learns_words = !Words::shared || !Coupling::has_teacher,
           .table_decays = decltype(P::tokens)::whole_table_decays,
           .target_asks_teacher = Target::needs_teacher,
           .target_has_timestep = Target::needs_teacher && !Target::clean,
           .real_from_teacher = Real::from_teacher,
           .own_schedule = !std::same_as<decltype(P::noise_schedule), CheckpointSchedule>};
  m.coupling = p.coupling;
  m.learning_rate = p.learning_rate;
  m.weighting = p.weighting;
  if constexpr (requires { p.coupling.denoising_weight; }) m.denoising_weight = p.coupling.denoising_weight;
  if constexpr (HasSecondStage<Coupling>) {
    SecondStageFunctions stage{.boundary = [c = p.coupling](std::int64_t total) { return c.boundary(total); },
                               .pictures = p.coupling.pictures};
    if constexpr (requires { typename Coupling::Filter::space; }) {
      if constexpr (requires { p.coupling.filter.check(); }) p.coupling.filter.check();
      stage.share = p.coupling.filter.share;
      stage.render = [](Networks& networks, const Tensor& image) {
        return render_picture<typename Coupling::Filter::space>(networks, image);
      };
    }
    m.second_stage = std::move(stage);
  }
  hana::for_each(p.losses.terms, [&]<class Term>(const Term& term) {
    m.terms.push_back({std::string(Term::name), term.weight, [=](Table& table) { detail::check_term<P>(term, table); },
                       [=](Table& table) { return detail::distance<P>(term, table); }});
  });
  static_assert(
      requires(const SchedulerConfig& teacher) { p.target.check(teacher); } || requires { p.target.check(); } ||
          !requires { &Target::check; },
      "This recipe's target has a check() that cannot be called; give it `void check(const SchedulerConfig& "
      "teacher) const`.");
  m.check_target = [target = p.target](const SchedulerConfig& teacher) {
    if constexpr (requires { target.check(teacher); }) target.check(teacher);
  };
  if constexpr (Target::needs_teacher) {
    if constexpr (!Target::clean)
      m.target_timestep = [target = p.target](const Question& q, const Draws& draws) {
        return target.timestep(q, draws);
      };
    m.target_latent = [target = p.target](const Question& q, const Tensor& t) { return target.latent(q, t); };
  }
  m.critic_names = p.critics.names();
  m.build_critics = [critics = p.critics](const Workshop& shop) {
    std::vector<std::unique_ptr<CriticAtWork>> out;
    critics.for_each(critics, [&]<class C>(const C& critic, const std::string& name) {
      out.push_back(std::make_unique<detail::CriticOf<P, C>>(critic, name, shop));
    });
    return out;
  };
  if constexpr (!decltype(P::critics)::empty) {
    m.real_pictures = [real = p.real](Table& table) {
      Iteration<P> it(table);
      return real(it);
    };
    m.real_weight = [real = p.real](Table& table) -> Tensor {
      Iteration<P> it(table);
      if constexpr (requires { real.weight(it); }) return real.weight(it);
      else return {};
    };
  }
  static_assert(
      requires(const Tensor& c, const Draws& draws) { p.words.heard(c, draws); } || !requires { &Words::heard; },
      "This recipe's words have a heard() that cannot be called; give it `Tensor heard(const Tensor& condition, "
      "const Draws& draws) const`.");
  m.heard = [words = p.words](const Tensor& condition, const Draws& draws) -> Tensor {
    if constexpr (requires { words.heard(condition, draws); }) return words.heard(condition, draws);
    else return condition;
  };
  m.initial_id = [tokens = p.tokens](const ClipTokenizer& tokenizer, const std::string& word) {
    return tokens.initial_id(tokenizer, word);
  };
  m.select_rows = [tokens = p.tokens](const Tensor& gradient) { return tokens.select(gradient); };
  m.teacher_adapter = detail::functions_of(p.teacher_adapter);
  m.student_adapter = detail::functions_of(p.student_adapter);
  m.sample = p.sampler;
  m.schedule = [schedule = p.noise_schedule](const SchedulerConfig& config) { return with_schedule(config, schedule); };
  m.token_optimiser = detail::builder_of(p.token_optimiser);
  m.teacher_optimiser = detail::builder_of(p.teacher_optimiser);
  m.student_optimiser = detail::builder_of(p.student_optimiser);
  m.critic_optimiser = detail::builder_of(p.critic_optimiser);
  m.average = [average = p.average](const NamedTensors& parameters) { return average.build(parameters); };
  return m;
}

}  // namespace opad
