// The opad program, but a signal can be made to arrive at a given point:  STOP="15 3 student"  raises signal 15 the
// third time that the student's loss (or the critic's own: "critic") is computed, that is inside the third iteration
// and after the teacher's update.
#include <csignal>
#include <cstdlib>

#include <opad/opad.hpp>

namespace {

void maybe_stop(const std::string& here) {
  static std::map<std::string, int> visits;
  const int visit = ++visits[here];
  const char* const wish = std::getenv("STOP");
  if (!wish) return;
  std::istringstream words(wish);
  int signal = 0, when = 0;
  std::string where;
  words >> signal >> when >> where;
  if (where == here && when == visit) std::raise(signal);
}

struct Stop {
  static constexpr std::string_view name = "stop";
  using space = opad::Latent;
  double weight = 0.0;
  opad::Tensor operator()(const opad::Tensor& student, const opad::Tensor&) const {
    if (student.requires_grad()) maybe_stop("student");  // not where a run tries its terms before it begins
    return 0 * student.flatten(1).sum(1);
  }
};

struct StoppingObjective : opad::CrossEntropy {
  opad::Tensor fake(const opad::Tensor& logits) const {
    maybe_stop("critic");
    return CrossEntropy::fake(logits);
  }
};

struct Stopping : opad::Default {
  static std::string name() { return "stopping"; }
  static auto losses() { return opad::loss_list(opad::LatentMse{}, Stop{}); }
  static auto critics() {
    return opad::critic_list(opad::Critic{.eye = opad::Dino{}, .head = opad::Mlp{}, .objective = StoppingObjective{}});
  }
};

}  // namespace

BOOST_HANA_ADAPT_STRUCT(Stop, weight);

int main(int argc, char** argv) { return opad::run<Stopping>(argc, argv); }
