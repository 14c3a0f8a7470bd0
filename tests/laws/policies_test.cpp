// Every policy of each slot that needs no network, by the lists of its folder's all.hpp, under the laws of its slot.
#include <opad/adversarial/augmentation/all.hpp>
#include <opad/adversarial/head/all.hpp>
#include <opad/adversarial/objective/all.hpp>
#include <opad/adversarial/regulariser/all.hpp>
#include <opad/average/all.hpp>
#include <opad/coupling/all.hpp>
#include <opad/learning_rate/all.hpp>
#include <opad/loss/all.hpp>
#include <opad/optimiser/all.hpp>
#include <opad/schedule/all.hpp>
#include <opad/weighting/all.hpp>

#include "laws/coupling.hpp"
#include "laws/each.hpp"
#include "laws/learning_rate.hpp"
#include "laws/loss_term.hpp"
#include "laws/noise_schedule.hpp"
#include "laws/objective.hpp"
#include "laws/optimiser.hpp"
#include "laws/space.hpp"
#include "laws/weighting.hpp"

using namespace opad;

namespace {

/// What a term compares, small.
template <class S>
Shape shape_in() {
  if constexpr (std::same_as<S, Latent>) return {3, 4, 8, 8};
  else if constexpr (std::same_as<S, LpipsFeatures>) return {3, 20};
  else if constexpr (requires { typename S::backbone; }) return {3, 4, 8};
  else return {2, 3, 16, 16};
}

}  // namespace

TEST_CASE("Every loss term obeys the laws of its slot", "[laws][loss]") {
  laws::each(all::losses, [](auto term) {
    if constexpr (requires { term.levels; }) term.levels = 2, term.projections = 3, term.patch = 3;  // seconds, else
    laws::loss_term(term, shape_in<typename decltype(term)::space>());
  });
}
TEST_CASE("Every objective obeys the laws of its slot", "[laws][objective]") {
  laws::each(all::objectives, [](const auto& objective) { laws::objective(objective); });
}
TEST_CASE("Every head obeys the laws of its slot", "[laws][head]") {
  laws::each(all::heads, [](const auto& head) { laws::head(head); });
}
TEST_CASE("Every regulariser obeys the laws of its slot", "[laws][regulariser]") {
  laws::each(all::regularisers, [](const auto& regulariser) { laws::regulariser(regulariser); });
}
TEST_CASE("Every change of pictures obeys the laws of its slot", "[laws][augmentation]") {
  laws::each(all::augmentations, []<class C>(C change) {
    if constexpr (std::same_as<C, Translation>) change.share = 0.25;  // more than a pixel of the law's small pictures
    laws::picture_change(change, /*draws=*/!std::same_as<C, Blur>);
  });
  SECTION("a translation that reflects") { laws::picture_change(Translation{.share = 0.25, .reflect = true}); }
}
TEST_CASE("Every coupling obeys the laws of its slot", "[laws][coupling]") {
  laws::each(all::couplings, [](const auto& coupling) { laws::coupling(coupling); });
  SECTION("uneven shares") {
    laws::coupling(Sequential{.teacher_share = 0.3});
    laws::coupling(Collaborative<Sequential>{.joint_share = 0.5});
  }
}
TEST_CASE("Every weighting obeys the laws of its slot", "[laws][weighting]") {
  laws::each(all::weightings, [](const auto& weighting) { laws::weighting(weighting); });
}
TEST_CASE("Every learning rate obeys the laws of its slot", "[laws][learning-rate]") {
  laws::each(all::learning_rates, [](const auto& rate) { laws::learning_rate(rate); });
}
TEST_CASE("Every optimiser obeys the laws of its slot", "[laws][optimiser]") {
  laws::each(all::optimisers, [](const auto& optimiser) { laws::optimiser(optimiser); });
}
TEST_CASE("Every average obeys the laws of its slot", "[laws][average]") {
  laws::each(all::averages, [](const auto& average) { laws::average(average); });
}
TEST_CASE("Every noise schedule obeys the laws of its slot", "[laws][schedule]") {
  laws::each(all::noise_schedules, []<class S>(S schedule) {
    if constexpr (std::same_as<S, TrainedBetas>) schedule.betas = {0.1, 0.5, 0.2};  // it has no numbers of its own
    laws::noise_schedule(schedule);
  });
}
TEST_CASE("Every way of resizing obeys the laws of its slot", "[laws][resize]") {
  laws::resize_policy(Area{});
  laws::resize_policy(Bilinear{});
  laws::resize_policy(ZeroPad{}, /*pads=*/true);
  REQUIRE_THROWS_WITH(ZeroPad{}(torch::zeros({1, 3, 8, 8}), 8, 7), ContainsSubstring("8 x 8 does not fit on 8 x 7"));
}
