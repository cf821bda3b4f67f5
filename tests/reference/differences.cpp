// Deliberate differences: where weft answers otherwise than TensorFlow, each with its reason.
#include "errors.h"

namespace weft::reference {
namespace {

constexpr Difference table[] = {
    // A call that eager mode refuses is refused by weft only if something else is wrong with it.
    {.type = "RuntimeError",
     .pattern = "eager",
     .kinds = "ValueError",
     .accepts = true,
     .reason = "weft has no global graph: columns are values, and shared ones work everywhere"},
    {.type = "ValueError",
     .pattern = R"(^(.*)\. ven column: (.*)$)",
     .kinds = "ValueError",
     .words = "$1. Given column: $2",
     .reason = "TensorFlow's v1 lost two letters"},
    {.type = "InvalidArgumentError",
     .pattern = R"(indices\[(\d+)\] == (-?\d+) out of range \[0, (\d+)\))",
     .kinds = "ValueError",
     .words = "indices[$1] = $2 is not in [0, $3)",
     .reason = "TensorFlow's two kernels of the lookup word it differently; weft has one lookup"},
    {.type = "InvalidArgumentError",
     .pattern =
         R"(ConcatOp : Dimension 0 in both shapes must be equal: shape\[0\] = \[(\d+),\d+\] vs\. shape\[1\] = \[(\d+),)",
     .kinds = "ValueError",
     .words = "columns of different batch sizes $1 $2",
     .reason = "TensorFlow names the operation of its graph; weft names the columns"},
    {.type = "InvalidArgumentError",
     .pattern = R"(^Name: <unknown>, Key: (.*), Index: (\d+)\.  (.*)$)",
     .kinds = "DataError",
     .words = "example $2, key $1: $3",
     .reason = "examples have no names in weft, and their place in the batch is called the example's"},
    {.type = "InvalidArgumentError",
     .pattern = R"(^(?:Name: <unknown>, )?(Feature: .* is required but could not be found\.)$)",
     .kinds = "DataError",
     .words = "$1",
     .reason = "examples have no names in weft"},
    {.type = "DataLossError",
     .pattern = R"((truncated record at \d+)' failed with)",
     .kinds = "DataError",
     .words = "$1",
     .reason = "TensorFlow appends a sentence of its file system; weft says how many bytes there are"},
    {.type = "ValueError",
     .pattern = R"(^(First dimension of shape for feature .* unknown\.) Consider using FixedLenSequenceFeature)",
     .kinds = "ValueError",
     .words = "$1",
     .reason = "weft advises the kinds of feature that it has"},
    {.type = "ValueError",
     .pattern = "SharedEmbeddingColumns are not supported in `linear_model` or `input_layer`",
     .accepts = true,
     .reason = "weft has one input layer, which takes the columns of both interfaces"},
    {.type = "ValueError",
     .pattern =
         R"(Items of feature_columns must be a FeatureColumn\. Given \(type <class '[\w.]*\._SharedEmbeddingColumn'>\))",
     .accepts = true,
     .reason = "weft has one input layer, which takes the columns of both interfaces"},
    {.type = "ValueError",
     .pattern = R"(^Dimensions (\d+) and (\d+) are not compatible)",
     .kinds = "DataError",
     .words = "Dimensions $1 and $2 are not compatible",
     .reason = "indices and values of different number are wrong data, not a wrong argument"},
    {.type = "ValueError",
     .pattern = R"(All feature_columns must be _FeatureColumn instances\. Given: SequenceNumericColumn)",
     .kinds = "ValueError",
     .accepts = true,
     .reason = "weft has one make_parse_example_spec, which takes the columns of both interfaces"},
    {.type = "TypeError",
     .pattern = R"(unsupported operand type\(s\) for .*'SparseTensor'|Failed to convert elements of SparseTensor)",
     .accepts = true,
     .reason = "TensorFlow hands the normalizer of a sequence_numeric_column the SparseTensor itself, which few "
               "functions take; weft's is a function of a number and gets every number that is there"},
    {.type = "TypeError",
     .pattern = R"(passed to parameter 'default_value' of op 'SparseToDense')",
     .kinds = "ValueError",
     .accepts = true,
     .reason =
         "TensorFlow pads integer sequences with integers only; weft casts sequences of numbers to float32 first"},
    {.type = "InvalidArgumentError",
     .pattern = R"(of type AddN must have the same size and shape\.  Input \d+: \[(\d+),\d+\] != input \d+: \[(\d+),)",
     .kinds = "ValueError",
     .words = "columns of different batch sizes $1 $2",
     .reason = "TensorFlow names the operation of its graph; weft names the columns"},
    {.type = "InvalidArgumentError",
     .pattern = "reshape cannot infer the missing input size for an empty tensor",
     .accepts = true,
     .reason = "an empty batch is a batch: weft's linear model gives no rows for it"},
    {.type = "ValueError",
     .pattern = "is not a valid root scope name",
     .kinds = "ValueError",
     .words = "is not a valid scope name. A scope name has to match the following pattern",
     .reason =
         "TensorFlow stumbles over the column's name or the collection's, depending on the layer; weft looks at the "
         "columns' names first"},
    {.type = "ValueError",
     .pattern = R"(^(Invalid loss_reduction: \w+)\. See )",
     .kinds = "ValueError",
     .words = "$1",
     .reason = "weft lists the reductions there are"},
    {.type = "ValueError",
     .pattern = R"(^(Received a feature column from TensorFlow v1, but this is a TensorFlow v2 Estimator)\.)",
     .kinds = "ValueError",
     .words = "$1",
     .reason = "the advice names weft's functions"},
};

}  // namespace

std::span<const Difference> differences() {
  return table;
}

}  // namespace weft::reference
