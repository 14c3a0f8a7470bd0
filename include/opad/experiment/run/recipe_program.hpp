#pragma once
#include <opad/experiment/options/bind_policies.hpp>
#include <opad/experiment/run/settings.hpp>
#include <opad/recipe/presets/all.hpp>
#include <opad/recipe/row.hpp>
#include <opad/train/method_of.hpp>

namespace opad {

/// An encoder that a recipe looks through.
struct RecipeEncoder {
  std::string name;
  std::function<std::shared_ptr<torch::nn::Module>(const std::filesystem::path& folder, Networks& networks)> load;
};

/// A recipe's policies with their values, as a program uses them.
struct BoundRecipe {
  virtual ~BoundRecipe() = default;
  virtual void bind(Options& options) = 0;
  virtual Json policies() = 0;  // the policies' names by slot
  virtual std::vector<RecipeEncoder> encoders() const = 0;
  virtual void scale_student_rate(double factor) = 0;
  virtual Method method() const = 0;
};

/// A recipe as everything behind it knows it: from here on no type depends on it, so that a row of a sweep costs
/// seconds of compile time.
struct RecipeProgram {
  std::string name, preset;
  std::string types;  // of its policies: two recipes with equal types differ in values only
  RowFacts row;
  std::function<void(RunSettings&)> defaults;
  std::function<std::unique_ptr<BoundRecipe>()> make;  // with the recipe's own values
  std::vector<std::string> chosen_by = {};             // words of a command line that chose it among others
};

namespace detail {

template <class Recipe>
struct BoundRecipeOf final : BoundRecipe {
  Policies<Recipe> values;
  void bind(Options& options) override { bind_policies(options, values); }
  Json policies() override { return policy_names(values); }
  std::vector<RecipeEncoder> encoders() const override {
    std::vector<RecipeEncoder> out;
    for_each_backbone(viewers(values), [&](auto backbone) {
      using B = typename decltype(backbone)::type;
      out.push_back({std::string(B::name), [](const std::filesystem::path& folder, Networks& networks) {
                       const std::shared_ptr<typename B::Network> network = B::load(folder);
                       networks.template put<B>(network);
                       return std::shared_ptr<torch::nn::Module>(network);
                     }});
    });
    return out;
  }
  void scale_student_rate(double factor) override { values.student_optimiser.learning_rate *= factor; }
  Method method() const override { return method_of(values); }
};

template <class Recipe>
constexpr bool is_preset = hana::contains(all::presets, hana::type_c<Recipe>);

/// A recipe that gives what a preset gives in every slot is a slip of the pen.
template <class Recipe>
constexpr bool changes_something() {
  if constexpr (is_preset<Recipe> || requires { typename Recipe::Renamed; }) return true;
  else
    return hana::unpack(all::presets, [](auto... preset) {
      return !((same_slots<Recipe, typename decltype(preset)::type> &&
                same_defaults<Recipe, typename decltype(preset)::type>()) ||
               ...);
    });
}

}  // namespace detail

/// A recipe as what a program needs of it, without its type. A recipe that changes nothing is refused by the compiler.
template <class Recipe>
RecipeProgram program_of() {
  static_assert(detail::changes_something<Recipe>(),
                "This recipe changes no slot of the preset that it derives from: is one of its functions misspelt? The "
                "slots are listed in include/opad/recipe/slots.hpp; a new name alone is Row<\"name\", Preset>.");
  return {.name = Recipe::name(),
          .preset = Recipe::preset(),
          .types = typeid(typename Policies<Recipe>::Types*).name(),
          .row = detail::facts_of<Recipe>(),
          .defaults =
              [](RunSettings& settings) {
                if constexpr (requires { Recipe::defaults(settings); }) Recipe::defaults(settings);
              },
          .make = [] { return std::make_unique<detail::BoundRecipeOf<Recipe>>(); }};
}

}  // namespace opad
