// Areas under the ROC and precision-recall curves.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/metrics/auc.h>

#include <algorithm>
#include <cmath>

namespace weft {

namespace {

constexpr double kEdge = 1e-7;       // how far the outer thresholds lie outside [0, 1]
constexpr double kEpsilonV1 = 1e-6;  // what v1 adds where it divides

void check_size(const char* what, size_t got, size_t expected) {
  if (got == expected) return;
  throw ValueError(fmt::format("[ScoreHistogram] wrong number of {}: got {}, expected {}. Give one an example.", what,
                               got, expected));
}

}  // namespace

ScoreHistogram::ScoreHistogram(MetricDefinitions definitions, int64_t num_thresholds) : definitions_(definitions) {
  if (num_thresholds < 2) {
    throw ValueError(
        fmt::format("[ScoreHistogram] too few thresholds: got {}, expected at least 2. 200 is usual.", num_thresholds));
  }
  const size_t n = static_cast<size_t>(num_thresholds);
  thresholds_.resize(n);
  for (size_t k = 0; k < n; ++k)
    thresholds_[k] = static_cast<float>(static_cast<double>(k) / static_cast<double>(n - 1));
  thresholds_.front() = static_cast<float>(0.0 - kEdge);
  thresholds_.back() = static_cast<float>(1.0 + kEdge);
  positives_.resize(n);
  negatives_.resize(n);
}

size_t ScoreHistogram::bucket(float score) const {
  const size_t n = thresholds_.size();
  const float place = score * static_cast<float>(n - 1);
  // Keras computes the bucket and does not look at the threshold itself.
  if (definitions_ == MetricDefinitions::keras) return static_cast<size_t>(std::max(std::ceil(place) - 1.0f, 0.0f));
  size_t k = std::min(static_cast<size_t>(place), n - 1);
  while (k + 1 < n && score > thresholds_[k + 1]) ++k;
  while (k > 0 && !(score > thresholds_[k])) --k;
  return k;
}

void ScoreHistogram::add(std::span<const float> labels, std::span<const float> scores, std::span<const float> weights) {
  check_size("scores", scores.size(), labels.size());
  if (!weights.empty()) check_size("weights", weights.size(), labels.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!(scores[i] >= 0.0f && scores[i] <= 1.0f)) {
      throw ValueError(
          fmt::format("[ScoreHistogram] predictions must be in [0, 1]: got {} for example {}, expected a probability. "
                      "Look for NaN in the model or its input.",
                      scores[i], i));
    }
    (labels[i] != 0.0f ? positives_ : negatives_)[bucket(scores[i])].add(weights.empty() ? 1.0 : weights[i]);
  }
}

namespace {

std::vector<double> values_of(const std::vector<ExactSum>& sums) {
  std::vector<double> values;
  for (const ExactSum& sum : sums) values.push_back(sum.value());
  return values;
}

}  // namespace

std::vector<double> ScoreHistogram::positives() const {
  return values_of(positives_);
}

std::vector<double> ScoreHistogram::negatives() const {
  return values_of(negatives_);
}

void ScoreHistogram::merge(const ScoreHistogram& other) {
  if (definitions_ != other.definitions_ || thresholds_.size() != other.thresholds_.size()) {
    throw ValueError(
        fmt::format("[ScoreHistogram] can't merge: got one with {} thresholds, expected {} and the same definitions. "
                    "Count both with the same options.",
                    other.thresholds_.size(), thresholds_.size()));
  }
  for (size_t k = 0; k < positives_.size(); ++k) positives_[k].merge(other.positives_[k]);
  for (size_t k = 0; k < negatives_.size(); ++k) negatives_[k].merge(other.negatives_[k]);
}

void ScoreHistogram::save(MetricState& state, const std::string& name) const {
  state[name + "/definitions"] = {static_cast<int64_t>(definitions_)};
  state[name + "/positives"] = save_sums(positives_);
  state[name + "/negatives"] = save_sums(negatives_);
}

void ScoreHistogram::restore(const MetricState& state, const std::string& name) {
  if (state_array(state, name + "/definitions") != std::vector{static_cast<int64_t>(definitions_)}) {
    throw DataError(fmt::format(
        "[ScoreHistogram] '{}' was saved with other definitions: expected {}. Restore it with the options it "
        "was counted with.",
        name, definitions_ == MetricDefinitions::v1 ? "v1" : "keras"));
  }
  ScoreHistogram restored(definitions_, num_thresholds());
  restore_sums(state_array(state, name + "/positives"), restored.positives_);
  restore_sums(state_array(state, name + "/negatives"), restored.negatives_);
  *this = std::move(restored);
}

