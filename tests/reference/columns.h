// Columns: from a case's JSON to weft's feature columns.
#pragma once
#include <weft/layers/feature_column.h>

#include <optional>
#include <string>
#include <vector>

#include "fixture.h"

namespace weft::reference {

enum class Api { v1, v2 };
Api api_of(const std::string& name);

struct ColumnOptions {
  /// v1: shared_embedding_columns, v2: shared_embeddings.
  Api api = Api::v2;
  /// The directory of file names; empty: they are taken as they are.
  std::string directory = {};
  /// TensorFlow's v2 estimator leaves shared tables as they are: false stands in for that.
  bool train_shared_tables = true;
  /// The columns are only made, never read: an unknown combiner then is a value that weft's types don't have.
  bool construct_only = false;
};

/// The columns of a list of specifications, shared groups spread out. Throws weft's errors, NotExpressible,
/// Unsupported.
std::vector<FeatureColumn> make_columns(const Json& specifications, const ColumnOptions& options);
/// The categorical columns behind a list of specifications, in order: those of categorical columns themselves, and
/// those that embeddings and indicators wrap. Absent where there is none.
const CategoricalColumn* categorical_of(const FeatureColumn& column);

/// A type by TensorFlow's name. Throws NotExpressible for one that weft's features can't have.
DataType data_type(const Json& name);

}  // namespace weft::reference
