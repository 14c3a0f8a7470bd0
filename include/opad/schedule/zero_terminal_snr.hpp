#pragma once
#include <opad/schedule/scaled_linear.hpp>

namespace opad {

/// Shifts and scales s = sqrt(alpha_bar) so that its last value is exactly 0 and its first stays: at the last step
/// nothing of the picture is left, as at the start of sampling.
///   s_t -> (s_t - s_{T-1}) s_0 / (s_0 - s_{T-1})     [T] -> [T]
/// Lin et al., "Common Diffusion Noise Schedules and Sample Steps are Flawed", WACV 2024, arXiv 2305.08891,
/// algorithm 1.
inline Eigen::ArrayXd rescale_to_zero_terminal_snr(const Eigen::ArrayXd& alpha_bar) {
  const Eigen::ArrayXd signal = alpha_bar.sqrt();
  const double first = signal[0], last = signal[signal.size() - 1];
  return ((signal - last) * (first / (first - last))).square();
}

/// Any schedule, rescaled to zero terminal signal-to-noise ratio. Needs v- or sample prediction: where alpha_bar is 0
/// the noise says nothing about x_0.
/// Returns   alpha_bar [T], float64, strictly decreasing in (0, 1), then 0.
template <NoiseSchedule Base>
struct ZeroTerminalSnr {
  static constexpr std::string_view name = "zero-terminal-snr";
  Base base{};
  Eigen::ArrayXd alpha_bar() const { return rescale_to_zero_terminal_snr(base.alpha_bar()); }
};
static_assert(NoiseSchedule<ZeroTerminalSnr<ScaledLinear>>);

}  // namespace opad

namespace boost::hana {
template <class Base>
struct accessors_impl<opad::ZeroTerminalSnr<Base>> {
  static constexpr auto apply() {
    return make_tuple(make_pair(BOOST_HANA_STRING("base"), [](auto&& s) -> decltype(auto) { return (s.base); }));
  }
};
}  // namespace boost::hana
