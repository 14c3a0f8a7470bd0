// What a person reads whose recipe does not fit together. Each "// prints:" line must be among the compiler's errors.
#include <opad/adversarial/vsd.hpp>
#include <opad/coupling/student_only.hpp>
#include <opad/encoder/dinov2.hpp>
#include <opad/real/teacher_answers.hpp>
#include <opad/recipe/presets/default.hpp>
#include <opad/train/method_of.hpp>

using namespace opad;

struct Alone : Default {
  static auto coupling() { return StudentOnly{}; }
};
// prints: This recipe's coupling has no teacher, but its alignment terms are compared with what one says. Leave them out
auto a = method_of(Policies<Alone>{});

struct AloneWithVsd : Alone {
  static auto losses() { return loss_list(); }
  static auto critics() { return critic_list(Vsd<>{}); }
};
// prints: This recipe's coupling has no teacher, but one of its critics asks for one (Vsd).
auto b = method_of(Policies<AloneWithVsd>{});

struct AloneWithAnswers : Alone {
  static auto losses() { return loss_list(); }
  static auto real() { return TeacherAnswers{}; }
};
// prints: This recipe's coupling has no teacher, but its critics take the teacher's answers for real (TeacherAnswers).
auto c = method_of(Policies<AloneWithAnswers>{});

struct NothingToLearn : Default {
  static auto losses() { return loss_list(); }
  static auto critics() { return critic_list(); }
};
// prints: This recipe gives the student nothing to learn from: neither alignment terms nor critics.
auto d = method_of(Policies<NothingToLearn>{});

struct WrongSlots : Default {
  static auto coupling() { return RandomStep{}; }
};
// prints: Recipe: coupling() gives no Coupling, such as Joint{} (include/opad/coupling/).
Policies<WrongSlots> e;
struct WrongTarget : Default {
  static auto target() { return Joint{}; }
};
// prints: Recipe: target() gives no TeacherTarget, such as RandomStep{} (include/opad/target/).
Policies<WrongTarget> f;
struct WrongWords : Default {
  static auto words() { return 1; }
};
// prints: Recipe: words() gives no TextConditioning, such as SharedTextEncoder{} (include/opad/words/).
Policies<WrongWords> g;

// The table of an iteration has the columns that its recipe can give, and no other.
// prints: This recipe has no target: its coupling trains the student without a teacher. Leave out the alignment terms,
const Tensor& target(Iteration<Policies<Alone>>& it) { return it.target<Latent>(); }
// prints: This recipe loads no encoder that renders this space: none of its loss terms, critics and filters looks through it.
const Tensor& unseen(Iteration<Policies<Default>>& it) { return it.student<Features<DinoV2>>(); }
struct WithoutCritics : Default {
  static auto critics() { return critic_list(); }
};
// prints: This recipe has no critics, so nothing is taken for real; the photographs are photographs<S>().
const Tensor& real(Iteration<Policies<WithoutCritics>>& it) { return it.real<Pixel>(); }
