// ClassHead: options, labels, loss.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <weft/core/error.h>
#include <weft/estimator/heads/class_head.h>
#include <weft/estimator/heads/reduction.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace weft {

namespace {

void check_options(const ClassHeadOptions& options) {
  if (options.n_classes < 2) {
    throw ValueError(
        fmt::format("[head] n_classes must be > 2: {}. Or give 2, for a binary classifier.", options.n_classes));
  }
  const bool multi = options.n_classes > 2;
  const auto& words = options.label_vocabulary;
  if (multi && options.metrics == MetricDefinitions::keras && !words.empty() &&
      std::ssize(words) != options.n_classes) {
    throw ValueError(fmt::format(
        "[head] \"label_vocabulary\" does not have \"n_classes\" items. len(label_vocabulary)={}, n_classes={}, "
        "label_vocabulary=['{}']. Give one word a class.",
        words.size(), options.n_classes, fmt::join(words, "', '")));
  }
  if (multi && !options.thresholds.empty()) {
    throw ValueError(
        fmt::format("[head] thresholds are for two classes: got n_classes = {}, expected 2. Leave thresholds out.",
                    options.n_classes));
  }
  for (float threshold : options.thresholds) {
    if (threshold > 0.0f && threshold < 1.0f) continue;
    throw ValueError(
        fmt::format("[head] thresholds not in (0, 1): got {}, expected a probability. Check thresholds.", threshold));
  }
}

}  // namespace

ClassHead::ClassHead(ClassHeadOptions options) : options_(std::move(options)) {
  check_options(options_);
  class_names_ = options_.label_vocabulary;
  if (!class_names_.empty()) vocabulary_ = Vocabulary::from_list(class_names_);
  if (class_names_.empty()) {
    for (int64_t id = 0; id < options_.n_classes; ++id) class_names_.push_back(std::to_string(id));
  }
  all_classes_.assign(class_names_.begin(), class_names_.end());
  all_class_ids_.resize(static_cast<size_t>(options_.n_classes));
  std::iota(all_class_ids_.begin(), all_class_ids_.end(), int64_t{0});
}

void ClassHead::read_targets(const Feature& labels, const Features& features, int64_t batch, Targets& out) const {
  check_labels(labels, batch, options_.metrics == MetricDefinitions::keras);
  out.batch = batch;
  out.labels = {};
  out.class_ids = {};
  if (vocabulary_) {
    read_string_labels(labels, out);
  } else {
    read_numeric_labels(labels, out);
  }
  check_range(labels, out);
  out.weights = {};
  if (!options_.weight_column.empty()) {
    out.weights = read_weights(features.at(options_.weight_column), batch, out.weight_storage);
  }
}

void ClassHead::read_string_labels(const Feature& labels, Targets& out) const {
  if (labels.type != DataType::string && binary()) {
    throw ValueError(
        fmt::format("[head] Dtype of argument `keys` must be <dtype: 'string'>, received: <dtype: '{}'>. With a "
                    "label_vocabulary labels are words.",
                    to_string(labels.type)));
  }
  if (labels.type != DataType::string) {
    throw ValueError(fmt::format(
        "[head] Labels dtype should be string if there is a vocabulary. Instead got <dtype: '{}'>. Read the label "
        "as strings, or leave label_vocabulary out.",
        to_string(labels.type)));
  }
  out.id_storage.resize(labels.strings.size());
  vocabulary_->find(std::span<const std::string_view>(labels.strings), out.id_storage);
  out.class_ids = out.id_storage;
  if (!binary()) return;
  out.label_storage.assign(out.id_storage.begin(), out.id_storage.end());
  out.labels = out.label_storage;
}

void ClassHead::read_numeric_labels(const Feature& labels, Targets& out) const {
  if (binary() && labels.type == DataType::string) {
    throw ValueError(
        "[head] Cast string to float is not supported: got labels of type string, expected numbers. Give "
        "label_vocabulary, or "
        "read the label as a number.");
  }
  if (!binary() && !is_integer(labels.type)) {
    throw ValueError(
        fmt::format("[head] Labels dtype should be integer. Instead got <dtype: '{}'>. Read the label as int64.",
                    to_string(labels.type)));
  }
  if (is_floating(labels.type)) {
    out.labels = labels.floats;
  } else if (binary()) {
    out.label_storage.assign(labels.integers.begin(), labels.integers.end());
    out.labels = out.label_storage;
  } else {
    out.class_ids = labels.integers;
  }
}

