#pragma once
#include <array>
#include <string_view>
#include <utility>

namespace opad {

/// What a program's exit code says. --help lists them.
///   time_is_up  is 99, for which queues of the Grid Engine family start the same job again by themselves; Slurm, LSF
///               and HTCondor can be told to
namespace exit_code {
inline constexpr int done = 0, internal_error = 1, refused = 2, diverged = 3, time_is_up = 99, by_signal = 128;

inline constexpr std::array<std::pair<std::string_view, std::string_view>, 6> meanings{{
    {"0", "done, or finished before"},
    {"1", "an internal error: a fault of the program"},
    {"2", "refused: the options, a file, the machine; one line on standard error says what to do"},
    {"3", "the training went astray: a number of it is NaN or infinite"},
    {"99", "stopped after a checkpoint, because the time of --max-minutes is up; --resume goes on"},
    {"128 + n", "stopped by signal n, after a checkpoint where there is something to keep; --resume goes on"},
}};
}  // namespace exit_code

}  // namespace opad
