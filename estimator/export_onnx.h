// export_onnx: a trained DNN model as an ONNX file, from ids to predictions.
#pragma once
#include <weft/estimator/dnn_estimator.h>

#include <cstdint>
#include <string>

namespace weft {

/// How ids are fed.
enum class OnnxInput {
  padded,   ///< all bags of a batch in one length
  offsets,  ///< end to end, with the places where they begin and end
};

struct ExportOnnxOptions {
  OnnxInput input = OnnxInput::padded;
  /// Above so many bytes of numbers, large ones lie in "<path>.data" beside the file.
  int64_t inline_bytes = int64_t{1} << 30;
};

/// Writes the model as it is now (ONNX IR 7, opset 13; onnxruntime runs it). Inputs, in the order of the columns:
///   a column of ids     what the column makes of the feature, ids after the vocabulary or the hash; -1 is dropped
///   .. padded           "<categorical column's name>" int64 [batch, <name>_ids], padded with -1; an empty bag is a row
///                       of -1 (rows of no places at all fail in onnxruntime 1.20 and before)
///   .. by offsets       "<name>" int64 [ids] and "<name>_offsets" int64 [batch + 1]: bag i is ids [offsets[i],
///                       offsets[i + 1]), the first offset is 0, the last the number of ids (as in Ids)
///   .. with weights     "<weight's key>" float32 of the ids' shape
///   a numeric column    "<key>" float32 [batch, width]; a bucketized one too: its boundaries are in the model
/// Columns that read one input share it, and columns that share a table share its tensor. Outputs: "logits" [batch,
/// units], and by the head "logistic" [batch, 1] and "probabilities" [batch, 2], "probabilities" [batch, classes], or
/// "predictions" [batch, units]. Throws ValueError for what ONNX can't say (a normalizer_fn, an activation of one's
/// own), IoError; then there is no file.
void export_onnx(const DNNEstimator& estimator, const std::string& path, const ExportOnnxOptions& options = {});

}  // namespace weft
