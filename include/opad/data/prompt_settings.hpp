#pragma once
#include <array>
#include <string_view>

namespace opad {

/// Settings in which the second stage of the method shows a concept (coupling/collaborative.hpp). {} is the concept,
/// "<new1> dog".
inline constexpr std::array<std::string_view, 16> prompt_settings{"a photo of a {} in the snow",
                                                                  "a photo of a {} on the beach",
                                                                  "a photo of a {} in the forest",
                                                                  "a photo of a {} at night",
                                                                  "a photo of a {} on the grass",
                                                                  "a photo of a {} in the water",
                                                                  "a photo of a {} on a table",
                                                                  "a photo of a {} in the city",
                                                                  "a photo of a {} in the mountains",
                                                                  "a photo of a {} in the desert",
                                                                  "a photo of a {} on a wooden floor",
                                                                  "a close-up photo of a {}",
                                                                  "a painting of a {}",
                                                                  "a pencil sketch of a {}",
                                                                  "a photo of a {} in the rain",
                                                                  "a photo of a {} under a blue sky"};

}  // namespace opad
