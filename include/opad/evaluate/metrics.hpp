#pragma once
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include <opad/core/tensor.hpp>

namespace opad {

/// The metrics of DreamBench (Ruiz et al., "DreamBooth", CVPR 2023, arXiv 2208.12242), as functions of encoders'
/// features, in double precision. Features [n, width] need not be normalised; every metric is a number between -1 and
/// 1, diversity between 0 and 2.

/// Rows of length 1, float64.
inline Tensor unit_rows(const Tensor& features) {
  require(features.dim() == 2, "metrics: features ", features.sizes(), " instead of [n, width]");
  const Tensor rows = features.detach().cpu().to(torch::kFloat64);
  return rows / rows.norm(2, 1, true).clamp_min(1e-12);
}

/// How much each generated picture looks like the real ones: its mean cosine with all of them.
/// [g, width], [r, width] -> [g]
inline Tensor likeness(const Tensor& generated, const Tensor& real) {
  require(real.size(0) > 0, "metrics: no real pictures to compare with");
  return unit_rows(generated).matmul(unit_rows(real).t()).mean(1);
}

/// CLIP-I with CLIP's image features, DINO with those of DINO: the mean over all pairs of a generated and a real
/// picture, not below 0.
inline double image_similarity(const Tensor& generated, const Tensor& real) {
  require(generated.size(0) > 0, "metrics: no generated pictures");
  return std::max(0.0, likeness(generated, real).mean().item<double>());
}

/// How well each picture shows its prompt: the cosine of both projections.  [g, width], [g, width] -> [g]
inline Tensor prompt_agreement(const Tensor& generated, const Tensor& text) {
  require(generated.size(0) == text.size(0), "metrics: ", generated.size(0), " pictures and ", text.size(0),
          " prompts");
  return (unit_rows(generated) * unit_rows(text)).sum(1);
}

/// Image diversity of one prompt's pictures: the mean of 1 - cosine over their pairs; NaN of fewer than two pictures. 0
/// means that every seed gives the same picture.  [g, width]
inline double image_diversity(const Tensor& generated) {
  const std::int64_t n = generated.size(0);
  if (n < 2) return std::numeric_limits<double>::quiet_NaN();
  const Tensor rows = unit_rows(generated);
  const double off_diagonal = rows.matmul(rows.t()).sum().item<double>() - static_cast<double>(n);
  return 1 - off_diagonal / static_cast<double>(n * (n - 1));
}

/// A metric of the tables: its key, its heading, and whether more (+1) or less (-1) is better.
struct MetricColumn {
  std::string_view key, title;
  int better;
};
/// The metrics of the tables, in their order.
inline constexpr std::array<MetricColumn, 6> metric_columns{{{"dino", "DINO", +1},
                                                             {"clip-i", "CLIP-I", +1},
                                                             {"clip-t", "CLIP-T", +1},
                                                             {"attributes", "attributes read", +1},
                                                             {"diversity", "diversity", +1},
                                                             {"failures", "failures", -1}}};

/// When a picture counts as a failure: it does not look like the concept (its DINO likeness is below `dino`), or, where
/// there is an attribute reader, it does not even show the concept's kind of thing (probability below `kind`). The
/// paper calls such pictures severe failures and gives no number; these say what is meant here, and reports print them.
struct FailureRule {
  double dino = 0.2;
  double kind = 0.5;
};

}  // namespace opad
