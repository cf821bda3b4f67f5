// What each kind of column makes of a batch's features; one kind a file.
#pragma once
#include <weft/core/features.h>
#include <weft/core/ids.h>
#include <weft/layers/feature_column.h>

#include <span>
#include <string>

namespace weft {

class Vocabulary;

/// The feature of a categorical column. Throws ValueError if it is missing, a scalar, or its rows don't fit its values.
const Feature& categorical_feature(const Features& features, std::string_view key);
/// Makes out.offsets from the feature's rows, given an id for each of its values in out.ids. Dense features lose the
/// ids of ignored values: ignored(i) says it of value i.
template <class Ignored>
void lay_rows(const Feature& feature, Ids& out, Ignored&& ignored) {
  if (feature.sparse) {
    out.offsets.assign(feature.offsets.begin(), feature.offsets.end());
    return;
  }
  const auto batch = static_cast<size_t>(feature.batch());
  const size_t per_row = batch == 0 ? 0 : out.ids.size() / batch;
  out.offsets.resize(batch + 1);
  out.offsets[0] = 0;
  size_t kept = 0;
  for (size_t row = 0, i = 0; row < batch; ++row) {
    for (size_t k = 0; k < per_row; ++k, ++i) {
      if (!ignored(i)) out.ids[kept++] = out.ids[i];
    }
    out.offsets[row + 1] = static_cast<int64_t>(kept);
  }
  out.ids.resize(kept);
}
/// The rows of a feature of strings ('' is ignored) or integers (-1 is).
void lay_rows(const Feature& feature, Ids& out);

void vocabulary_ids(std::string_view key, DataType dtype, const Vocabulary& vocabulary, const Features& features,
                    Ids& out);
/// The vocabulary of a column by file or by list. Throws IoError or DataError.
Vocabulary load_vocabulary(const VocabularyFileColumn& column);
Vocabulary load_vocabulary(const VocabularyListColumn& column);
void identity_ids(const IdentityColumn& column, const Features& features, Ids& out);
void hash_bucket_ids(const HashBucketColumn& column, const Features& features, Ids& out);
void bucketized_ids(const BucketizedColumn& column, const Features& features, Ids& out);
/// `ids` are those of the column that is weighted.
void weighted_ids(const WeightedColumn& column, const Features& features, const Ids& ids, Ids& out);
/// The keys of a cross with those of nested crosses in their place.
std::vector<CrossedKey> cross_leaves(const CrossedColumn& column);
/// The values of a feature as they go into a cross: fingerprints of strings, integers as they are; nothing is ignored.
void cross_values(std::string_view key, const Features& features, Ids& out);
/// One thing that is crossed: its ids or values, and whether they count as dense (TensorFlow hashes sparse ones first).
struct CrossedInput {
  const Ids* ids = nullptr;
  bool dense = false;
};
/// One id a combination of values. `inputs` are in the order of the leaves, and are reordered.
void crossed_ids(const CrossedColumn& column, std::span<CrossedInput> inputs, Ids& out);

/// Throws ValueError for a shape or type that a column of numbers can't have.
void check_numbers(const char* where, const std::string& key, std::span<const int64_t> shape, DataType dtype);
/// Where the numbers of a dense column go: row b at data + b * stride.
struct DenseRows {
  float* data = nullptr;
  int64_t stride = 0;
};
/// Rows of the feature of a numeric column. Throws ValueError if it is sparse, no number, or of another size.
int64_t numeric_batch(const NumericColumn& column, const Features& features);
void numeric_values(const NumericColumn& column, const Features& features, const DenseRows& out);
ParseSpec numeric_spec(const NumericColumn& column);
/// Counts (sums of weights) of ids in [0, width); others count nowhere. The rows must be zeros.
void indicator_values(const Ids& ids, int64_t width, const DenseRows& out);

/// Throws ValueError "column_name: <key><what> dtype must be string or integer. ..." for another type.
void check_string_or_integer(DataType type, std::string_view key, const char* what, const char* where);
/// Throws ValueError unless both are integers or neither is.
void check_value_type(std::string_view key, DataType column, DataType feature);

}  // namespace weft