void ClassHead::check_range(const Feature& labels, const Targets& targets) const {
  const double last = static_cast<double>(options_.n_classes - 1);
  for (size_t i = 0; i < static_cast<size_t>(targets.batch); ++i) {
    const double label = binary() ? targets.labels[i] : static_cast<double>(targets.class_ids[i]);
    if (label >= 0.0 && label <= last) continue;
    const std::string got =
        labels.type == DataType::string ? fmt::format("'{}'", labels.strings[i]) : fmt::format("{}", label);
    throw_label_out_of_range(!(label > last), got, i, options_.n_classes, options_.metrics == MetricDefinitions::keras);
  }
}

Var ClassHead::loss(Var logits, const Targets& targets) const {
  const LossOptions options{.weights = targets.weights, .reduction = options_.loss_reduction};
  return binary() ? sigmoid_cross_entropy(logits, targets.labels, options)
                  : softmax_cross_entropy(logits, targets.class_ids, options);
}

namespace {

// max(x, 0) - x y + log(1 + exp(-|x|)), which overflows for no x.
float sigmoid_loss(float x, float y) {
  return std::max(x, 0.0f) - x * y + std::log1p(std::exp(-std::abs(x)));
}

// log(sum of exp(x)) - x[label], taken from the largest logit.
float softmax_loss(std::span<const float> x, int64_t label) {
  const float largest = *std::max_element(x.begin(), x.end());
  float sum = 0.0f;
  for (float logit : x) sum += std::exp(logit - largest);
  return std::log(sum) - (x[static_cast<size_t>(label)] - largest);
}

}  // namespace

void ClassHead::example_losses(const Tensor& logits, const Targets& targets, std::vector<float>& out) const {
  out.resize(static_cast<size_t>(targets.batch));
  const size_t width = static_cast<size_t>(logits_dimension());
  for (size_t i = 0; i < out.size(); ++i) {
    const std::span<const float> row = logits.values().subspan(i * width, width);
    out[i] = binary() ? sigmoid_loss(row[0], targets.labels[i]) : softmax_loss(row, targets.class_ids[i]);
  }
}

TEST_CASE("head: the loss of an example by hand") {
  const ClassHead head;
  Targets targets;
  const Feature labels = dense_feature(std::vector<int64_t>{1, 0, 1});
  head.read_targets(labels, Features(), 3, targets);
  std::vector<float> losses;
  head.example_losses(Tensor(Shape{3, 1}, {0.0f, 2.0f, -200.0f}), targets, losses);
  CHECK(losses[0] == doctest::Approx(std::log(2.0)));
  CHECK(losses[1] == doctest::Approx(2.0 + std::log1p(std::exp(-2.0))));
  CHECK(losses[2] == doctest::Approx(200.0));
}

TEST_CASE("head: softmax loss of large logits") {
  const ClassHead head({.n_classes = 3});
  Targets targets;
  const Feature labels = dense_feature(std::vector<int64_t>{0, 1});
  head.read_targets(labels, Features(), 2, targets);
  std::vector<float> losses;
  head.example_losses(Tensor(Shape{2, 3}, {1e3f, 1e3f, 1e3f, 100.0f, -100.0f, 3.0f}), targets, losses);
  CHECK(losses[0] == doctest::Approx(std::log(3.0)));
  CHECK(losses[1] == doctest::Approx(200.0));
}

