#pragma once
#include <boost/hana.hpp>

#include <opad/pipeline/denoise.hpp>
#include <opad/sampler/ddim.hpp>
#include <opad/target/target.hpp>

namespace opad {

/// Up to `most` steps of the teacher on DDIM's grid of `points`: one start for the whole batch, index k of the
/// grid, uniform in {0, ..., points-2}, x = add_noise(x̂0, z, grid[k]), guided DDIM steps from there; the last one's
/// predicted clean latent is y0. Where the grid ends before, y0 is DDIM's last sample. Omega is taken at the start. The
/// grid is that of the teacher's scheduler config ("leading" in Stable Diffusion's). What Grid<N, K> does; a replay of
/// a recorded run gives the numbers at run time.
struct GridSteps {
  std::int64_t points, most;
  double guidance = 7.5;

  template <class Draws>
  Tensor timestep(const Question& q, const Draws& draws) const {
    require(points >= 2 && most >= 1, "Grid: ", points, " points and ", most, " steps; give at least 2 and 1");
    const std::int64_t index = draws.integer("target/grid-start", 0, points - 1);
    const double start = Ddim(q.scheduler, points).timesteps()[static_cast<std::size_t>(index)];
    return at::full({q.start.size(0)}, static_cast<std::int64_t>(start), q.start.options().dtype(torch::kInt64));
  }
  Tensor latent(const Question& q, const Tensor& timestep) const {
    Ddim sampler(q.scheduler, points);
    const auto& grid = sampler.timesteps();
    const auto first = std::find(grid.begin(), grid.end(), timestep[0].item<double>()) - grid.begin();
    const auto [sample, clean] = denoise_steps(
        q.teacher, sampler, q.teacher.diffusion.add_noise(q.start, q.noise, timestep),
        {.condition = q.condition, .null_condition = q.null_condition, .guidance = guidance}, first, most);
    return first + most <= points ? clean : sample;
  }
};

/// A start on DDIM's N-point grid and at most K steps from there; see GridSteps. K = 1 is RandomStep on fewer noise
/// levels, with one for the whole batch. A variant of the released trainer.
template <std::int64_t N, std::int64_t K>
struct Grid {
  static_assert(N >= 2 && 1 <= K && K <= N,
                "Grid<N, K>: N points, of which K are stepped through; give N >= 2 and 1 <= K <= N.");
  static constexpr std::string_view name = "grid";
  static constexpr bool needs_teacher = true, clean = false;
  double guidance = 7.5;

  template <class Draws>
  Tensor timestep(const Question& q, const Draws& draws) const {
    return GridSteps{N, K, guidance}.timestep(q, draws);
  }
  Tensor latent(const Question& q, const Tensor& timestep) const {
    return GridSteps{N, K, guidance}.latent(q, timestep);
  }
};
static_assert(TeacherTarget<Grid<4, 2>>);

}  // namespace opad

namespace boost::hana {
template <std::int64_t N, std::int64_t K>
struct accessors_impl<opad::Grid<N, K>> {
  static constexpr auto apply() {
    return make_tuple(
        make_pair(BOOST_HANA_STRING("guidance"), [](auto&& grid) -> decltype(auto) { return (grid.guidance); }));
  }
};
}  // namespace boost::hana
