// Targets: checks of labels and weights, with TensorFlow's words.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <weft/core/error.h>
#include <weft/estimator/heads/targets.h>

namespace weft {

namespace {

std::string shape_text(std::span<const int64_t> shape) {
  return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

}  // namespace

void check_labels(const Feature& labels, int64_t batch, bool v2_words) {
  if (labels.shape.empty()) {
    throw ValueError(fmt::format(
        "[head] You must provide a labels Tensor. Given: None. Suggested troubleshooting steps: Check that your "
        "data contain{} your label feature. Check that your input_fn properly parses and returns labels.",
        v2_words ? "s" : ""));
  }
  if (labels.sparse) {
    throw ValueError(
        "[head] SparseTensor labels are not supported. labels must be a Tensor of shape [D0, D1, ..., DN, 1], e.g. "
        "[batch_size, 1]. Suggested Fix: Read the label as a FixedLenFeature, one value an example.");
  }
  if (labels.shape.size() == 2 && labels.shape[1] != 1) {
    throw ValueError(fmt::format(
        "[head] Mismatched label shape. Expected labels dimension=1.  Received {}. Suggested Fix:{}If your classifier "
        "expects one-hot encoding label,{}check your n_classes argument to the estimator and/or the shape of your "
        "label. Otherwise, check the shape of your label.",
        labels.shape[1], v2_words ? " " : "", v2_words ? " " : ""));
  }
  if (labels.shape.size() > 2) {
    throw ValueError(fmt::format(
        "[head] labels shape must be [D0, D1, ... DN, 1]: got {}, expected ({}, 1). Suggested Fix: check your "
        "n_classes argument to the estimator and/or the shape of your label.",
        shape_text(labels.shape), batch));
  }
  if (labels.shape[0] != batch || labels.size() != batch) {
    throw ValueError(fmt::format(
        "[head] `logits` and `labels` must have the same shape, received (({}, 1) vs ({}, 1)). Give one label an "
        "example.",
        batch, labels.shape[0] == batch ? labels.size() : labels.shape[0]));
  }
}

void throw_label_out_of_range(bool negative, std::string_view got, size_t row, int64_t n_classes, bool v2_words) {
  throw DataError(fmt::format(
      "[head] Labels must {}{}: got {} in row {} of the batch, expected {}. Check the label feature and n_classes.",
      v2_words ? "be " : "", negative ? ">= 0.  Condition x >= 0 did not hold" : "<= n_classes - 1", got, row,
      n_classes == 2 ? "0 or 1" : fmt::format("a class in [0, {})", n_classes)));
}

std::span<const float> read_weights(const Feature& weights, int64_t batch, std::vector<float>& storage) {
  if (weights.type == DataType::string) {
    throw ValueError(
        "[head] Cast string to float is not supported: got weights of type string, expected numbers. Check "
        "weight_column.");
  }
  const auto& shape = weights.shape;
  const bool fits = !weights.sparse && !shape.empty() && shape[0] == batch &&
                    (shape.size() == 1 || (shape.size() == 2 && shape[1] == 1)) && weights.size() == batch;
  if (!fits) {
    throw ValueError(fmt::format(
        "[head] weights shape must be [D0, D1, ... DN] or [D0, D1, ... DN, 1]: got {}{}, expected ({}, 1). Check "
        "weight_column.",
        weights.sparse ? "sparse " : "", shape_text(shape), batch));
  }
  if (is_floating(weights.type)) return weights.floats;
  storage.assign(weights.integers.begin(), weights.integers.end());
  return storage;
}

TEST_CASE("targets: labels that can't be have TensorFlow's words") {
  const Feature good = dense_feature(std::vector<int64_t>{0, 1});
  CHECK_NOTHROW(check_labels(good, 2, false));
  CHECK_THROWS_WITH_AS(check_labels(Feature{}, 2, false),
                       doctest::Contains("You must provide a labels Tensor. Given: None."), ValueError);
  CHECK_THROWS_WITH_AS(check_labels(good, 3, false),
                       doctest::Contains("must have the same shape, received ((3, 1) vs (2, 1))"), ValueError);
  Feature pairs = good;
  pairs.shape = {1, 2};
  CHECK_THROWS_WITH_AS(check_labels(pairs, 1, false),
                       doctest::Contains("Expected labels dimension=1.  Received 2. Suggested Fix:If"), ValueError);
  CHECK_THROWS_WITH_AS(check_labels(pairs, 1, true), doctest::Contains("Received 2. Suggested Fix: If"), ValueError);
  CHECK_THROWS_WITH_AS(check_labels(sparse_feature(std::vector<std::vector<int64_t>>{{1}}), 1, false),
                       doctest::Contains("SparseTensor labels are not supported."), ValueError);
}

TEST_CASE("targets: integer weights are cast, strings and other shapes refused") {
  std::vector<float> storage;
  const Feature integers = dense_feature(std::vector<int64_t>{2, 3});
  CHECK(read_weights(integers, 2, storage)[1] == 3.0f);
  const Feature floats = dense_feature(std::vector<float>{0.5f});
  CHECK(read_weights(floats, 1, storage).data() == floats.floats.data());
  CHECK_THROWS_WITH_AS(read_weights(floats, 2, storage), doctest::Contains("weights shape must be [D0, D1, ... DN] or"),
                       ValueError);
  Feature strings;
  strings.type = DataType::string;
  CHECK_THROWS_WITH_AS(read_weights(strings, 1, storage), doctest::Contains("Cast string to float is not supported"),
                       ValueError);
}

}  // namespace weft
