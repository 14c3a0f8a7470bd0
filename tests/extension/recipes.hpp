#pragma once
#include <opad/opad.hpp>

#include "policies/alternating.hpp"
#include "policies/charbonnier.hpp"
#include "policies/clipped_rows.hpp"
#include "policies/drift.hpp"
#include "policies/flip.hpp"
#include "policies/gated.hpp"
#include "policies/given_teacher.hpp"
#include "policies/head_scales.hpp"
#include "policies/latent_statistics.hpp"
#include "policies/lion.hpp"
#include "policies/logistic_snr.hpp"
#include "policies/mean_patches.hpp"
#include "policies/restart.hpp"
#include "policies/shifted_cosine.hpp"
#include "policies/soft_photographs.hpp"
#include "policies/spectrum.hpp"
#include "policies/stairs.hpp"
#include "policies/tail_mean.hpp"
#include "policies/two_looks.hpp"
#include "policies/wasserstein.hpp"
#include "policies/word_dropout.hpp"

namespace lab {

/// What the student is compared with, and how.
struct Compared : opad::Default {
  static std::string name() { return "compared"; }
  static auto losses() { return opad::loss_list(Charbonnier{.weight = 0.5}, opad::In<Spectrum, opad::PixelMse>{}); }
  static auto weighting() { return LogisticSnr{.bias = -2}; }
  static auto target() { return TwoLooks{.share = 0.4}; }
};

/// Who judges the student's pictures, and against what.
struct Judged : opad::Default {
  static std::string name() { return "judged"; }
  static auto critics() {
    return opad::critic_list(opad::Critic{.eye = MeanPatches{},
                                          .head = Gated{.hidden = 32},
                                          .objective = Wasserstein{},
                                          .weight = 0.05,
                                          .augmentation = opad::augment(Flip{}),
                                          .regulariser = Drift{}},
                             opad::Critic{.eye = Spectrum{}, .head = opad::Linear{}, .objective = opad::Hinge{}},
                             LatentStatistics{.weight = 0.02});
  }
  static auto real() { return SoftPhotographs{}; }
};

/// What trains, and how.
struct Trained : opad::Default {
  static std::string name() { return "trained"; }
  static auto coupling() { return Alternating{}; }
  static auto words() { return WordDropout{}; }
  static auto tokens() { return ClippedRows{}; }
  static auto teacher_adapter() { return HeadScales{}; }
  static auto student_adapter() { return HeadScales{.cross_only = true}; }
  static auto sampler() { return Restart{}; }
  static auto noise_schedule() { return ShiftedCosine{}; }
  static auto teacher_optimiser() { return Lion{.learning_rate = 0.01}; }
  static auto student_optimiser() { return Lion{.learning_rate = 0.02}; }
  static auto learning_rate() { return Stairs{.stairs = 2}; }
  static auto average() { return TailMean{}; }
};

}  // namespace lab
