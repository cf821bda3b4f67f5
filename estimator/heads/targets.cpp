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

void check_label_is_there(const Feature& labels, bool v2_words) {
  if (!labels.shape.empty()) return;
  throw ValueError(fmt::format(
      "[head] You must provide a labels Tensor. Given: None. Suggested troubleshooting steps: Check that your "
      "data contain{} your label feature. Check that your input_fn properly parses and returns labels.",
      v2_words ? "s" : ""));
}

namespace {

void check_label_shape(const std::vector<int64_t>& shape, int64_t batch, bool v2_words, int64_t dimension) {
  if (shape.size() == 2 && shape[1] != dimension) {
    throw ValueError(fmt::format(
        "[head] Mismatched label shape. Expected labels dimension={}.  Received {}. Suggested Fix:{}If your classifier "
        "expects one-hot encoding label,{}check your n_classes argument to the estimator and/or the shape of your "
        "label. Otherwise, check the shape of your label.",
        dimension, shape[1], v2_words ? " " : "", v2_words ? " " : ""));
  }
  if (shape.size() > 2 || (shape.size() == 1 && dimension != 1)) {
    throw ValueError(fmt::format(
        "[head] labels shape must be [D0, D1, ... DN, {0}]: got {1}, expected ({2}, {0}). Suggested Fix: check your "
        "n_classes argument to the estimator and/or the shape of your label.",
        dimension, shape_text(shape), batch));
  }
}

}  // namespace

void check_labels(const Feature& labels, int64_t batch, bool v2_words, int64_t dimension) {
  check_label_is_there(labels, v2_words);
  if (labels.sparse) {
    throw ValueError(fmt::format(
        "[head] SparseTensor labels are not supported. labels must be a Tensor of shape [D0, D1, ..., DN, {0}], e.g. "
        "[batch_size, {0}]. Suggested Fix: Read the label as a FixedLenFeature of {0} value{1} an example.",
        dimension, dimension == 1 ? "" : "s"));
  }
  check_label_shape(labels.shape, batch, v2_words, dimension);
  if (labels.shape[0] != batch || labels.size() != batch * dimension) {
    throw ValueError(fmt::format(
        "[head] `logits` and `labels` must have the same shape, received (({0}, {1}) vs ({2}, {1})). Give one label an "
        "example.",
        batch, dimension, labels.shape[0] == batch ? labels.size() / dimension : labels.shape[0]));
  }
}

void throw_label_out_of_range(bool negative, std::string_view got, size_t row, int64_t n_classes, bool v2_words) {
  throw DataError(fmt::format(
      "[head] Labels must {}{}: got {} in row {} of the batch, expected {}. Check the label feature and n_classes.",
      v2_words ? "be " : "", negative ? ">= 0.  Condition x >= 0 did not hold" : "<= n_classes - 1", got, row,
      n_classes == 2 ? "0 or 1" : fmt::format("a class in [0, {})", n_classes)));
}

std::span<const float> read_weights(const Feature& weights, int64_t batch, std::vector<float>& storage,
                                    int64_t dimension) {
  if (weights.type == DataType::string) {
    throw ValueError(
        "[head] Cast string to float is not supported: got weights of type string, expected numbers. Check "
        "weight_column.");
  }
  const auto& shape = weights.shape;
  const bool fits = !weights.sparse && !shape.empty() && shape[0] == batch && shape.size() <= 2;
  const bool one_a_row = fits && weights.size() == batch && (shape.size() == 1 || shape[1] == 1);
  const bool one_a_number = fits && shape.size() == 2 && shape[1] == dimension && weights.size() == batch * dimension;
  if (!one_a_row && !one_a_number) {
    const std::string also = dimension == 1 ? "" : fmt::format(" or [D0, D1, ... DN, {}]", dimension);
    throw ValueError(fmt::format(
        "[head] weights shape must be [D0, D1, ... DN] or [D0, D1, ... DN, 1]{}: got {}{}, expected ({}, 1). Check "
        "weight_column.",
        also, weights.sparse ? "sparse " : "", shape_text(shape), batch));
  }
  const bool floating = is_floating(weights.type);
  if (floating && (one_a_number || dimension == 1)) return weights.floats;
  const int64_t repeats = one_a_number ? 1 : dimension;
  storage.resize(static_cast<size_t>(batch * dimension));
  for (size_t i = 0; i < storage.size(); ++i) {
    const size_t from = i / static_cast<size_t>(repeats);
    storage[i] = floating ? weights.floats[from] : static_cast<float>(weights.integers[from]);
  }
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
  CHECK_NOTHROW(check_labels(pairs, 1, false, 2));
  CHECK_THROWS_WITH_AS(check_labels(pairs, 1, false, 3), doctest::Contains("Expected labels dimension=3.  Received 2."),
                       ValueError);
  Feature flat = good;
  flat.shape = {2};
  CHECK_NOTHROW(check_labels(flat, 2, false));
  CHECK_THROWS_WITH_AS(check_labels(flat, 2, false, 2),
                       doctest::Contains("labels shape must be [D0, D1, ... DN, 2]: got (2,)"), ValueError);
}

TEST_CASE("targets: weights of several numbers an example are one a row or one a number") {
  std::vector<float> storage;
  const auto numbers = [](std::span<const float> span) { return std::vector<float>(span.begin(), span.end()); };
  const Feature rows = dense_feature(std::vector<float>{2, 3});
  CHECK(numbers(read_weights(rows, 2, storage, 2)) == std::vector<float>{2, 2, 3, 3});
  Feature each = dense_feature(std::vector<int64_t>{1, 2, 3, 4});
  each.shape = {2, 2};
  CHECK(numbers(read_weights(each, 2, storage, 2)) == std::vector<float>{1, 2, 3, 4});
  CHECK_THROWS_AS(read_weights(each, 2, storage), ValueError);
  CHECK_THROWS_WITH_AS(read_weights(each, 2, storage, 3), doctest::Contains("or [D0, D1, ... DN, 3]: got (2, 2)"),
                       ValueError);
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
