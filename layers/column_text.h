// Columns, numbers and types as TensorFlow's messages print them.
#pragma once
#include <weft/core/parse_spec.h>
#include <weft/layers/feature_column.h>

#include <span>
#include <string>

namespace weft {

/// "<dtype: 'float32'>".
std::string dtype_text(DataType type);
/// "1.0", "0.25", "nan".
std::string number_text(double value);
/// "(2, 3)", "(1,)".
std::string shape_text(std::span<const int64_t> shape);
/// "[1.0, 2.0]".
std::string list_text(std::span<const double> values);
/// "['x', 'y']" or "[1, 2]", brackets as given; long lists are cut.
std::string words_text(const VocabularyList& words, char open, char close);
/// "VarLenFeature(dtype=tf.int64)".
std::string describe(const FeatureSpec& spec);

}  // namespace weft
