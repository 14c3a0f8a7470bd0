#pragma once
#include <opad/data/sprites/answer.hpp>
#include <opad/data/sprites/held_out.hpp>
#include <opad/data/sprites/render.hpp>
#include <opad/evaluate/protocol.hpp>
#include <opad/evaluate/sprite_attributes.hpp>
#include <opad/io/image.hpp>

namespace opad {

/// Which of the sprite world's held-out concepts: hyper-parameters are chosen on the development concepts; tables are
/// made from the evaluation concepts.
enum class MiniWorldPart { Development, Evaluation };

/// The sprite world's protocol: its held-out concepts x 10 prompts x 4 pictures. At 32 pixels these are the 6 and 6
/// concepts of the first edition; from 64 pixels on the 24 for evaluation and the 8 for development of the second.
/// Their photographs are drawn into FOLDER/NAME, where they are not there yet.
inline Protocol mini_world(MiniWorldPart part, const std::filesystem::path& folder, std::int64_t resolution) {
  Protocol protocol{.name = part == MiniWorldPart::Evaluation ? "mini-world" : "mini-world-development",
                    .subjects = {}};
  for (const sprites::HeldOut& thing : sprites::held_out_of(sprites::edition_of(resolution))) {
    if (thing.evaluation != (part == MiniWorldPart::Evaluation)) continue;
    Subject subject{.name = std::string(thing.name),
                    .class_word = std::string(word(thing.identity.kind)),
                    .folder = folder / thing.name,
                    .prompts = {sprites::evaluation_prompts.begin(), sprites::evaluation_prompts.end()},
                    .attributes = sprite_attributes(thing.identity),
                    .truth = [&thing, resolution](const std::string& prompt, Stream& random) {
                      return sprites::render(sprites::sample_answer(thing.identity, prompt, random, thing.edition),
                                             resolution);
                    }};
    int number = 0;
    for (const sprites::Sprite& sprite : sprites::photographs(thing)) {
      const auto file = subject.folder / c10::str("0", ++number, ".png");
      if (!std::filesystem::exists(file)) write_png(file, sprites::render(sprite, resolution));
    }
    protocol.subjects.push_back(std::move(subject));
  }
  return detail::checked(std::move(protocol), "mini world");
}

}  // namespace opad
