// The rows of a table that are nearest to given vectors.
#pragma once
#include <weft/io/formats/tensor_pieces.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace weft {

enum class Similarity { cosine, dot, l2 };
/// "cosine", "dot" or "l2"; nothing for another name.
std::optional<Similarity> similarity_of(std::string_view name);

struct Neighbor {
  int64_t row = 0;
  /// Cosine of the angle (0 for a row of zeros), dot product, or Euclidean distance.
  double score = 0;
};

struct NearestRowsOptions {
  int64_t k = 10;
  Similarity similarity = Similarity::cosine;
  /// Rows from here on are passed over (out-of-vocabulary buckets); -1: none are.
  int64_t rows = -1;
  BytesRead progress = {};
};
/// For each of the queries, [queries, width], the k nearest rows of a matrix, the nearest first and equally near ones
/// in row order; rows whose score is NaN are never near. Reads the matrix once, a piece at a time. Throws DataError for
/// a tensor that is missing or no matrix of numbers, ValueError for queries of another width or a k below 1.
std::vector<std::vector<Neighbor>> nearest_rows(const NamedTensors& tensors, std::string_view name,
                                                std::span<const float> queries, const NearestRowsOptions& options = {});

}  // namespace weft
