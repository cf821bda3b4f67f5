// Targets: the labels and weights of a batch as a head's loss and metrics want them.
#pragma once
#include <weft/core/features.h>

#include <cstdint>
#include <span>
#include <vector>

namespace weft {

/// Labels and weights of one batch. The spans point into the batch, or into storage here that is reused from batch to
/// batch, so that reading targets allocates nothing in a steady loop.
struct Targets {
  int64_t batch = 0;
  /// Binary heads: [batch], in [0, 1]. Regression: [batch, label_dimension]. Multi-label: [batch, n_classes], 0 or 1.
  std::span<const float> labels = {};
  std::span<const int64_t> class_ids = {};  ///< multi-class heads: [batch], in [0, n_classes)
  /// [batch], of a regression [batch, label_dimension]; or empty: every weight is 1.
  std::span<const float> weights = {};

  Targets() = default;
  Targets(const Targets&) = delete;
  Targets& operator=(const Targets&) = delete;

  std::vector<float> label_storage;
  std::vector<int64_t> id_storage;
  std::vector<float> weight_storage;
};

/// Throws TensorFlow's ValueErrors for labels that are absent, sparse, of more or less than `dimension` numbers an
/// example, or of another batch. `v2_words` chooses tf.estimator's wording where it differs from
/// tf.compat.v1.estimator's.
void check_labels(const Feature& labels, int64_t batch, bool v2_words, int64_t dimension = 1);
/// The first of them: for labels that may be sparse.
void check_label_is_there(const Feature& labels, bool v2_words);

/// Throws the DataError for label `row` that is no class: `got` is its text.
[[noreturn]] void throw_label_out_of_range(bool negative, std::string_view got, size_t row, int64_t n_classes,
                                           bool v2_words);

/// The numbers of a dense feature of [batch] or [batch, 1] as floats: the feature's own, or a cast copy in `storage`.
/// With a `dimension` above 1 there is one weight a number of [batch, dimension], given as that or one a row. Throws
/// ValueError for strings, sparse features and other shapes.
std::span<const float> read_weights(const Feature& weights, int64_t batch, std::vector<float>& storage,
                                    int64_t dimension = 1);

}  // namespace weft
