#pragma once
#include <torch/nn/module.h>

#include <cmath>
#include <functional>
#include <set>

#include <opad/core/once.hpp>
#include <opad/core/random.hpp>
#include <opad/core/tensor.hpp>

namespace opad {

/// Gives every parameter of a module the tensor of its name. The module takes the tensors over without a copy where
/// they are float32 already (so a mapped file stays mapped); other types are widened to float32.
///   source  where the tensors are from, for error messages
/// Throws unless every parameter is there in its shape, and every tensor of the file is used or its name is in
/// `ignored`.
void load_parameters(torch::nn::Module& module, const Tensors& tensors, const std::string& source,
                     const std::set<std::string>& ignored = {});

/// A module's parameters by name, as a weight file holds them.
///   prefix  put before each name
Tensors parameters_of(const torch::nn::Module& module, const std::string& prefix = "");

/// Random weights that keep activations sane, for tests, benchmarks and dry runs: matrices normal with standard
/// deviation gain / sqrt(fan in), scales of norms and layers 1, everything else of one dimension 0.
void fill_random(torch::nn::Module& module, const Random& random, double gain = 0.7);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/models/detail/parameters.hpp>
#endif
