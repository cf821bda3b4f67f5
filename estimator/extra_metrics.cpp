// binary_metrics: the metrics of probabilities, counted side by side.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/extra_metrics.h>
#include <weft/estimator/heads/targets.h>
#include <weft/estimator/metrics/auc.h>
#include <weft/estimator/metrics/calibration.h>
#include <weft/estimator/metrics/exact_auc.h>
#include <weft/estimator/metrics/log_loss.h>

#include <cmath>
#include <memory>
#include <numeric>

namespace weft {

namespace {

std::span<const float> probabilities_of(const Predictions& predictions) {
  if (predictions.logistic.size() == predictions.batch && predictions.batch > 0) return predictions.logistic.values();
  throw ValueError(
      "[binary_metrics] the model predicts no probability of class 1: got none, expected one an example. Use it with a "
      "classifier of two classes.");
}

// A metric whose replicates fit in memory, with or without them.
template <class Metric>
struct Counted {
  Metric metric{};
  std::optional<Bootstrap<Metric>> bootstrap = {};

  void add(std::span<const uint64_t> keys, std::span<const float> labels, std::span<const float> scores,
           std::span<const float> weights) {
    bootstrap ? bootstrap->add(keys, labels, scores, weights) : metric.add(labels, scores, weights);
  }
};

void set_interval(Metrics& metrics, const std::string& name, const Interval& interval) {
  metrics.set(name, interval.value);
  metrics.set(name + "/low", interval.low);
  metrics.set(name + "/high", interval.high);
  metrics.set(name + "/standard_error", interval.standard_error);
}

std::string name_of(const RankingOptions& options) {
  const char* names[] = {"recall", "hit_rate", "ndcg", "mrr"};
  const std::string name = names[static_cast<size_t>(options.metric)];
  return options.k ? fmt::format("{}@{}", name, *options.k) : name;
}

class BinaryMetrics {
 public:
  explicit BinaryMetrics(const BinaryMetricsOptions& options) : options_(options) {
    if (!options_.bootstrap) return;
    auc_.bootstrap.emplace(auc_.metric, *options_.bootstrap);
    loss_.bootstrap.emplace(loss_.metric, *options_.bootstrap);
    calibration_.bootstrap.emplace(calibration_.metric, *options_.bootstrap);
  }

  void add(const Batch& batch, const Predictions& predictions) {
    const std::span<const float> scores = probabilities_of(predictions);
    const std::span<const float> labels = read_weights(batch.labels, predictions.batch, label_storage_);
    std::span<const float> weights;
    if (!options_.weight_column.empty())
      weights = read_weights(batch.features.at(options_.weight_column), predictions.batch, weight_storage_);
    read_keys(batch.features, predictions.batch);
    if (options_.bootstrap) auc_.add(keys_, labels, scores, weights);
    if (!options_.bootstrap) exact_.add(labels, scores, weights);
    loss_.add(keys_, labels, scores, weights);
    calibration_.add(keys_, labels, scores, weights);
    if (!options_.group.empty()) groups_.add(keys_, labels, scores, weights);
  }

  void set(Metrics& metrics) const {
    if (options_.bootstrap) set_interval(metrics, "auc", auc_.bootstrap->interval());
    if (!options_.bootstrap) metrics.set("auc_exact", exact_.result());
    set(metrics, "log_loss", loss_, [](const LogLoss& loss) { return loss.result(); });
    set(metrics, "normalized_entropy", loss_, [](const LogLoss& loss) { return loss.normalized_entropy(); });
    set(metrics, "calibration", calibration_, [](const Calibration& c) { return c.result(); });
    set(metrics, "expected_calibration_error", calibration_,
        [](const Calibration& c) { return c.expected_calibration_error(); });
    if (options_.group.empty()) return;
    set(metrics, "gauc", group_aucs(groups_, options_.group_weighting));
    for (const RankingOptions& ranking : options_.ranking)
      set(metrics, name_of(ranking), ranking_metrics(groups_, ranking));
  }

 private:
  // What is drawn together: a group, or else an example by its number.
  void read_keys(const Features& features, int64_t batch) {
    if (!options_.group.empty()) return read_groups(features.at(options_.group), batch, keys_);
    keys_.resize(static_cast<size_t>(batch));
    std::iota(keys_.begin(), keys_.end(), examples_);
    examples_ += static_cast<uint64_t>(batch);
  }

  template <class Metric, class Result>
  void set(Metrics& metrics, const std::string& name, const Counted<Metric>& counted, Result&& result) const {
    if (counted.bootstrap) return set_interval(metrics, name, counted.bootstrap->interval(result));
    metrics.set(name, result(counted.metric));
  }
  void set(Metrics& metrics, const std::string& name, const std::vector<GroupValue>& values) const {
    if (options_.bootstrap) return set_interval(metrics, name, bootstrap_mean(values, *options_.bootstrap));
    metrics.set(name, mean_of(values));
  }

