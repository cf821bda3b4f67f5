// RegressionErrors: two means.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/estimator/metrics/check_examples.h>
#include <weft/estimator/metrics/regression_errors.h>

#include <cmath>
#include <vector>

namespace weft {

void RegressionErrors::add(std::span<const float> labels, std::span<const float> predictions,
                           std::span<const float> weights) {
  check_examples("RegressionErrors", labels, predictions, weights);
  for (size_t i = 0; i < labels.size(); ++i) {
    const double error = static_cast<double>(predictions[i]) - labels[i], weight = weights.empty() ? 1.0 : weights[i];
    absolute_.add(std::abs(error), weight);
    squared_.add(error * error, weight);
  }
}

double RegressionErrors::root_mean_squared_error() const {
  return std::sqrt(mean_squared_error());
}

void RegressionErrors::merge(const RegressionErrors& other) {
  absolute_.merge(other.absolute_);
  squared_.merge(other.squared_);
}

void RegressionErrors::save(MetricState& state, const std::string& name) const {
  absolute_.save(state, name + "/absolute");
  squared_.save(state, name + "/squared");
}

void RegressionErrors::restore(const MetricState& state, const std::string& name) {
  RegressionErrors restored;
  restored.absolute_.restore(state, name + "/absolute");
  restored.squared_.restore(state, name + "/squared");
  *this = restored;
}

TEST_CASE("regression errors: by hand, weighted, in parts") {
  const std::vector<float> labels = {1, 2, 4}, predictions = {2, 2, 1};
  RegressionErrors errors, weighted, part, restored;
  errors.add(labels, predictions);
  CHECK(errors.mean_absolute_error() == doctest::Approx(4.0 / 3));
  CHECK(errors.mean_squared_error() == doctest::Approx(10.0 / 3));
  CHECK(errors.root_mean_squared_error() == doctest::Approx(std::sqrt(10.0 / 3)));
  weighted.add(labels, predictions, std::vector<float>{1, 5, 2});
  CHECK(weighted.mean_absolute_error() == doctest::Approx(7.0 / 8));
  CHECK(weighted.mean_squared_error() == doctest::Approx(19.0 / 8));
  part.add(std::span(labels).first(2), std::span(predictions).first(2));
  restored.add(std::span(labels).last(1), std::span(predictions).last(1));
  part.merge(restored);
  MetricState state, merged;
  errors.save(state, "e");
  part.save(merged, "e");
  CHECK(state == merged);
  restored.restore(state, "e");
  CHECK(restored.mean_squared_error() == errors.mean_squared_error());
  CHECK(RegressionErrors().root_mean_squared_error() == 0.0);
}

}  // namespace weft
