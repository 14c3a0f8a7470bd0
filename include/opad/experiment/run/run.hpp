#pragma once
#include <opad/experiment/run/guarded_main.hpp>
#include <opad/experiment/run/training_run.hpp>

namespace opad {

/// The whole of an experiment's main:  int main(int argc, char** argv) { return opad::run<MyRecipe>(argc, argv); }
template <class Recipe>
int run(int argc, char** argv) {
  return guarded_main(Recipe::name(), [&] { return run_training(program_of<Recipe>(), argc, argv); });
}

/// One program for a list of recipes:
///   int main(int argc, char** argv) { return opad::run_one_of(hana::tuple_t<Paper, Release>, argc, argv); }
template <class Recipes>
int run_one_of(const Recipes& recipes, int argc, char** argv) {
  return hana::unpack(recipes, [&](auto... recipe) {
    return run_chosen({program_of<typename decltype(recipe)::type>()...}, argc, argv);
  });
}

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/experiment/run/detail/explain.hpp>
#include <opad/experiment/run/detail/start.hpp>
#include <opad/experiment/run/detail/train.hpp>
#endif
