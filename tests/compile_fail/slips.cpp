// What a person reads whose slip of the pen would otherwise compile and change nothing, or too much. Each "// prints:"
// line must be among the compiler's errors.
#include <opad/adapter/lora.hpp>
#include <opad/coupling/sequential.hpp>
#include <opad/experiment/run/run.hpp>
#include <opad/experiment/sweep/sweep.hpp>

using namespace opad;

/// A recipe with one function, of a name that no slot has.
#define RECIPE_WITH(name)                  \
  struct With_##name : Default {           \
    static auto name() { return 1; }       \
  };                                       \
  Policies<With_##name> policies_with_##name;

// prints: Recipe: one of its functions has a name that no slot has; did you mean 'losses'?
RECIPE_WITH(loss)
// prints: Recipe: one of its functions has a name that no slot has; did you mean 'weighting'?
RECIPE_WITH(weightings)
// prints: Recipe: one of its functions has a name that no slot has; did you mean 'critics'?
RECIPE_WITH(critic)
// prints: Recipe: one of its functions has a name that no slot has; did you mean 'real'?
RECIPE_WITH(reals)
// prints: Recipe: one of its functions has a name that no slot has; did you mean 'target'?
RECIPE_WITH(targets)
// prints: Recipe: one of its functions has a name that no slot has; did you mean 'coupling'?
RECIPE_WITH(couplings)
// prints: Recipe: one of its functions has a name that no slot has; did you mean 'words'?
RECIPE_WITH(text)
// prints: Recipe: one of its functions has a name that no slot has; did you mean 'tokens'?
RECIPE_WITH(token)
// prints: Recipe: one of its functions has a name that no slot has; did you mean 'teacher_adapter'?
RECIPE_WITH(teacher_adapters)
// prints: Recipe: one of its functions has a name that no slot has; did you mean 'student_adapter'?
RECIPE_WITH(adapter)
// prints: Recipe: one of its functions has a name that no slot has; did you mean 'sampler'?
RECIPE_WITH(student)
// prints: Recipe: one of its functions has a name that no slot has; did you mean 'noise_schedule'?
RECIPE_WITH(noise_schedules)
// prints: Recipe: one of its functions has a name that no slot has; did you mean 'token_optimiser'?
RECIPE_WITH(token_optimizer)
// prints: Recipe: one of its functions has a name that no slot has; did you mean 'teacher_optimiser'?
RECIPE_WITH(teacher_optimizer)
// prints: Recipe: one of its functions has a name that no slot has; did you mean 'student_optimiser'?
RECIPE_WITH(optimizer)
// prints: Recipe: one of its functions has a name that no slot has; did you mean 'critic_optimiser'?
RECIPE_WITH(critic_optimisers)
// prints: Recipe: one of its functions has a name that no slot has; did you mean 'learning_rate'?
RECIPE_WITH(learning_rates)
// prints: Recipe: one of its functions has a name that no slot has; did you mean 'average'?
RECIPE_WITH(averages)

// A slip that nobody thought of: the recipe is its preset then.
struct Misspelt : Default {
  static std::string name() { return "misspelt"; }
  static auto cuopling() { return Sequential{}; }
};
// prints: This recipe changes no slot of the preset that it derives from: is one of its functions misspelt? The slots are
int misspelt(int argc, char** argv) { return run<Misspelt>(argc, argv); }

struct Row1 : Default {
  static std::string name() { return "row-1"; }
  static auto coupling() { return Sequential{}; }
};
struct Row2 : Row1 {
  static std::string name() { return "row-2"; }
  static auto cuopling() { return Joint{}; }
};
// prints: sweep: two rows have the same function in every slot, so they compute the same.
int two_rows(int argc, char** argv) { return sweep(hana::tuple_t<Row1, Row2>, argc, argv); }

// What a row says beside its recipe is one typed function. A member of another name is not found...
struct Unknown : Row1 {
  static RowFacts row() { return {.publised = drops}; }
};
// prints: error: could not convert

/// ...and a member of the recipe itself is refused.
#define ROW_WITH(type, fact, value)              \
  struct Row_##fact : Row1 {                     \
    static constexpr type fact = value;          \
  };                                             \
  RowFacts facts_##fact = opad::detail::facts_of<Row_##fact>();
// prints: facts_of() [with Recipe = Row_copied]
ROW_WITH(bool, copied, true)
// prints: facts_of() [with Recipe = Row_published]
ROW_WITH(int, published, drops)
// prints: facts_of() [with Recipe = Row_teacher_of]
ROW_WITH(std::string_view, teacher_of, "full")
// prints: Recipe: what a row says beside its recipe is one function: static RowFacts row() { return {.published = drops}; }
struct Untyped : Row1 {
  static auto row() { return drops; }
};
// prints: Recipe: row() gives no RowFacts (include/opad/recipe/row.hpp).
RowFacts untyped = opad::detail::facts_of<Untyped>();

// prints: Replace<Base, Old, New>: two or more slots of Base give Old; say which one is meant, as in Replace<Base, Old, New,
auto both = sizeof(Replace<Default, CustomDiffusion<KeyValue>, Lora<4>>);
// prints: Replace<Base, Old, New, Slot>: the slot 'coupling' of Base does not give Old.
auto elsewhere = Replace<Default, CustomDiffusion<KeyValue>, Lora<4>, slot::coupling>::coupling();

// A function that a policy may have is refused where it cannot be called; it would be passed over otherwise.
struct Unheard : SharedTextEncoder {
  Tensor heard(const Tensor& condition) const { return condition; }
};
struct Unchecked : RandomStep {
  void check(std::int64_t) const {}
};
struct WithBoth : Default {
  static auto words() { return Unheard{}; }
  static auto target() { return Unchecked{}; }
};
// prints: This recipe's words have a heard() that cannot be called; give it `Tensor heard(const Tensor& condition, const
// prints: This recipe's target has a check() that cannot be called; give it `void check(const SchedulerConfig& teacher)
Method with_both = method_of(Policies<WithBoth>{});