namespace {

// Counts at every threshold: scores above it are called positive.
struct Counts {
  std::vector<double> tp, fp;
  double fn(size_t k) const { return tp[0] - tp[k]; }
  double tn(size_t k) const { return fp[0] - fp[k]; }
};

Counts count(const ScoreHistogram& histogram) {
  Counts counts;
  counts.tp = histogram.positives();
  counts.fp = histogram.negatives();
  for (size_t k = counts.tp.size() - 1; k-- > 0;) {
    counts.tp[k] += counts.tp[k + 1];
    counts.fp[k] += counts.fp[k + 1];
  }
  return counts;
}

double divide_no_nan(double numerator, double divisor) {
  return divisor == 0.0 ? 0.0 : numerator / divisor;
}

struct Point {
  double x = 0.0;
  double y = 0.0;
};

Point point(const Counts& counts, size_t k, Curve curve, double epsilon) {
  const double tp = counts.tp[k], fp = counts.fp[k];
  const double recall = divide_no_nan(tp + epsilon, tp + counts.fn(k) + epsilon);
  if (curve == Curve::roc) return {divide_no_nan(fp, fp + counts.tn(k) + epsilon), recall};
  return {recall, divide_no_nan(tp + epsilon, tp + fp + epsilon)};
}

double height(double left, double right, SummationMethod method) {
  if (method == SummationMethod::minoring) return std::min(left, right);
  if (method == SummationMethod::majoring) return std::max(left, right);
  return (left + right) / 2.0;
}

// Between two thresholds true positives grow linearly with all positives, tp = intercept + slope p, so precision is
// slope + intercept / p, and its integral over recall has a logarithm.
double interpolated_pr_area(const Counts& counts) {
  double area = 0.0;
  for (size_t k = 0; k + 1 < counts.tp.size(); ++k) {
    const double dtp = counts.tp[k] - counts.tp[k + 1];
    const double p = counts.tp[k] + counts.fp[k], next_p = counts.tp[k + 1] + counts.fp[k + 1];
    const double slope = divide_no_nan(dtp, std::max(p - next_p, 0.0));
    const double intercept = counts.tp[k + 1] - slope * next_p;
    const double ratio = p > 0.0 && next_p > 0.0 ? p / next_p : 1.0;
    area += divide_no_nan(slope * (dtp + intercept * std::log(ratio)), counts.tp[0]);
  }
  return area;
}

}  // namespace

double area_under_curve(const ScoreHistogram& histogram, Curve curve, SummationMethod method) {
  const Counts counts = count(histogram);
  if (curve == Curve::pr && method == SummationMethod::careful_interpolation) return interpolated_pr_area(counts);
  const double epsilon = histogram.definitions() == MetricDefinitions::v1 ? kEpsilonV1 : 0.0;
  double area = 0.0;
  Point here = point(counts, 0, curve, epsilon);
  for (size_t k = 1; k < counts.tp.size(); ++k) {
    const Point next = point(counts, k, curve, epsilon);
    area += (here.x - next.x) * height(here.y, next.y, method);
    here = next;
  }
  return area;
}

namespace {

[[maybe_unused]] const std::vector<float> kLabels = {0, 0, 1, 1};
[[maybe_unused]] const std::vector<float> kScores = {0.1f, 0.4f, 0.35f, 0.8f};

[[maybe_unused]] double auc_of(const StreamingAucOptions& options, const std::vector<float>& labels = kLabels) {
  StreamingAuc auc(options);
  auc.add(labels, kScores);
  return auc.result();
}

}  // namespace

TEST_CASE("auc: three of four pairs are in order, so ROC's area is 3/4") {
  CHECK(auc_of({}) == doctest::Approx(0.75).epsilon(1e-5));
  CHECK(auc_of({.definitions = MetricDefinitions::keras}) == doctest::Approx(0.75));
  CHECK(auc_of({.summation_method = SummationMethod::careful_interpolation}) == doctest::Approx(0.75).epsilon(1e-5));
}

TEST_CASE("auc: minoring and majoring enclose trapezoidal where a positive and a negative tie") {
  const std::vector<float> labels = {0, 1, 0, 1}, scores = {0.5f, 0.5f, 0.1f, 0.9f};
  double areas[3];
  int i = 0;
  for (auto method : {SummationMethod::minoring, SummationMethod::trapezoidal, SummationMethod::majoring}) {
    StreamingAuc auc({.summation_method = method});
    auc.add(labels, scores);
    areas[i++] = auc.result();
  }
  CHECK(areas[0] == doctest::Approx(0.75).epsilon(1e-5));
  CHECK(areas[1] == doctest::Approx(0.875).epsilon(1e-5));
  CHECK(areas[2] == doctest::Approx(1.0).epsilon(1e-5));
}

