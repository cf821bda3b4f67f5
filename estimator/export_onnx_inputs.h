// OnnxInputs: the inputs of an exported model, and what columns read from them.
#pragma once
#include <weft/estimator/export_onnx.h>
#include <weft/estimator/export_onnx_bags.h>
#include <weft/io/formats/onnx_model.h>
#include <weft/layers/feature_column.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// Ids in rows of one length, [rows, length]. Names of a model's values.
struct OnnxBags {
  std::string ids;      ///< int64, 0 where there is none
  std::string weights;  ///< float32, 0 where there is no id; 1 or its weight where there is one
  /// How rows make up bags; nothing if row i is bag i.
  std::optional<OnnxPieces> pieces = {};
};

class OnnxInputs {
 public:
  /// The model must outlive it.
  OnnxInputs(OnnxModel& model, OnnxInput kind) : model_(model), kind_(kind) {}

  /// Float32 [batch, width]. Throws ValueError for a normalizer_fn; all throw it for inputs of two kinds under a name.
  std::string numbers(const NumericColumn& column);
  OnnxBags bags(const CategoricalColumn& column);

 private:
  std::string input(const std::string& name, std::string_view content, const std::vector<OnnxModel::Extent>& shape);
  std::string laid_out(const std::string& name, std::string_view content, const std::string& ids,
                       const std::optional<OnnxPieces>& pieces);
  const OnnxPieces& pieces_of(const std::string& ids);
  OnnxBags buckets(const BucketizedColumn& column);
  std::string to_float(const std::string& value);

  OnnxModel& model_;
  OnnxInput kind_;
  std::map<std::string, std::string_view> contents_;  ///< of the inputs, by name
  std::map<std::string, OnnxPieces> pieces_;          ///< by the name of the ids
};

}  // namespace weft
