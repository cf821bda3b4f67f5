// From the description of a table to the Parameter that holds it.
#pragma once
#include <weft/core/parameter.h>
#include <weft/layers/input_layer.h>

#include <memory>

namespace weft {

/// The parameter of a described table: the one that was made from this description, if it is shared, or else a new one,
/// loaded from a checkpoint where the description says so. Two descriptions of shared_embedding_columns with one
/// collection name and shape share too, as in TensorFlow 1. Throws ValueError, IoError or DataError.
Parameter& embedding_table(ParameterStore& params, const std::shared_ptr<const EmbeddingTable>& table,
                           const InputLayerOptions& options);

/// A column's name with "_" for every character but letters, digits and "_.-": "a/b" becomes "a_b".
std::string plain_name(std::string name);
/// Throws ValueError unless the name of a table or column can be part of a variable's name in TensorFlow.
void check_scope_name(const std::string& name);
/// The same for a name that stands at the root.
void check_root_name(const std::string& name);

}  // namespace weft
