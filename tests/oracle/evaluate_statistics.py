"""What scipy says about intervals and p-values: writes tests/golden/evaluate/statistics.json.

    pip install numpy scipy
    python evaluate_statistics.py

scipy computes each interval from all n^n resamples, handed to it as a finished bootstrap distribution, so that nothing is random.
scipy has no expanded percentiles: those are numpy's quantiles of that distribution at the shares of Hesterberg (arXiv 1411.5279).
"""
import itertools
import json
import os
from types import SimpleNamespace

import numpy as np
from scipy import stats

CASES = {
    "even": [0.031, 0.012, 0.054, -0.008, 0.027, 0.040],
    "skewed": [0.001, 0.004, 0.002, 0.150, 0.006, 0.003],
    "negative": [-0.2, -0.1, -0.35, -0.05],
    "tied": [0.1, 0.1, -0.1, 0.2, 0.2],
    "two": [1.0, 3.0],
}


def mean(values, axis=None):
    """To 13 places: means that are equal but for the order of their sums must count as equal."""
    return np.round(np.mean(values, axis=axis), 13)


def intervals(values, level):
    n = len(values)
    means = mean(np.array(list(itertools.product(values, repeat=n))), axis=-1)
    done = SimpleNamespace(bootstrap_distribution=means)
    out = {}
    for method in ("percentile", "BCa"):
        result = stats.bootstrap((np.array(values),), mean, n_resamples=0, bootstrap_result=done, method=method,
                                 confidence_level=level, vectorized=True)
        out[method.lower()] = [float(result.confidence_interval.low), float(result.confidence_interval.high)]
    share = stats.norm.cdf(-np.sqrt(n / (n - 1)) * stats.t.ppf((1 + level) / 2, n - 1))
    out["expanded"] = [float(q) for q in np.quantile(means, [share, 1 - share])]
    return out


def main():
    cases = {}
    for name, values in CASES.items():
        p = stats.permutation_test((np.array(values),), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=True).pvalue
        cases[name] = {"values": values, "mean": float(np.mean(values)), "deviation": float(np.std(values, ddof=1)),
                       "95": intervals(values, 0.95), "80": intervals(values, 0.80), "p": float(p)}
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "evaluate", "statistics.json")
    with open(path, "w") as file:
        json.dump(cases, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