TEST_CASE("auc: PR by hand") {
  // From the highest score down: precision 1 up to recall 1/2, then (0.4 is negative) 1/2, then 2/3 at recall 1.
  CHECK(auc_of({.curve = Curve::pr}) == doctest::Approx(0.5 + 0.5 * (0.5 + 2.0 / 3) / 2).epsilon(1e-5));
  // Interpolated within a step there is only one more true positive for one more positive: slope 1, intercept 1 - 2.
  CHECK(auc_of({.curve = Curve::pr, .summation_method = SummationMethod::careful_interpolation}) ==
        doctest::Approx(0.5 + 0.5 * (1.0 - std::log(1.5))));
}

TEST_CASE("auc: only negatives give 1 in v1 and 0 in Keras, only positives 0") {
  const std::vector<float> negative(4, 0.0f), positive(4, 1.0f);
  CHECK(auc_of({}, negative) == doctest::Approx(1.0).epsilon(1e-5));
  CHECK(auc_of({.definitions = MetricDefinitions::keras}, negative) == 0.0);
  CHECK(auc_of({}, positive) == doctest::Approx(0.0));
  CHECK(StreamingAuc().result() == 0.0);
}

TEST_CASE("score histogram: a score on a threshold is not above it") {
  ScoreHistogram histogram(MetricDefinitions::v1, 5);  // thresholds -1e-7, 0.25, 0.5, 0.75, 1 + 1e-7
  histogram.add(std::vector<float>{1, 1, 1, 0, 0}, std::vector<float>{0, 0.25f, 0.26f, 0.5f, 1});
  CHECK(histogram.positives()[0] == 2.0);
  CHECK(histogram.positives()[1] == 1.0);
  CHECK(histogram.negatives()[1] == 1.0);
  CHECK(histogram.negatives()[3] == 1.0);
  CHECK(histogram.negatives()[4] == 0.0);
}

TEST_CASE("score histogram: every bucket agrees with comparing against every threshold") {
  ScoreHistogram histogram;
  const std::vector<float> label = {1};
  for (int i = 0; i <= 1990; ++i) histogram.add(label, std::vector<float>{static_cast<float>(i / 1990.0)});
  double above = 0.0;
  for (size_t k = 200; k-- > 0;) {
    above += histogram.positives()[k];
    const float threshold = k == 0     ? -1e-7f
                            : k == 199 ? 1.0f + 1e-7f
                                       : static_cast<float>(static_cast<double>(k) / 199.0);
    int expected = 0;
    for (int i = 0; i <= 1990; ++i) expected += static_cast<float>(i / 1990.0) > threshold;
    CHECK(above == expected);
  }
}

TEST_CASE("score histogram: scores outside [0, 1] and NaN are errors") {
  for (float bad : {-0.1f, 1.1f, std::nanf("")}) {
    ScoreHistogram histogram;
    CHECK_THROWS_AS(histogram.add(std::vector<float>{1}, std::vector<float>{bad}), ValueError);
  }
  CHECK_THROWS_AS(ScoreHistogram(MetricDefinitions::v1, 1), ValueError);
  ScoreHistogram histogram;
  CHECK_THROWS_AS(histogram.add(std::vector<float>{1}, std::vector<float>{}), ValueError);
}

TEST_CASE("score histogram: parts that are merged or restored are the whole, to the bit") {
  ScoreHistogram whole, parts[3];
  for (int i = 0; i < 2000; ++i) {
    const std::vector<float> label = {i % 3 == 0 ? 1.0f : 0.0f}, score = {static_cast<float>(i * 7 % 1000) / 999.0f};
    const std::vector<float> weight = {static_cast<float>(i % 13) * 0.1f};
    whole.add(label, score, weight);
    parts[i % 7 % 3].add(label, score, weight);
  }
  MetricState expected, merged;
  whole.save(expected, "auc");
  parts[2].merge(parts[0]);
  parts[2].merge(parts[1]);
  parts[2].save(merged, "auc");
  CHECK(expected == merged);
  ScoreHistogram restored;
  restored.restore(expected, "auc");
  CHECK(restored.positives() == whole.positives());
  CHECK_THROWS_AS(ScoreHistogram(MetricDefinitions::keras).restore(expected, "auc"), DataError);
  CHECK_THROWS_AS(ScoreHistogram(MetricDefinitions::v1, 100).restore(expected, "auc"), DataError);
  CHECK_THROWS_AS(restored.merge(ScoreHistogram(MetricDefinitions::v1, 100)), ValueError);
}

}  // namespace weft
