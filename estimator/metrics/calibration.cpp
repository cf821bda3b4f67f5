// Calibration: three sums a bin.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/metrics/calibration.h>
#include <weft/estimator/metrics/check_examples.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace weft {

namespace {

size_t bins_of(const CalibrationOptions& options) {
  if (options.bins >= 1 && options.bins <= 1'000'000) return static_cast<size_t>(options.bins);
  throw ValueError(
      fmt::format("[Calibration] bins must be in [1, 1000000]: got {}. 10 or 15 are usual.", options.bins));
}

}  // namespace

Calibration::Calibration(const CalibrationOptions& options)
    : weights_(bins_of(options)), labels_(bins_of(options)), predictions_(bins_of(options)) {}

void Calibration::add(std::span<const float> labels, std::span<const float> probabilities,
                      std::span<const float> weights) {
  check_probabilities("Calibration", labels, probabilities, weights);
  const double count = static_cast<double>(weights_.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    const double weight = weights.empty() ? 1.0 : weights[i], p = probabilities[i];
    const auto bin = static_cast<size_t>(std::max(std::ceil(p * count) - 1.0, 0.0));
    weights_[bin].add(weight);
    labels_[bin].add(weight * labels[i]);
    predictions_[bin].add(weight * p);
  }
}

std::vector<Calibration::Bin> Calibration::bins() const {
  std::vector<Bin> bins;
  for (size_t i = 0; i < weights_.size(); ++i)
    bins.push_back(
        {.weight = weights_[i].value(), .labels = labels_[i].value(), .predictions = predictions_[i].value()});
  return bins;
}

double Calibration::result() const {
  ExactSum predictions, labels;
  for (const ExactSum& sum : predictions_) predictions.merge(sum);
  for (const ExactSum& sum : labels_) labels.merge(sum);
  return labels.value() > 0.0 ? predictions.value() / labels.value() : std::numeric_limits<double>::quiet_NaN();
}

double Calibration::expected_calibration_error() const {
  double error = 0.0, total = 0.0;
  for (const Bin& bin : bins()) {
    error += std::abs(bin.labels - bin.predictions);
    total += bin.weight;
  }
  return total > 0.0 ? error / total : 0.0;
}

void Calibration::merge(const Calibration& other) {
  if (weights_.size() != other.weights_.size()) {
    throw ValueError(fmt::format("[Calibration] can't merge: got one with {} bins, expected {}. Count both alike.",
                                 other.weights_.size(), weights_.size()));
  }
  for (size_t i = 0; i < weights_.size(); ++i) {
    weights_[i].merge(other.weights_[i]);
    labels_[i].merge(other.labels_[i]);
    predictions_[i].merge(other.predictions_[i]);
  }
}

void Calibration::save(MetricState& state, const std::string& name) const {
  state[name + "/weights"] = save_sums(weights_);
  state[name + "/labels"] = save_sums(labels_);
  state[name + "/predictions"] = save_sums(predictions_);
}

void Calibration::restore(const MetricState& state, const std::string& name) {
  Calibration restored({.bins = static_cast<int64_t>(weights_.size())});
  restore_sums(state_array(state, name + "/weights"), restored.weights_);
  restore_sums(state_array(state, name + "/labels"), restored.labels_);
  restore_sums(state_array(state, name + "/predictions"), restored.predictions_);
  *this = std::move(restored);
}

TEST_CASE("calibration: by hand") {
  Calibration calibration({.bins = 2});
  calibration.add(std::vector<float>{0, 1, 1, 1}, std::vector<float>{0.25f, 0.5f, 0.75f, 1.0f});
  CHECK(calibration.result() == doctest::Approx(2.5 / 3));
  // Bins: {0.25, 0.5} with labels 0, 1: |0.5 - 0.375|; {0.75, 1} with labels 1, 1: |1 - 0.875|. Half of the examples
  // each.
  CHECK(calibration.expected_calibration_error() == doctest::Approx(0.125));
  CHECK(calibration.bins()[0].weight == 2.0);
  CHECK(calibration.bins()[1].predictions == 1.75);
  calibration.add(std::vector<float>{1}, std::vector<float>{0}, std::vector<float>{4});
  CHECK(calibration.expected_calibration_error() == doctest::Approx((std::abs(5 - 0.75) + 0.25) / 8));
}

TEST_CASE("calibration: nothing to compare with") {
  Calibration calibration;
  CHECK(std::isnan(calibration.result()));
  CHECK(calibration.expected_calibration_error() == 0.0);
  CHECK_THROWS_AS(Calibration({.bins = 0}), ValueError);
  CHECK_THROWS_AS(calibration.merge(Calibration({.bins = 3})), ValueError);
}

TEST_CASE("calibration: parts that are merged or restored are the whole, to the bit") {
  Calibration whole, parts[2];
  for (int i = 0; i < 500; ++i) {
    const std::vector<float> label = {static_cast<float>(i % 4 == 0)}, p = {static_cast<float>(i % 98) / 97.0f};
    const std::vector<float> weight = {static_cast<float>(i % 9) * 0.3f};
    whole.add(label, p, weight);
    parts[i % 3 == 0].add(label, p, weight);
  }
  parts[0].merge(parts[1]);
  MetricState state, merged;
  whole.save(state, "c");
  parts[0].save(merged, "c");
  CHECK(state == merged);
  Calibration restored;
  restored.restore(state, "c");
  CHECK(restored.expected_calibration_error() == whole.expected_calibration_error());
  CHECK_THROWS_AS(Calibration({.bins = 3}).restore(state, "c"), DataError);
}

}  // namespace weft
