// libsvm and libffm text files as batches of features.
#pragma once
#include <weft/io/dataset.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft {

/// One example a line: `label index:value index:value ...`, separated by blanks; what follows a '#' is a comment. The
/// options that are not explained here are those of ReadExamplesOptions.
struct ReadLibsvmOptions {
  /// A name that ends in ".gz" is read as gzip.
  std::string files = {};
  std::vector<std::string> more_files = {};
  /// The sparse int64 feature of the indices.
  std::string key = "features";
  /// The sparse float32 feature of the values, one an index.
  std::string weight_key = "features_weight";
  /// Indices start at 0, not at 1: an index is an id as it is, else it is an id + 1.
  bool zero_based = false;
  /// Labels are -1 (or 0) and +1; they become 0 and 1.
  bool signed_labels = false;
  /// Of Batch::labels, dense [batch, 1]: float32 or int64.
  DataType label_type = DataType::float32;
  /// The dense int64 feature [batch, 1] of `qid:`, a number after the label that every line then has; empty: none has.
  std::string qid_key = {};
  int64_t batch_size = 128;
  int64_t shuffle_buffer = 0;
  uint64_t seed = 1;
  std::optional<int64_t> repeat = 1;
  bool drop_remainder = false;
  int64_t shard_count = 1;
  int64_t shard_index = 0;
};
/// Batches with a label. The values are weights of ids:
///
///   const auto ids = categorical_column_with_identity({.key = "features", .num_buckets = 1'000'000});
///   const auto weighted = weighted_categorical_column(ids, {.weight_feature_key = "features_weight"});
///   const auto column = embedding_column(weighted, {.dimension = 16, .combiner = Combiner::sum});
///   const auto input_fn = [] { return read_libsvm({.files = "train.libsvm", .signed_labels = true}); };
///
/// Throws ValueError for options that can't be, IoError if no file matches; next() throws DataError (path, line).
Dataset read_libsvm(const ReadLibsvmOptions& options);

/// One example a line: `label field:index:value field:index:value ...`, as ReadLibsvmOptions. Field f becomes two
/// sparse features, "<its key>" of the indices (int64) and "<its key>_weight" of the values (float32); a line may have
/// any number of them, none too.
struct ReadLibffmOptions {
  std::string files = {};
  std::vector<std::string> more_files = {};
  /// The keys of the fields 0, 1, ...
  std::vector<std::string> fields = {};
  /// Without `fields`: their number; their keys are "field_0", "field_1", ...
  int64_t num_fields = 0;
  /// Indices start at 0, as fields do; false: at 1.
  bool zero_based = true;
  bool signed_labels = false;
  DataType label_type = DataType::float32;
  int64_t batch_size = 128;
  int64_t shuffle_buffer = 0;
  uint64_t seed = 1;
  std::optional<int64_t> repeat = 1;
  bool drop_remainder = false;
  int64_t shard_count = 1;
  int64_t shard_index = 0;
};
/// Batches with a label. Throws as read_libsvm; DataError for a field that has no key too.
Dataset read_libffm(const ReadLibffmOptions& options);

}  // namespace weft
