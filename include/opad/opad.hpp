#pragma once
/// What an experiment includes: every policy, the presets, derived recipes, and run<Recipe>().
#include <opad/adapter/full_weights.hpp>
#include <opad/adapter/lora.hpp>
#include <opad/adapter/tokens_only.hpp>
#include <opad/adversarial/vsd.hpp>
#include <opad/coupling/collaborative.hpp>
#include <opad/experiment/run.hpp>
#include <opad/loss/pixel_huber.hpp>
#include <opad/loss/pixel_mse.hpp>
#include <opad/space/layers.hpp>
#include <opad/space/patches.hpp>
#include <opad/target/full_sampling.hpp>
#include <opad/target/grid.hpp>
#include <opad/target/real_images.hpp>
#include <opad/train/derived.hpp>
#include <opad/train/presets.hpp>
