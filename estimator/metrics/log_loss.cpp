// LogLoss: two means.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/metrics/check_examples.h>
#include <weft/estimator/metrics/log_loss.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace weft {

namespace {

double entropy(double p) {
  return p > 0.0 && p < 1.0 ? -p * std::log(p) - (1.0 - p) * std::log1p(-p) : 0.0;
}

}  // namespace

LogLoss::LogLoss(const LogLossOptions& options) : options_(options) {
  if (options.epsilon >= 0.0 && options.epsilon < 0.5) return;
  throw ValueError(fmt::format("[LogLoss] epsilon must be in [0, 0.5): got {}. 1e-7 is usual.", options.epsilon));
}

void LogLoss::add(std::span<const float> labels, std::span<const float> probabilities, std::span<const float> weights) {
  check_probabilities("LogLoss", labels, probabilities, weights);
  for (size_t i = 0; i < labels.size(); ++i) {
    const double weight = weights.empty() ? 1.0 : weights[i];
    if (weight == 0.0) continue;  // without an epsilon 0 may meet an infinite loss
    const double p = std::clamp<double>(probabilities[i], options_.epsilon, 1.0 - options_.epsilon), y = labels[i];
    const double loss = (y > 0.0 ? -y * std::log(p) : 0.0) + (y < 1.0 ? -(1.0 - y) * std::log1p(-p) : 0.0);
    loss_.add(loss, weight);
    labels_.add(y, weight);
  }
}

double LogLoss::normalized_entropy() const {
  const double base = entropy(labels_.result());
  return base > 0.0 ? result() / base : std::numeric_limits<double>::quiet_NaN();
}

void LogLoss::merge(const LogLoss& other) {
  loss_.merge(other.loss_);
  labels_.merge(other.labels_);
}

void LogLoss::save(MetricState& state, const std::string& name) const {
  loss_.save(state, name + "/loss");
  labels_.save(state, name + "/labels");
}

void LogLoss::restore(const MetricState& state, const std::string& name) {
  LogLoss restored(options_);
  restored.loss_.restore(state, name + "/loss");
  restored.labels_.restore(state, name + "/labels");
  *this = restored;
}

TEST_CASE("log loss: by hand, and as scikit-learn has it") {
  LogLoss loss;
  loss.add(std::vector<float>{1, 0}, std::vector<float>{0.5f, 0.25f});
  CHECK(loss.result() == doctest::Approx((std::log(2.0) + std::log(4.0 / 3)) / 2));
  CHECK(loss.normalized_entropy() == doctest::Approx((std::log(2.0) + std::log(4.0 / 3)) / 2 / std::log(2.0)));
  // sklearn.metrics.log_loss(y, p, sample_weight=w) = 0.6003855669910023 (scikit-learn 1.9.1)
  LogLoss weighted;
  weighted.add(std::vector<float>{1, 0, 1, 0}, std::vector<float>{0.9f, 0.2f, 0.4f, 0.7f},
               std::vector<float>{1, 2, 3, 0.5f});
  CHECK(weighted.result() == doctest::Approx(0.6003855669910023).epsilon(1e-7));
}

TEST_CASE("log loss: the labels' mean has a normalised entropy of 1; only one class has none") {
  LogLoss base, one;
  base.add(std::vector<float>{1, 0, 0, 0}, std::vector<float>(4, 0.25f));
  CHECK(base.normalized_entropy() == doctest::Approx(1.0));
  one.add(std::vector<float>{1, 1}, std::vector<float>{0.5f, 0.9f});
  CHECK(std::isnan(one.normalized_entropy()));
  CHECK(LogLoss().result() == 0.0);
}

TEST_CASE("log loss: a wrong certainty costs as epsilon says") {
  LogLoss clipped, plain({.epsilon = 0.0});
  for (LogLoss* loss : {&clipped, &plain})
    loss->add(std::vector<float>{1, 0, 1}, std::vector<float>{0, 0, 0}, std::vector<float>{1, 1, 0});
  CHECK(clipped.result() == doctest::Approx(-std::log(1e-7) / 2));
  CHECK(plain.result() == HUGE_VAL);
  CHECK_THROWS_AS(LogLoss({.epsilon = 0.5}), ValueError);
}

TEST_CASE("log loss: parts that are merged or restored are the whole, to the bit") {
  LogLoss whole, parts[2];
  for (int i = 0; i < 500; ++i) {
    const std::vector<float> label = {static_cast<float>(i % 4 == 0)}, p = {static_cast<float>(i % 97) / 97.0f};
    whole.add(label, p);
    parts[i % 3 == 0].add(label, p);
  }
  parts[0].merge(parts[1]);
  MetricState state, merged;
  whole.save(state, "l");
  parts[0].save(merged, "l");
  CHECK(state == merged);
  LogLoss restored;
  restored.restore(state, "l");
  CHECK(restored.normalized_entropy() == whole.normalized_entropy());
}

}  // namespace weft