TEST_CASE("head: the taped loss agrees with the reduced losses of the examples") {
  for (int64_t n_classes : {2, 3}) {
    for (auto reduction :
         {Reduction::sum, Reduction::mean, Reduction::sum_over_batch_size, Reduction::sum_over_nonzero_weights}) {
      const ClassHead head({.n_classes = n_classes, .weight_column = "w", .loss_reduction = reduction});
      Features features;
      features["w"] = dense_feature(std::vector<float>{2, 0});
      const Feature labels = dense_feature(std::vector<int64_t>{1, 0});
      Targets targets;
      head.read_targets(labels, features, 2, targets);
      Tensor logits = Tensor::full(Shape{2, head.logits_dimension()}, 0.5f);
      logits[0] = -1.0f;
      std::vector<float> losses;
      head.example_losses(logits, targets, losses);
      Tape tape;
      CHECK(head.loss(tape.leaf(logits), targets).item() ==
            doctest::Approx(reduce_losses(losses, targets.weights, reduction)));
    }
  }
}

TEST_CASE("head: options that can't be") {
  CHECK_THROWS_WITH_AS(ClassHead({.n_classes = 1}), doctest::Contains("n_classes must be > 2: 1."), ValueError);
  CHECK_THROWS_AS(ClassHead({.thresholds = {1.0f}}), ValueError);
  CHECK_THROWS_AS(ClassHead({.n_classes = 3, .thresholds = {0.5f}}), ValueError);
  const std::vector<std::string> words = {"a", "b", "c", "d"};
  CHECK_NOTHROW(ClassHead({.n_classes = 3, .label_vocabulary = words}));  // as v1
  CHECK_THROWS_WITH_AS(ClassHead({.n_classes = 3, .label_vocabulary = words, .metrics = MetricDefinitions::keras}),
                       doctest::Contains("len(label_vocabulary)=4, n_classes=3, label_vocabulary=['a', 'b', 'c', 'd']"),
                       ValueError);
}

TEST_CASE("head: string labels become ids, unknown words are errors") {
  const ClassHead head({.label_vocabulary = {"no", "yes"}});
  Feature labels = dense_feature(std::vector<int64_t>{0, 0});
  labels.type = DataType::string;
  labels.integers.clear();
  labels.strings = {"yes", "no"};
  Targets targets;
  head.read_targets(labels, Features(), 2, targets);
  CHECK(targets.labels[0] == 1.0f);
  CHECK(targets.labels[1] == 0.0f);
  labels.strings[1] = "maybe";
  CHECK_THROWS_WITH_AS(head.read_targets(labels, Features(), 2, targets),
                       doctest::Contains("Labels must >= 0.  Condition x >= 0 did not hold: got 'maybe' in row 1"),
                       DataError);
  CHECK_THROWS_WITH_AS(ClassHead().read_targets(labels, Features(), 2, targets),
                       doctest::Contains("Cast string to float is not supported"), ValueError);
}

TEST_CASE("head: labels out of range name the row") {
  Targets targets;
  const Feature two = dense_feature(std::vector<int64_t>{0, 2}), minus = dense_feature(std::vector<int64_t>{-1});
  CHECK_THROWS_WITH_AS(ClassHead().read_targets(two, Features(), 2, targets),
                       doctest::Contains("Labels must <= n_classes - 1: got 2 in row 1 of the batch, expected 0 or 1"),
                       DataError);
  const ClassHead multi({.n_classes = 3, .metrics = MetricDefinitions::keras});
  CHECK_NOTHROW(multi.read_targets(two, Features(), 2, targets));
  CHECK_THROWS_WITH_AS(multi.read_targets(minus, Features(), 1, targets), doctest::Contains("Labels must be >= 0."),
                       DataError);
  const Feature nan = dense_feature(std::vector<float>{std::nanf("")});
  CHECK_THROWS_AS(ClassHead().read_targets(nan, Features(), 1, targets), DataError);
  CHECK_THROWS_WITH_AS(multi.read_targets(nan, Features(), 1, targets),
                       doctest::Contains("Labels dtype should be integer. Instead got <dtype: 'float32'>."),
                       ValueError);
}

TEST_CASE("head: a missing weight column is an error") {
  Targets targets;
  const ClassHead head({.weight_column = "w"});
  CHECK_THROWS_WITH_AS(head.read_targets(dense_feature(std::vector<int64_t>{0}), Features(), 1, targets),
                       doctest::Contains("Feature w is not in features dictionary"), ValueError);
}

}  // namespace weft
