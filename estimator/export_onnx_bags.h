// Bags of ids of any length, summed in ONNX's operators.
#pragma once
#include <weft/io/formats/onnx_model.h>

#include <string>

namespace weft {

/// Bags cut into pieces of one length, at least one a bag. Names of a model's values.
struct OnnxPieces {
  std::string places;   ///< int64 [pieces, length]: which id; the number of ids where there is none
  std::string of_bag;   ///< int64 [batch, most pieces]: the pieces of each bag; its last one where it has no more
  std::string present;  ///< float32 of that shape: 1, and 0 where it has no more
};
/// Bag i is ids [offsets[i], offsets[i + 1]): ids is [n], offsets is int64 [batch + 1].
OnnxPieces cut_bags(OnnxModel& model, const std::string& ids, const std::string& offsets);
/// [pieces, width] -> [batch, width]: each bag's pieces added up.
std::string sum_pieces(OnnxModel& model, const OnnxPieces& pieces, const std::string& values);

/// [rows, length] and [rows, length, width] -> [rows, width].
std::string weighted_sum(OnnxModel& model, const std::string& weights, const std::string& values);

}  // namespace weft
