// MultiLabelHead: options, labels, loss, predictions.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/ops/losses.h>
#include <weft/estimator/heads/multi_label_head.h>

#include <algorithm>
#include <cmath>

namespace weft {

namespace {

void check_options(const MultiLabelHeadOptions& options) {
  if (options.n_classes < 2) {
    throw ValueError(fmt::format(
        "[head] n_classes must be > 1 for multi-label classification. Given: {}. Give the number of classes.",
        options.n_classes));
  }
  for (float threshold : options.thresholds) {
    if (threshold > 0.0f && threshold < 1.0f) continue;
    throw ValueError(
        fmt::format("[head] thresholds must be in (0, 1) range. Given: {}. Thresholds are probabilities.", threshold));
  }
  const auto words = std::ssize(options.label_vocabulary);
  if (words != 0 && words != options.n_classes) {
    throw ValueError(
        fmt::format("[head] Length of label_vocabulary must be n_classes ({}). Given: {}. Give one word a class.",
                    options.n_classes, words));
  }
}

std::vector<int64_t> metric_classes_of(const MultiLabelHeadOptions& options) {
  std::vector<int64_t> ids = options.classes_for_class_based_metrics;
  if (!ids.empty() && !options.class_names_for_class_based_metrics.empty()) {
    throw ValueError("[head] classes_for_class_based_metrics: got ids and names, expected one. Leave one out.");
  }
  for (const std::string& name : options.class_names_for_class_based_metrics) {
    const auto& words = options.label_vocabulary;
    const auto found = std::ranges::find(words, name);
    if (found == words.end()) {
      throw ValueError(fmt::format(
          "[head] label_vocabulary must be provided when classes_for_class_based_metrics are strings: got '{}', "
          "expected a word of the vocabulary. Check the name.",
          name));
    }
    ids.push_back(found - words.begin());
  }
  for (int64_t id : ids) {
    if (id >= 0 && id < options.n_classes) continue;
    throw ValueError(
        fmt::format("[head] All classes_for_class_based_metrics must be in range [0, {}]. Given: {}. Check the ids.",
                    options.n_classes - 1, id));
  }
  return ids;
}

[[noreturn]] void throw_no_class(const std::string& got, int64_t n_classes, const char* form) {
  throw DataError(
      fmt::format("[head] labels must be an integer {}: got {}, expected classes in [0, {}). Check the label feature.",
                  form, got, n_classes));
}

}  // namespace

MultiLabelHead::MultiLabelHead(MultiLabelHeadOptions options) : options_(std::move(options)) {
  check_options(options_);
  metric_classes_ = metric_classes_of(options_);
  class_names_ = options_.label_vocabulary;
  if (!class_names_.empty()) vocabulary_ = Vocabulary::from_list(class_names_);
  if (!class_names_.empty()) return;
  for (int64_t id = 0; id < options_.n_classes; ++id) class_names_.push_back(std::to_string(id));
}

std::string MultiLabelHead::metric_name(int64_t class_id) const {
  if (options_.label_vocabulary.empty()) return fmt::format("class{}", class_id);
  return class_names_[static_cast<size_t>(class_id)];
}

void MultiLabelHead::read_targets(const Feature& labels, const Features& features, int64_t batch, Targets& out) const {
  const bool v2_words = options_.metrics == MetricDefinitions::keras;
  check_label_is_there(labels, v2_words);
  out.batch = batch;
  out.class_ids = {};
  out.label_storage.assign(static_cast<size_t>(batch * options_.n_classes), 0.0f);
  if (labels.sparse) {
    read_sparse(labels, batch, out);
  } else {
    check_labels(labels, batch, v2_words, options_.n_classes);
    read_indicators(labels, batch, out);
  }
  out.labels = out.label_storage;
  out.weights = {};
  if (options_.weight_column.empty()) return;
  out.weights = read_weights(features.at(options_.weight_column), batch, out.weight_storage);
}

// The class of a value of a sparse feature.
int64_t MultiLabelHead::class_of(const Feature& labels, int64_t value) const {
  const auto i = static_cast<size_t>(value);
  if (labels.type == DataType::string) {
    const int64_t id = vocabulary_->find(labels.strings[i]);
    if (id < 0)
      throw_no_class(fmt::format("'{}'", labels.strings[i]), options_.n_classes, "or a word of the vocabulary");
    return id;
  }
  const int64_t id = labels.integers[i];
  if (id >= 0 && id < options_.n_classes) return id;
  throw_no_class(fmt::format("{}", id), options_.n_classes,
                 fmt::format("SparseTensor with values in [0, {})", options_.n_classes).c_str());
}

void MultiLabelHead::read_sparse(const Feature& labels, int64_t batch, Targets& out) const {
  if (labels.type == DataType::string && !vocabulary_) {
    throw ValueError(
        "[head] label_vocabulary must be provided where labels are strings: got labels of type string. Give the "
        "classes' names.");
  }
  if (is_floating(labels.type)) {
    throw ValueError(
        fmt::format("[head] Labels dtype should be integer. Instead got <dtype: '{}'>. Read the label as int64.",
                    to_string(labels.type)));
  }
  if (labels.batch() != batch) {
    throw ValueError(fmt::format(
        "[head] `logits` and `labels` must have the same shape, received (({0}, {2}) vs ({1}, {2})). Give every "
        "example its labels.",
        batch, labels.batch(), options_.n_classes));
  }
  for (int64_t row = 0; row < batch; ++row) {
    const auto r = static_cast<size_t>(row);
    for (int64_t value = labels.offsets[r]; value < labels.offsets[r + 1]; ++value) {
      out.label_storage[static_cast<size_t>(row * options_.n_classes + class_of(labels, value))] = 1.0f;
    }
  }
}

void MultiLabelHead::read_indicators(const Feature& labels, int64_t batch, Targets& out) const {
  if (labels.type == DataType::string) {
    throw ValueError(
        "[head] Labels dtype should be integer. Instead got <dtype: 'string'>. Read words as a sparse feature, or the "
        "label as 0 and 1.");
  }
  for (size_t i = 0; i < static_cast<size_t>(batch * options_.n_classes); ++i) {
    const float label = is_floating(labels.type) ? labels.floats[i] : static_cast<float>(labels.integers[i]);
    if (!(label >= 0.0f && label <= 1.0f)) {
      throw_no_class(fmt::format("{}", label), options_.n_classes, "indicator Tensor with values in [0, 1]");
    }
    out.label_storage[i] = label;
  }
}

Var MultiLabelHead::loss(Var logits, const Targets& targets) const {
  detail::check_logits(logits.value(), logits_dimension());
  return multi_label_cross_entropy(logits, targets.labels,
                                   {.weights = targets.weights, .reduction = options_.loss_reduction});
}

void MultiLabelHead::predict(const Tensor& logits, Predictions& out) const {
  detail::check_logits(logits, logits_dimension());
  out.batch = logits.shape()[0];
  out.logits = logits;
  detail::ensure_shape(out.probabilities, logits.shape());
  out.classes.resize(static_cast<size_t>(logits.size()));
  for (int64_t i = 0; i < logits.size(); ++i) {
    out.probabilities[i] = detail::sigmoid(logits[i]);
    out.classes[static_cast<size_t>(i)] = class_names_[static_cast<size_t>(i % options_.n_classes)];
  }
}

TEST_CASE("multi-label head: dense, sparse and named labels are the same") {
  const MultiLabelHead numbers({.n_classes = 3}), words({.n_classes = 3, .label_vocabulary = {"x", "y", "z"}});
  Targets targets;
  const auto read = [&](const MultiLabelHead& head, const Feature& labels) {
    head.read_targets(labels, Features(), 2, targets);
    return std::vector<float>(targets.labels.begin(), targets.labels.end());
  };
  const std::vector<float> want = {0, 1, 1, 0, 0, 0};
  Feature dense = dense_feature(std::vector<int64_t>{0, 1, 1, 0, 0, 0});
  dense.shape = {2, 3};
  CHECK(read(numbers, dense) == want);
  CHECK(read(numbers, sparse_feature(std::vector<std::vector<int64_t>>{{2, 1, 2}, {}})) == want);
  CHECK(read(words, sparse_feature(std::vector<std::vector<std::string_view>>{{"y", "z"}, {}})) == want);
}

TEST_CASE("multi-label head: the loss TensorFlow documents, and predictions") {
  const MultiLabelHead head({.n_classes = 2});
  Feature labels = dense_feature(std::vector<int64_t>{1, 0, 1, 1});
  labels.shape = {2, 2};
  Targets targets;
  head.read_targets(labels, Features(), 2, targets);
  Tape tape;
  const Tensor logits(Shape{2, 2}, {-1.0f, 1.0f, -1.5f, 1.5f});
  CHECK(head.loss(tape.leaf(logits), targets).item() == doctest::Approx((1.31326169 + 0.9514133) / 2));
  Predictions predictions;
  head.predict(logits, predictions);
  const Prediction second = prediction_at(predictions, 1);
  CHECK(second.probabilities[1] == doctest::Approx(1.0 / (1.0 + std::exp(-1.5))));
  CHECK(second.logistic.empty());
  CHECK(second.class_ids.empty());
  REQUIRE(second.classes.size() == 2);
  CHECK(second.classes[1] == "1");
}

TEST_CASE("multi-label head: labels and options that can't be") {
  CHECK_THROWS_WITH_AS(MultiLabelHead({.n_classes = 1}),
                       doctest::Contains("n_classes must be > 1 for multi-label classification. Given: 1"), ValueError);
  CHECK_THROWS_AS(MultiLabelHead({.n_classes = 2, .thresholds = {0.0f}}), ValueError);
  CHECK_THROWS_AS(MultiLabelHead({.n_classes = 3, .label_vocabulary = {"x", "y"}}), ValueError);
  CHECK_THROWS_AS(MultiLabelHead({.n_classes = 3, .classes_for_class_based_metrics = {3}}), ValueError);
  CHECK_THROWS_AS(MultiLabelHead({.n_classes = 3, .class_names_for_class_based_metrics = {"x"}}), ValueError);
  const MultiLabelHead numbers({.n_classes = 3}), words({.n_classes = 2, .label_vocabulary = {"x", "y"}});
  Targets targets;
  const auto read = [&](const MultiLabelHead& head, const Feature& labels) {
    head.read_targets(labels, Features(), 1, targets);
  };
  CHECK_THROWS_WITH_AS(read(numbers, sparse_feature(std::vector<std::vector<int64_t>>{{3}})),
                       doctest::Contains("labels must be an integer SparseTensor with values in [0, 3): got 3"),
                       DataError);
  CHECK_THROWS_AS(read(words, sparse_feature(std::vector<std::vector<std::string_view>>{{"w"}})), DataError);
  CHECK_THROWS_AS(read(numbers, sparse_feature(std::vector<std::vector<std::string_view>>{{"x"}})), ValueError);
  CHECK_THROWS_AS(read(numbers, sparse_feature(std::vector<std::vector<float>>{{1}})), ValueError);
  CHECK_THROWS_AS(read(numbers, sparse_feature(std::vector<std::vector<int64_t>>{{1}, {1}})), ValueError);
  Feature two = dense_feature(std::vector<int64_t>{0, 2, 1});
  two.shape = {1, 3};
  CHECK_THROWS_WITH_AS(read(numbers, two), doctest::Contains("integer indicator Tensor with values in [0, 1]: got 2"),
                       DataError);
  CHECK_THROWS_AS(read(numbers, Feature{}), ValueError);
}

}  // namespace weft
