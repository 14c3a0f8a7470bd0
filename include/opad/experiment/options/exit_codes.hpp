#pragma once
#include <array>
#include <string_view>
#include <utility>

namespace opad {

/// What a program's exit code says. --help lists them.
///   time_is_up  is 99, for which queues of the Grid Engine family start the same job again by themselves; Slurm, LSF
///               and HTCondor can be told to
namespace exit_code {
inline constexpr int done = 0;            // or finished before
inline constexpr int internal_error = 1;  // a fault of the program
inline constexpr int refused = 2;         // the options, a file, the machine
inline constexpr int diverged = 3;        // a number of the training is NaN or infinite
inline constexpr int time_is_up = 99;     // that of --max-minutes
inline constexpr int by_signal = 128;     // and the signal's number

/// What --help says of each.
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
