// Metric streams: labels, scores and weights batch by batch, and every metric after each.
#include <fmt/format.h>
#include <weft/estimator/metrics/auc.h>
#include <weft/estimator/metrics/counts.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "family_g.h"

namespace weft::reference {
namespace {

struct Batch {
  std::span<const float> labels, scores, weights;
};

// A metric by its name in the case, as something to feed and to read.
struct Metric {
  std::function<void(const Batch&)> add;
  std::function<double()> result;
};

Metric area(MetricDefinitions definitions, Curve curve, SummationMethod method) {
  const auto auc = std::make_shared<StreamingAuc>(
      StreamingAucOptions{.curve = curve, .summation_method = method, .definitions = definitions});
  return {[auc](const Batch& b) { auc->add(b.labels, b.scores, b.weights); }, [auc] { return auc->result(); }};
}

SummationMethod method_of(const std::string& name) {
  if (name == "trapezoidal") return SummationMethod::trapezoidal;
  if (name == "minoring") return SummationMethod::minoring;
  if (name == "majoring") return SummationMethod::majoring;
  return SummationMethod::careful_interpolation;
}

// What is divided by what, of the counts at a threshold.
Metric counts(float threshold, std::function<double(const Confusion&)> result) {
  const auto confusion = std::make_shared<Confusion>();
  return {[=](const Batch& b) { confusion->add(b.labels, b.scores, threshold, b.weights); },
          [=] { return result(*confusion); }};
}

Metric accuracy(float threshold) {
  const auto mean = std::make_shared<StreamingMean>();
  return {[=](const Batch& b) {
            for (size_t i = 0; i < b.labels.size(); ++i) {
              const bool right = b.labels[i] == (b.scores[i] > threshold ? 1.0f : 0.0f);
              mean->add(right ? 1.0 : 0.0, b.weights.empty() ? 1.0 : b.weights[i]);
            }
          },
          [=] { return mean->result(); }};
}

Metric score_mean() {
  const auto mean = std::make_shared<StreamingMean>();
  return {[=](const Batch& b) { mean->add(b.scores, b.weights); }, [=] { return mean->result(); }};
}

// "v1.auc_pr.trapezoidal", "keras.recall_at_0.9", "v1.accuracy".
Metric make_metric(const std::string& key) {
  const bool v1 = key.starts_with("v1.");
  const std::string name = key.substr(key.find('.') + 1);
  const size_t at = name.find("_at_");
  const std::string base = name.substr(0, std::min(at, name.find('.')));
  const float threshold = at == std::string::npos ? 0.5f : std::stof(name.substr(at + 4));
  const double epsilon = v1 && at != std::string::npos ? kThresholdEpsilon : 0.0;
  if (base == "auc" || base == "auc_pr") {
    const std::string method = name.find('.') == std::string::npos ? "" : name.substr(name.find('.') + 1);
    return area(v1 ? MetricDefinitions::v1 : MetricDefinitions::keras, base == "auc" ? Curve::roc : Curve::pr,
                method_of(method));
  }
  if (base == "precision") return counts(threshold, [=](const Confusion& c) { return c.precision(epsilon); });
  if (base == "recall") return counts(threshold, [=](const Confusion& c) { return c.recall(epsilon); });
  if (base == "accuracy") return accuracy(threshold);
  if (base == "mean") return score_mean();
  throw Unsupported("the runner has no metric " + key);
}

void run_metric(const Fixture& fixture, Report& report, const std::string& key) {
  const Json& results = fixture.config().at("results");
  const std::vector<float> labels = fixture.floats("labels"), scores = fixture.floats("scores");
  const std::vector<float> weights = fixture.has("weights") ? fixture.floats("weights") : std::vector<float>();
  Metric metric = make_metric(key);
  if (results.at("after_no_batch").contains(key)) {
    report.close(key + " of nothing", metric.result(), results.at("after_no_batch").at(key).get<double>(), metrics);
  }
  size_t first = 0, number = 0;
  for (const int64_t size : fixture.integers("batch_sizes")) {
    const auto n = static_cast<size_t>(size);
    const auto part = [&](const std::vector<float>& all) {
      return all.empty() ? std::span<const float>() : std::span(all).subspan(first, n);
    };
    metric.add({part(labels), part(scores), part(weights)});
    first += n;
    const Json& want = results.at("after_each_batch").at(number++).at(key);
    report.close(fmt::format("{} after batch {}", key, number), metric.result(), want.get<double>(), metrics);
  }
}

}  // namespace

void run_metric_streams(const Fixture& fixture, Report& report) {
  for (const auto& [key, value] : fixture.config().at("results").at("after_each_batch").at(0).items()) {
    report.part(key, [&, key = key] { run_metric(fixture, report, key); });
  }
}

}  // namespace weft::reference
