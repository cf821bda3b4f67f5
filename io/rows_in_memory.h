// A data set of rows that a program has at hand: vectors, one a column.
#pragma once
#include <weft/core/features.h>
#include <weft/io/dataset.h>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft {

/// A number that becomes a float32 or, without loss, an int64.
template <class T>
concept RowNumber = std::floating_point<T> ||(std::integral<T> && (std::signed_integral<T> || sizeof(T) < 8));

/// A column's values in all rows. A vector of values is dense, one a row; a vector of vectors is sparse, any number a
/// row. Never changed once it is made; copies share the values.
class RowValues {
 public:
  /// Dense, [rows, shape...]: the rows' values end to end. Throws ValueError if they are no whole number of rows.
  template <RowNumber T>
  RowValues(const std::vector<T>& values, const std::vector<int64_t>& shape = {1})  // NOLINT: a vector is a column
      : RowValues(type_of<T>(), false) {
    append(values);
    finish_dense(shape);
  }
  RowValues(const std::vector<std::string>& values, const std::vector<int64_t>& shape = {1});  // NOLINT
  /// Sparse, a list a row.
  template <RowNumber T>
  RowValues(const std::vector<std::vector<T>>& rows) : RowValues(type_of<T>(), true) {  // NOLINT
    for (const auto& row : rows) end_row(append(row));
    finish_sparse();
  }
  RowValues(const std::vector<std::vector<std::string>>& rows);  // NOLINT

  /// All rows as one batch. Its strings live as long as a copy of this.
  const Feature& feature() const { return held_->feature; }

 private:
  struct Held {
    Feature feature;
    std::string bytes;  ///< what its strings view
  };
  template <class T>
  static constexpr DataType type_of() {
    return std::floating_point<T> ? DataType::float32 : DataType::int64;
  }
  RowValues(DataType type, bool sparse);
  /// Returns how many values there are now.
  template <class T>
  size_t append(const std::vector<T>& values) {
    Feature& feature = held_->feature;
    if constexpr (std::floating_point<T>) {
      for (const T value : values) feature.floats.push_back(static_cast<float>(value));
      return feature.floats.size();
    } else {
      feature.integers.insert(feature.integers.end(), values.begin(), values.end());
      return feature.integers.size();
    }
  }
  void end_row(size_t values) { held_->feature.offsets.push_back(static_cast<int64_t>(values)); }
  void append(const std::vector<std::string>& values);
  void finish_dense(const std::vector<int64_t>& shape);
  void finish_sparse();

  std::shared_ptr<Held> held_;  // shared by copies: an initializer list copies its elements
};

/// Rows by column: Rows({{"watched", std::vector<std::vector<std::string>>{...}}, {"age", std::vector<float>{...}}}).
class Rows {
 public:
  using Column = std::pair<std::string, RowValues>;

  Rows() = default;
  /// Throws ValueError as add().
  Rows(std::initializer_list<Column> columns);  // NOLINT: a list of columns is rows
  /// Throws ValueError for a key that is there already, or another number of rows than the columns before.
  Rows& add(std::string key, RowValues values);

  int64_t size() const { return size_; }
  const std::vector<Column>& columns() const { return columns_; }

 private:
  std::vector<Column> columns_;
  int64_t size_ = 0;
};

/// As ReadExamplesOptions, without files.
struct RowsInMemoryOptions {
  std::string label = {};  ///< a dense column that becomes Batch::labels; empty: none
  int64_t batch_size = 128;
  int64_t shuffle_buffer = 0;  ///< rows.size() or more: every order is as likely
  uint64_t seed = 1;
  std::optional<int64_t> repeat = 1;
  bool drop_remainder = false;
};
/// Batches of the rows (tf.data.Dataset.from_tensor_slices, shuffle, batch, repeat); the data set keeps the rows. A
/// saved position belongs to rows of the same values. Throws ValueError for options that can't be, and for no column.
Dataset rows_in_memory(Rows rows, const RowsInMemoryOptions& options = {});

}  // namespace weft
