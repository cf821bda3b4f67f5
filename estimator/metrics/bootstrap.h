// Bootstrap: how far a metric would move with other examples of the same kind.
#pragma once
#include <weft/core/parallel.h>
#include <weft/estimator/metrics/grouped_scores.h>
#include <weft/estimator/metrics/metric_state.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace weft {

struct BootstrapOptions {
  /// Times the examples are drawn again; each has a metric of its own in memory.
  int64_t replicates = 1000;
  /// Of the interval: 0.95 leaves out a fortieth of the replicates at each end.
  double confidence = 0.95;
  uint64_t seed = 1;
};

/// A metric, where it would be in `confidence` of all cases, and its standard error.
struct Interval {
  double value = 0.0;
  double low = 0.0;
  double high = 0.0;
  double standard_error = 0.0;
};

/// How often an example (or a whole group) is drawn for a replicate: a Poisson number of mean 1 that depends on the
/// three alone (Philox), so that examples may be split over threads and processes (Chamandy et al., "Estimating
/// uncertainty for massive data streams", 2012). Drawing whole groups is right where the examples of one are alike.
int poisson_count(uint64_t seed, uint64_t key, uint64_t replicate);

/// The percentiles of replicates' values around `value`, interpolated; NaN among them are left out.
Interval interval_of(double value, std::vector<double> replicates, double confidence);

/// The interval of mean_of(values), drawing groups.
Interval bootstrap_mean(std::span<const GroupValue> values, const BootstrapOptions& options = {});

/// Throws ValueError: replicates < 1, a confidence outside (0, 1).
void check_bootstrap(const BootstrapOptions& options);

/// A metric with add(labels, scores, weights) and merge, and as many replicates of it, each counting an example as
/// often as it was drawn: StreamingAuc, LogLoss, Calibration, RegressionErrors, ... Memory is that of all replicates,
/// however many examples there are (ExactAuc keeps them all; StreamingAuc does not).
template <class Metric>
class Bootstrap {
 public:
  /// `metric` has counted nothing yet.
  explicit Bootstrap(const Metric& metric, const BootstrapOptions& options = {})
      : options_((check_bootstrap(options), options)),
        metric_(metric),
        replicates_(static_cast<size_t>(options.replicates), metric) {}

  /// `keys` [n] say what is drawn together: an example's number in the data, or its group. Throws as Metric::add.
  void add(std::span<const uint64_t> keys, std::span<const float> labels, std::span<const float> scores,
           std::span<const float> weights = {});
  const Metric& metric() const { return metric_; }
  /// The interval of result(metric), as [](const LogLoss& loss) { return loss.normalized_entropy(); }.
  template <class Result>
  Interval interval(Result&& result) const;
  Interval interval() const {
    return interval([](const Metric& metric) { return metric.result(); });
  }

  /// Throws ValueError for another number of replicates.
  void merge(const Bootstrap& other);
  void save(MetricState& state, const std::string& name) const;
  void restore(const MetricState& state, const std::string& name);

 private:
  BootstrapOptions options_;
  Metric metric_;
  std::vector<Metric> replicates_;
};

/// Throws ValueError unless the two counts are the same.
void check_replicates(size_t got, size_t expected);

template <class Metric>
void Bootstrap<Metric>::add(std::span<const uint64_t> keys, std::span<const float> labels,
                            std::span<const float> scores, std::span<const float> weights) {
  metric_.add(labels, scores, weights);  // it checks what it is given
  if (keys.size() != labels.size()) check_replicates(keys.size(), labels.size());
  parallel_blocks(static_cast<int64_t>(replicates_.size()), [&](int64_t r) {
    std::vector<float> drawn(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      const int count = poisson_count(options_.seed, keys[i], static_cast<uint64_t>(r));
      drawn[i] = static_cast<float>(count) * (weights.empty() ? 1.0f : weights[i]);
    }
    replicates_[static_cast<size_t>(r)].add(labels, scores, drawn);
  });
}

template <class Metric>
template <class Result>
Interval Bootstrap<Metric>::interval(Result&& result) const {
  std::vector<double> values;
  for (const Metric& replicate : replicates_) values.push_back(result(replicate));
  return interval_of(result(metric_), std::move(values), options_.confidence);
}

template <class Metric>
void Bootstrap<Metric>::merge(const Bootstrap& other) {
  check_replicates(other.replicates_.size(), replicates_.size());
  metric_.merge(other.metric_);
  for (size_t r = 0; r < replicates_.size(); ++r) replicates_[r].merge(other.replicates_[r]);
}

template <class Metric>
void Bootstrap<Metric>::save(MetricState& state, const std::string& name) const {
  metric_.save(state, name + "/metric");
  for (size_t r = 0; r < replicates_.size(); ++r) replicates_[r].save(state, name + "/" + std::to_string(r));
}

template <class Metric>
void Bootstrap<Metric>::restore(const MetricState& state, const std::string& name) {
  metric_.restore(state, name + "/metric");
  for (size_t r = 0; r < replicates_.size(); ++r) replicates_[r].restore(state, name + "/" + std::to_string(r));
}

}  // namespace weft
