// The columns of a layer before it is made: their order, and what can be told to be wrong without any file.
#pragma once
#include <weft/core/features.h>
#include <weft/layers/input_layer.h>

#include <map>
#include <string>
#include <vector>

namespace weft {

/// The columns by name, in the order of the output. Throws ValueError for none, two of one name, columns that are not
/// dense or are sequences, and names that can be no part of a variable's.
std::map<std::string, FeatureColumn> input_columns(const FeatureColumns& columns, const InputLayerOptions& options);
/// The same for a layer over sequences: throws ValueError for columns that are no sequences.
std::map<std::string, FeatureColumn> sequence_columns(const FeatureColumns& columns, const InputLayerOptions& options);
/// The same for a linear model, which takes categorical columns as they are, sequences among them.
std::map<std::string, FeatureColumn> linear_columns(const FeatureColumns& columns, const InputLayerOptions& options);
/// The categorical column whose ids a column needs; null for a numeric one.
const CategoricalColumn* categorical_of(const FeatureColumn& column);
/// The features whose rows are bags of ids or weights.
std::vector<std::string> bag_keys(const FeatureColumn& column);
/// Ids of rank 3 would be combined along their last axis only: throws ValueError unless there is one bag an example.
void check_bags(const std::string& key, const Features& features, int64_t width);

}  // namespace weft
