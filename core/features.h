// Features: the parsed values of a batch by key; strings are views into bytes that the batch owns.
#pragma once
#include <weft/core/ids.h>
#include <weft/core/sparse_rows.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft {

/// The types a feature can have. float64 and int32 occur only in features a program makes itself; they are held as
/// float32 and int64.
enum class DataType { float32, float64, int32, int64, string };
/// "float32", ...
std::string_view to_string(DataType type);
constexpr bool is_integer(DataType type) {
  return type == DataType::int32 || type == DataType::int64;
}
constexpr bool is_floating(DataType type) {
  return type == DataType::float32 || type == DataType::float64;
}

/// One feature of a batch: dense, or sparse (rows of varying length, TensorFlow's SparseTensor). A feature of
/// parse_single_example is that of a batch of one, but for its `shape`, which has no batch axis.
struct Feature {
  DataType type = DataType::int64;
  bool sparse = false;
  std::vector<int64_t> shape;    ///< dense: the array's; sparse: dense_shape. shape[0] is the batch.
  std::vector<int64_t> offsets;  ///< sparse: [batch + 1]: row b has the values [offsets[b], offsets[b + 1]).
  std::vector<int64_t>
      indices;  ///< sparse: [values, rank - 1], each value's place within its row; empty: 0, 1, 2, ... (rank 2).
  /// Nested ragged rows only (RaggedFeature with partitions): TensorFlow's nested_row_splits, outermost first. Level 0
  /// cuts the rows of level 1 into examples, ..., the last cuts the values; `indices` then hold each value's place.
  std::vector<std::vector<int64_t>> row_splits;
  std::vector<float> floats;              ///< values of a floating feature.
  std::vector<int64_t> integers;          ///< values of an integer feature.
  std::vector<std::string_view> strings;  ///< values of a string feature, views into bytes that Features::owners keeps.

  int64_t size() const;   ///< Number of values.
  int64_t batch() const;  ///< shape[0]; 1 for a scalar.
  void clear();           ///< No values; type and memory are kept.
};

/// The features of a batch by key, in the order they were added. Small: look-up is a walk.
class Features {
 public:
  /// The feature, made if there is none. References stay valid until the Features are destroyed.
  Feature& operator[](std::string_view key);
  /// Null if there is none.
  const Feature* find(std::string_view key) const;
  /// Throws ValueError "Feature <key> is not in features dictionary." with the keys there are.
  const Feature& at(std::string_view key) const;
  size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  /// Takes the feature out, if it is there.
  void remove(std::string_view key);
  /// Takes all features out and drops the owners. Their memory is kept for features of the same keys.
  void clear_values();
  /// Keeps `bytes` alive as long as these features: what string views point into.
  void own(std::shared_ptr<const void> bytes) { owners_.push_back(std::move(bytes)); }
  /// A copy of `text` that lives as long as these features.
  std::string_view keep(std::string_view text);

  /// What input layers have already made of these features, a list of ids a column (see InputLayer::prepare). A model
  /// may have several layers.
  struct Prepared {
    const void* by = nullptr;  ///< the layer; null: nothing yet, but memory to use again
    std::vector<Ids> ids;
    std::vector<IdCounts> counts;
    /// What lookups make of the ids, one a column, or nothing; only what a training step wants is made so far ahead.
    std::vector<Share> shares;
    bool has_shares = false;
  };
  /// Null if `layer` has prepared nothing.
  const Prepared* find_prepared(const void* layer) const;
  /// Room for what `layer` prepares; its `by` is null until the layer sets it.
  Prepared& prepare_for(const void* layer);
  /// Forgets what was prepared, as after a change of values.
  void clear_prepared();

 private:
  using Entry = std::pair<std::string, std::unique_ptr<Feature>>;
  std::vector<Entry> entries_;
  std::vector<Entry> spare_;  ///< taken out, without values
  std::vector<Prepared> prepared_;
  std::vector<std::shared_ptr<const void>> owners_;
};

/// Shorthands for features made by hand. `rows` of a sparse feature become its bags; a dense one is [rows, 1].
Feature dense_feature(std::vector<float> values);
Feature dense_feature(std::vector<int64_t> values);
Feature sparse_feature(const std::vector<std::vector<int64_t>>& rows);
Feature sparse_feature(const std::vector<std::vector<float>>& rows);
/// The strings must outlive the feature (or be kept by Features::keep).
Feature sparse_feature(const std::vector<std::vector<std::string_view>>& rows);

/// What a data set yields: the features and, where a label was asked for, the label.
struct Batch {
  Features features;
  Feature labels;    ///< dense [batch, ...]; empty without a label key.
  int64_t size = 0;  ///< examples
};

}  // namespace weft
