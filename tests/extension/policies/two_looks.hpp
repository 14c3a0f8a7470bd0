#pragma once
#include <boost/hana.hpp>

#include <opad/target/target.hpp>

namespace lab {

/// The teacher looks twice: its answer at a random noise level t' gets noise again, as much as belongs to share * t',
/// and the answer to that is what the student is compared with. Sharper than one look, and twice as dear.
struct TwoLooks {
  static constexpr std::string_view name = "two-looks";
  static constexpr bool needs_teacher = true, clean = false;
  double guidance = 7.5, share = 0.5;

  void check(const opad::SchedulerConfig&) const {
    opad::require(0 < share && share < 1, "TwoLooks: share = ", share, "; give a share in (0, 1)");
  }
  template <class Draws>
  opad::Tensor timestep(const opad::Question& q, const Draws& draws) const {  // [B] int64
    return draws.integers("target/timestep", 0, q.teacher.diffusion.steps(), {q.start.size(0)});
  }
  opad::Tensor latent(const opad::Question& q, const opad::Tensor& timestep) const {  // [B, 4, h, w]
    return look(q, look(q, q.start, timestep), (share * timestep).to(torch::kInt64));
  }

 private:
  opad::Tensor look(const opad::Question& q, const opad::Tensor& clean, const opad::Tensor& timestep) const {
    const opad::Tensor noisy = q.teacher.diffusion.add_noise(clean, q.noise, timestep);
    const opad::Tensor prediction = q.teacher.predict_guided(noisy, timestep, q.condition, q.null_condition, guidance);
    return q.teacher.diffusion.predicted_x0(noisy, prediction, timestep);
  }
};
static_assert(opad::TeacherTarget<TwoLooks>);

}  // namespace lab

BOOST_HANA_ADAPT_STRUCT(lab::TwoLooks, guidance, share);
