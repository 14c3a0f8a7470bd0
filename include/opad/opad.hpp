#pragma once
/// What an experiment includes: every policy, the presets, and run<Recipe>().
#include <opad/adapter/full_weights.hpp>
#include <opad/adapter/lora.hpp>
#include <opad/adapter/tokens_only.hpp>
#include <opad/experiment/run.hpp>
#include <opad/loss/pixel_huber.hpp>
#include <opad/loss/pixel_mse.hpp>
#include <opad/train/recipe.hpp>
