#pragma once
/// The sprite world: captioned pictures of things, drawn by this code. What a small model needs to learn text to image
/// from scratch in minutes, and to be asked for things that it has never seen.
///
///   Stream random = Random(seed).stream("sprites", i);
///   const sprites::Sprite sprite = sprites::sample_sprite(random);  // what is to be seen: the ground truth
///   const Tensor picture = sprites::render(sprite, 64);             // uint8 [64, 64, 3]
///   const std::string text = sprites::caption(sprite, random);      // "a photo of a red striped cat in the snow"
///
/// 12 kinds x (colors, texture, accessory, proportions) x 12 scenes x 5 styles x 3 sizes x 3 places. An identity is
/// what all pictures of one thing share; the held-out concepts are identities that the sampler cannot make.
#include <opad/data/sprites/answer.hpp>
#include <opad/data/sprites/caption.hpp>
#include <opad/data/sprites/held_out.hpp>
#include <opad/data/sprites/render.hpp>
#include <opad/data/sprites/sampler.hpp>