  BinaryMetricsOptions options_;
  Counted<StreamingAuc> auc_;
  Counted<LogLoss> loss_;
  Counted<Calibration> calibration_;
  ExactAuc exact_;
  GroupedScores groups_;
  std::vector<float> label_storage_, weight_storage_;
  std::vector<uint64_t> keys_;
  uint64_t examples_ = 0;
};

}  // namespace

ExtraMetricsFn binary_metrics(const BinaryMetricsOptions& options) {
  if (options.bootstrap) check_bootstrap(*options.bootstrap);
  if (options.group.empty() && !options.ranking.empty()) {
    throw ValueError(
        "[binary_metrics] ranking metrics need groups: got no feature for them, expected one. Set group to the key of "
        "the query or the user.");
  }
  return [options] {
    const auto counters = std::make_shared<BinaryMetrics>(options);
    return ExtraMetrics{
        .add = [counters](const Batch& batch, const Predictions& predictions) { counters->add(batch, predictions); },
        .set = [counters](Metrics& metrics) { counters->set(metrics); }};
  };
}

namespace {

// Two users: 7 with areas 3/4, 2 with area 1.
[[maybe_unused]] Metrics evaluated(const BinaryMetricsOptions& options) {
  const ExtraMetrics extra = binary_metrics(options)();
  const std::vector<std::vector<float>> scores = {{0.1f, 0.9f, 0.4f, 0.35f}, {0.2f, 0.8f, 0.3f}};
  const std::vector<std::vector<int64_t>> labels = {{0, 1, 0, 1}, {0, 1, 0}}, users = {{7, 2, 7, 7}, {2, 7, 2}};
  for (size_t b = 0; b < scores.size(); ++b) {
    Batch batch;
    batch.size = static_cast<int64_t>(scores[b].size());
    batch.features["user"] = dense_feature(users[b]);
    batch.labels = dense_feature(labels[b]);
    Predictions predictions;
    predictions.batch = batch.size;
    predictions.logistic = Tensor(Shape{batch.size, 1}, scores[b]);
    extra.add(batch, predictions);
  }
  Metrics metrics;
  extra.set(metrics);
  return metrics;
}

}  // namespace

TEST_CASE("binary metrics: by hand, over batches and by group") {
  const Metrics metrics = evaluated({.group = "user", .ranking = {{.metric = RankingMetric::reciprocal_rank, .k = 5}}});
  CHECK(metrics["auc_exact"] == doctest::Approx(11.0 / 12));  // 0.35 is below 0.4
  CHECK(metrics["gauc"] == doctest::Approx((4 * 0.75 + 3 * 1.0) / 7));
  CHECK(metrics["mrr@5"] == 1.0);
  CHECK(metrics["calibration"] == doctest::Approx(3.05 / 3));
  const double loss = -(std::log(0.9) + std::log(0.9) + std::log(0.6) + std::log(0.35) + std::log(0.8) + std::log(0.8) +
                        std::log(0.7)) /
                      7;
  CHECK(metrics["log_loss"] == doctest::Approx(loss).epsilon(1e-6));
  CHECK(metrics.contains("normalized_entropy"));
  CHECK_FALSE(evaluated({}).contains("gauc"));
}

TEST_CASE("binary metrics: intervals enclose their values") {
  const Metrics metrics = evaluated({.group = "user", .bootstrap = BootstrapOptions{.replicates = 200}});
  for (const char* name : {"auc", "log_loss", "calibration", "gauc"}) {
    CHECK(metrics[std::string(name) + "/low"] <= metrics[name]);
    CHECK(metrics[std::string(name) + "/high"] >= metrics[name]);
  }
  CHECK(metrics["gauc/low"] == 0.75);
  CHECK(metrics["gauc/high"] == 1.0);
}

TEST_CASE("binary metrics: what can't be counted is an error") {
  CHECK_THROWS_AS(binary_metrics({.ranking = {{}}}), ValueError);
  CHECK_THROWS_AS(binary_metrics({.bootstrap = BootstrapOptions{.replicates = 0}}), ValueError);
  CHECK_THROWS_AS(evaluated({.group = "none"}), ValueError);
  CHECK_THROWS_AS(evaluated({.weight_column = "none"}), ValueError);
  const ExtraMetrics extra = binary_metrics()();
  CHECK_THROWS_AS(extra.add(Batch(), Predictions()), ValueError);
}

}  // namespace weft
