#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <opad/experiment/options/suggest.hpp>
#include <opad/experiment/run/training_run.hpp>

namespace opad {

/// One row of a sweep. A recipe's type ends here: everything behind is ordinary code, compiled once for any number of
/// rows.
struct Variant {
  std::string name = {};
  std::optional<RecipeProgram> program = {};  // none: nothing is trained
  bool ip_adapter = false;  // whether the student, untrained, is shown the photographs through an IP-Adapter
  bool truth = false;       // whether no model makes its pictures: the protocol draws what the prompts ask for
  int published = 0;        // what the paper says of its identity against the reference: drops, gains, 0 nothing

  bool untrained() const { return !program && !ip_adapter && !truth; }
  RowFacts facts() const { return program ? program->row : RowFacts{}; }
};

/// The row of the IP-Adapter baseline: no training, the concept's photographs beside every prompt (--ip-adapter,
/// --ip-adapter-scale).
struct IpAdapterRow {
  static std::string name() { return "ip-adapter"; }
};

namespace detail {

/// Whether a recipe says facts of its own, under whatever name it stands in the sweep.
template <class Recipe>
constexpr bool own_row() {
  if constexpr (requires { typename Recipe::Renamed; }) return own_row<typename Recipe::Renamed>();
  else return requires { &Recipe::row; };
}

/// Whether two rows of a sweep compute the same, as far as their types tell.
template <class A, class B>
constexpr bool same_recipe() {
  if constexpr (std::same_as<A, B> || std::same_as<A, IpAdapterRow> || std::same_as<B, IpAdapterRow>) return false;
  else return same_slots<A, B> && same_defaults<A, B>() && !own_row<A>() && !own_row<B>();
}
template <class A, class... Others>
constexpr bool same_as_none() {
  static_assert(
      !(same_recipe<A, Others>() || ...),
      "sweep: two rows have the same function in every slot, so they compute the same. Is a function of one of "
      "them misspelt? The slots are listed in include/opad/recipe/slots.hpp.");
  return true;
}

template <class Recipe>
Variant variant_of() {
  if constexpr (std::same_as<Recipe, IpAdapterRow>) {
    return {.name = Recipe::name(), .ip_adapter = true, .published = drops};
  } else {
    RecipeProgram program = program_of<Recipe>();
    return {.name = program.name, .program = program, .published = program.row.published};
  }
}

}  // namespace detail

/// The rows of a hana sequence of types: recipes, each of which may say RowFacts (recipe/row.hpp), and IpAdapterRow.
template <class Rows>
std::vector<Variant> variants_of(const Rows& rows) {
  return hana::unpack(rows, [](auto... row) {
    static_assert((detail::same_as_none<typename decltype(row)::type, typename decltype(row)::type...>() && ...));
    return std::vector<Variant>{detail::variant_of<typename decltype(row)::type>()...};
  });
}

}  // namespace opad
