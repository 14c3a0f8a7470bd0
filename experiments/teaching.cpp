// teaching: what the teacher shows the student, and how the two learn together.
//   teaching --recipe collaborative --instance-data data/photos/cat --instance-prompt "<new1> cat" --output
//   runs/collaborative
#include <opad/opad.hpp>

using namespace opad;

struct GridTarget : Replace<Default, RandomStep, Grid<25, 4>> {
  static std::string name() { return "grid"; }
};
struct SampledTarget : Replace<Default, RandomStep, FullSampling> {  // and real pictures are what the teacher answers
  static std::string name() { return "full-sampling"; }
  static auto real() { return TeacherAnswers{}; }
};
struct RealTarget : Replace<Default, RandomStep, RealImages> {
  static std::string name() { return "real-images"; }
  static auto student_adapter() { return CustomDiffusion<QueryKeyValueOut>{}; }
};
struct TeacherFirst : Replace<Default, Joint, Sequential> {
  static std::string name() { return "sequential"; }
};
struct GivenTeacher : Replace<Default, Joint, FrozenTeacher> {  // --teacher-adapters FOLDER
  static std::string name() { return "frozen-teacher"; }
};
struct SeparateWords : Replace<Default, SharedTextEncoder, SeparateTextEncoders> {
  static std::string name() { return "separate-text-encoders"; }
};
struct SecondStage : Replace<Default, Joint, Collaborative<Joint, KeepBest<>>> {
  static std::string name() { return "collaborative"; }
};

int main(int argc, char** argv) {
  return run_one_of(
      hana::tuple_t<GridTarget, SampledTarget, RealTarget, TeacherFirst, GivenTeacher, SeparateWords, SecondStage>,
      argc, argv);
}
