#pragma once
#include <opad/core/hana.hpp>
#include <opad/schedule/linear_betas.hpp>
#include <opad/schedule/scaled_linear.hpp>
#include <opad/schedule/schedule_choice.hpp>
#include <opad/schedule/sigmoid_betas.hpp>
#include <opad/schedule/squared_cosine.hpp>
#include <opad/schedule/trained_betas.hpp>
#include <opad/schedule/zero_terminal_snr.hpp>

namespace opad::all {

/// Every noise schedule; CheckpointSchedule, the default of the slot, is none of its own. ZeroTerminalSnr is listed for
/// its table of alphas: as the slot's value it is refused, since epsilon cannot be predicted where nothing but noise
/// is.
inline constexpr auto noise_schedules =
    hana::tuple_t<ScaledLinear, LinearBetas, SquaredCosine, SigmoidBetas, TrainedBetas, ZeroTerminalSnr<ScaledLinear>>;

}  // namespace opad::all
