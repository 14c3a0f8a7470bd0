// Every number of every policy, by the lists of the folders' all.hpp: what it refuses is said with the option's name,
// when the options are read.
#include <opad/adapter/all.hpp>
#include <opad/adversarial/all.hpp>
#include <opad/adversarial/augmentation/all.hpp>
#include <opad/adversarial/head/all.hpp>
#include <opad/adversarial/regulariser/all.hpp>
#include <opad/average/all.hpp>
#include <opad/coupling/all.hpp>
#include <opad/coupling/filter/all.hpp>
#include <opad/data/augmentation.hpp>
#include <opad/experiment/options/bind_policies.hpp>
#include <opad/learning_rate/all.hpp>
#include <opad/loss/all.hpp>
#include <opad/optimiser/all.hpp>
#include <opad/schedule/all.hpp>
#include <opad/student_sampler/all.hpp>
#include <opad/target/all.hpp>
#include <opad/weighting/all.hpp>

#include "support/catch.hpp"

using namespace opad;

namespace {

template <class Policy>
void bind(Options& options, Policy& policy) {
  if constexpr (requires { policy.objective; }) opad::detail::bind_critic(options, "policy", policy);
  else options.bind("policy", policy);
}

/// "" where the options are accepted.
template <class Policy>
std::string refusal(const std::string& name, const char* value) {
  Policy policy;
  Options options("trainer", "Trains something.");
  bind(options, policy);
  const std::string word = "--" + name;
  const std::array words{"trainer", word.c_str(), value};
  try {
    (void)options.parse(words.size(), words.data());
  } catch (const Error& error) { return error.what(); }
  return "";
}

/// The names of a policy's numbers.
template <class Policy>
std::vector<std::string> numbers_of() {
  Policy policy;
  Options options("trainer", "Trains something.");
  bind(options, policy);
  std::vector<std::string> names;
  for (const Option& option : options.all())
    if (!option.list && (option.kind == Option::Kind::Integer || option.kind == Option::Kind::Number))
      names.push_back(option.name);
  return names;
}

}  // namespace

TEST_CASE("What a policy refuses of its numbers is said with the option's name", "[laws][options]") {
  int refused = 0;
  const auto examine = [&]<class Policy>(const Policy&) {
    for (const std::string& name : numbers_of<Policy>())
      for (const char* value : {"-1", "0", "1001"}) {
        const std::string said = refusal<Policy>(name, value);
        CAPTURE(name, value, said);
        if (said.empty()) continue;
        REQUIRE_THAT(said, ContainsSubstring("--" + name + " " + value + ": give "));
        ++refused;
      }
  };
  const auto each_of = [&](const auto& list) {
    hana::for_each(list, [&](auto type) { examine(typename decltype(type)::type{}); });
  };
  each_of(all::adapters);
  each_of(all::critics);
  each_of(all::augmentations);
  each_of(all::heads);
  each_of(all::regularisers);
  each_of(all::averages);
  each_of(all::couplings);
  each_of(all::filters);
  each_of(all::learning_rates);
  each_of(all::losses);
  each_of(all::optimisers);
  each_of(all::noise_schedules);
  each_of(all::student_samplers);
  each_of(all::targets);
  each_of(all::weightings);
  examine(Augmentation{});
  REQUIRE(refused > 40);
  REQUIRE(refusal<AdamW>("policy.learning-rate", "-1") == "--policy.learning-rate -1: give 0 or more");
  REQUIRE(refusal<Collaborative<Joint, KeepBest<>>>("policy.filter.share", "2") ==
          "--policy.filter.share 2: give a share in (0, 1]");
}
