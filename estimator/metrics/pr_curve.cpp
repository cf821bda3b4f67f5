// pr_curve_of: sums from the highest threshold down.
#include <doctest/doctest.h>
#include <weft/estimator/metrics/pr_curve.h>

#include <vector>

namespace weft {

PrCurve pr_curve_of(const ScoreHistogram& histogram) {
  PrCurve curve;
  curve.true_positives = histogram.positives();
  curve.false_positives = histogram.negatives();
  for (size_t k = curve.true_positives.size() - 1; k-- > 0;) {
    curve.true_positives[k] += curve.true_positives[k + 1];
    curve.false_positives[k] += curve.false_positives[k + 1];
  }
  for (const double positives : curve.true_positives)
    curve.false_negatives.push_back(curve.true_positives[0] - positives);
  for (const double negatives : curve.false_positives)
    curve.true_negatives.push_back(curve.false_positives[0] - negatives);
  return curve;
}

TEST_CASE("pr curve: counts at a histogram's thresholds") {
  ScoreHistogram histogram(MetricDefinitions::v1, 3);
  histogram.add(std::vector<float>{1, 1, 0, 0}, std::vector<float>{0.9f, 0.3f, 0.6f, 0.1f});
  const PrCurve curve = pr_curve_of(histogram);
  CHECK(curve.true_positives == std::vector<double>{2, 1, 0});
  CHECK(curve.false_positives == std::vector<double>{2, 1, 0});
  CHECK(curve.false_negatives == std::vector<double>{0, 1, 2});
  CHECK(curve.true_negatives == std::vector<double>{0, 1, 2});
}

}  // namespace weft
