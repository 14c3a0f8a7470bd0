#pragma once
#include <opad/io/cut_events.hpp>

#include "program.hpp"

/// Short runs as a user starts them.

inline std::string in_quotes(const fs::path& path) { return "'" + path.string() + "'"; }

/// A run of two iterations. Options in `more` stand in the place of the usual ones.
inline Finished train(const fs::path& output, const std::string& more = "", const std::string& models = tiny,
                      const std::string& before = "") {
  std::string usual;
  for (const auto& [option, value] : {std::pair<std::string, std::string>{"--instance-data", "'" + photos + "'"},
                                      {"--instance-prompt", "'<new1> cat'"},
                                      {"--validation-prompt", "'a <new1> cat'"}})
    if (more.find(option) == more.npos) usual += option + " " + value + " ";
  return start("opad",
               "--models " + in_quotes(models) + " --initializer-token photo --output " + in_quotes(output) +
                   " --steps 2 --batch-size 1 --preview-every 0 --preview-count 1 --teacher-preview-steps 0 "
                   "--checkpoint-every 2 " +
                   usual + more,
               before);
}
inline Finished picture(const fs::path& output, const std::string& more) {
  return start("generate", "--overwrite --count 1 --prompt 'a <new1> cat' --output " + in_quotes(output) + " " + more);
}

inline constexpr const char* weights = "pytorch_custom_diffusion_weights.safetensors";

/// The steps that a run's event files show for a number, in order.
inline std::vector<std::int64_t> shown_steps(const fs::path& run) {
  std::vector<std::int64_t> steps;
  for (const auto& entry : fs::directory_iterator(run)) {
    if (!entry.path().filename().string().starts_with("events.")) continue;
    const std::string file = read_text(entry.path());
    for (std::size_t at = 0; at < file.size();) {
      std::uint64_t length = 0;
      std::memcpy(&length, file.data() + at, 8);
      const auto message = std::string_view(file).substr(at + 12, length);
      if (message.find("\x0a\x07student") != message.npos)  // the tag, in field 1 of the value
        steps.push_back(opad::detail::step_of_event(message).value());
      at += 16 + length;
    }
  }
  std::ranges::sort(steps);
  return steps;
}
