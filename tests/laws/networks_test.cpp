// Every policy of each slot that works with networks, by the lists of its folder's all.hpp, under the laws of its slot,
// on the tiny models.
#include <opad/adapter/all.hpp>
#include <opad/adversarial/all.hpp>
#include <opad/coupling/filter/all.hpp>
#include <opad/encoder/all.hpp>
#include <opad/real/all.hpp>
#include <opad/space/all.hpp>
#include <opad/student_sampler/all.hpp>
#include <opad/target/all.hpp>
#include <opad/tokens/all.hpp>
#include <opad/words/all.hpp>

#include "laws/adapter.hpp"
#include "laws/coupling.hpp"
#include "laws/critic.hpp"
#include "laws/each.hpp"
#include "laws/space.hpp"
#include "laws/student_sampler.hpp"
#include "laws/teacher_target.hpp"
#include "laws/words.hpp"

using namespace opad;

namespace {

Networks vae_alone() { return Networks(AutoencoderKL::from_pretrained(tiny_models / "teacher" / "vae")); }

/// The network that a Backbone, or a view of one, looks through.
template <class B>
auto tiny_network() {
  return B::load(tiny_models / std::string(B::name));
}

/// A recipe that hears words so.
template <class Words>
struct Hearing : Default {
  static auto losses() { return loss_list(LatentMse{}); }
  static auto critics() { return critic_list(); }
  static auto words() { return Words{}; }
};

}  // namespace

TEST_CASE("Every adapter obeys the laws of its slot", "[laws][adapter]") {
  laws::each(all::adapters, []<class A>(const A& adapter) { laws::adapter(adapter, !std::same_as<A, TokensOnly>); });
}
TEST_CASE("Every critic obeys the laws of its slot", "[laws][critic]") {
  laws::each(all::critics, [](const auto& critic) { laws::critic(critic); });
}
TEST_CASE("Every kind of real pictures obeys the laws of its slot", "[laws][real]") {
  laws::each(all::real_pictures, [](const auto& real) { laws::real_pictures(real); });
  SECTION("photographs with the canvas, through the VAE") {
    laws::real_pictures(Photographs{.canvas = true, .through_vae = true});
    laws::real_pictures(Photographs{.canvas = false, .through_vae = false});
  }
}
TEST_CASE("Every filter obeys the laws of its slot", "[laws][filter]") {
  Networks networks = vae_alone();
  networks.put<IdentityEncoder>(tiny_network<IdentityEncoder>());
  laws::each(all::filters, [&](const auto& filter) { laws::filter(filter, networks); });
}
TEST_CASE("Every space obeys the laws of spaces", "[laws][space]") {
  Networks networks = vae_alone();
  networks.put<Dino>(tiny_network<Dino>());
  laws::each(all::spaces, [&]<class S>(S) {
    if constexpr (requires { typename S::from; }) {
      const auto shape = std::same_as<typename S::from, Latent> ? Shape{2, 4, 8, 8} : Shape{2, 3, 64, 64};
      laws::space<S>(networks, Random(6).stream("input").normal(shape) * 0.5);
    } else {
      STATIC_REQUIRE(std::same_as<S, Latent>);  // the one that everything begins with
    }
  });
}
TEST_CASE("Every backbone obeys the laws of backbones", "[laws][encoder]") {
  laws::each(all::backbones,
             []<class B>(B) { laws::backbone<B>(*tiny_network<typename opad::detail::BackboneOf<B>::type>()); });
}
TEST_CASE("Every target obeys the laws of its slot", "[laws][target]") {
  laws::each(all::targets, []<class T>(T target) {
    if constexpr (T::needs_teacher) {
      target.guidance = 3;
      laws::teacher_target(target);
    } else {
      STATIC_REQUIRE(T::clean);  // the photographs themselves
    }
  });
  SECTION("other numbers of points and steps") {
    laws::teacher_target(Grid<10, 1>{.guidance = 3});
    laws::teacher_target(Grid<10, 4>{.guidance = 3});
    laws::teacher_target(FullSampling{.steps = 4, .guidance = 3});
    STATIC_REQUIRE_FALSE(RealImages::needs_teacher);
  }
}
TEST_CASE("Every sampler of the student obeys the laws of its slot", "[laws][sampler]") {
  laws::each(all::student_samplers, [](const auto& sampler) { laws::student_sampler(sampler); });
  SECTION("two steps") { laws::student_sampler(EulerSteps{.steps = 2}); }
}
TEST_CASE("Every token policy obeys the laws of its slot", "[laws][tokens]") {
  const auto tokenizer = ClipTokenizer::from_pretrained(tiny_models / "teacher" / "tokenizer");
  laws::each(all::tokens, [&](const auto& policy) { laws::token_policy(policy, tokenizer); });
}
TEST_CASE("Every way to hear words obeys the laws of its slot", "[laws][words]") {
  laws::each(all::words, []<class W>(const W& words) {
    laws::text_conditioning(words);
    // who shares a text encoder shares the new rows; else both learn their own
    TinyRun<Hearing<W>> run;
    const Tensor before = run.rows->rows().detach().clone();
    run.iterate(0);
    REQUIRE((&run.trainer->rows() == &run.trainer->student_rows()) == W::shared);
    REQUIRE_FALSE(at::equal(run.trainer->rows().rows(), before));
    REQUIRE_FALSE(at::equal(run.trainer->student_rows().rows(), before));
    REQUIRE(at::equal(run.trainer->rows().rows(), run.trainer->student_rows().rows()) == W::shared);
  });
}
