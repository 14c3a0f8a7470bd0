// What a person reads whose recipe does not fit together. Each "// prints:" line must be among the compiler's errors.
#include <opad/adversarial/vsd.hpp>
#include <opad/coupling/student_only.hpp>
#include <opad/real/teacher_answers.hpp>
#include <opad/train/trainer.hpp>

using namespace opad;

struct Alone : Default {
  static auto coupling() { return StudentOnly{}; }
};
// prints: This recipe's coupling has no teacher, but its alignment terms are compared with what one says. Leave them
// out
bool a = Trainer<Alone>::aligns;

struct AloneWithVsd : Alone {
  static auto losses() { return loss_list(); }
  static auto critics() { return critic_list(Vsd<>{}); }
};
// prints: This recipe's coupling has no teacher, but one of its critics asks for one (Vsd).
bool b = Trainer<AloneWithVsd>::aligns;

struct AloneWithAnswers : Alone {
  static auto losses() { return loss_list(); }
  static auto real() { return TeacherAnswers{}; }
};
// prints: This recipe's coupling has no teacher, but its critics take the teacher's answers for real (TeacherAnswers).
bool c = Trainer<AloneWithAnswers>::aligns;

struct NothingToLearn : Default {
  static auto losses() { return loss_list(); }
  static auto critics() { return critic_list(); }
};
// prints: This recipe gives the student nothing to learn from: neither alignment terms nor critics.
bool d = Trainer<NothingToLearn>::aligns;

struct WrongSlots : Default {
  static auto coupling() { return RandomStep{}; }
};
// prints: Recipe: coupling() gives no Coupling, such as Joint{}
using E = Policies<WrongSlots>::Coupling;
struct WrongTarget : Default {
  static auto target() { return Joint{}; }
};
// prints: Recipe: target() gives no TeacherTarget, such as RandomStep{}
using F = Policies<WrongTarget>::Target;
struct WrongText : Default {
  static auto text() { return 1; }
};
// prints: Recipe: text() gives neither SharedTextEncoder{} nor SeparateTextEncoders{}.
using G = Policies<WrongText>::Text;

// prints: This recipe has no target: its coupling trains the student without a teacher. Leave out the alignment terms,
const Tensor& target(Iteration<false>& it) { return it.target<Latent>(); }
