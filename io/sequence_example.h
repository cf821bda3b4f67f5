// tf.train.SequenceExample: a context, and lists of features step by step.
#pragma once
#include <weft/core/parse_spec.h>

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

struct SequenceExampleSpec {
  /// Read as by parse_example: FixedLenFeature, VarLenFeature, SparseFeature, RaggedFeature.
  ParseSpec context_features = {};
  /// FixedLenSequenceFeature (`shape` values a step; without allow_missing the list is required; no default_value),
  /// VarLenFeature, RaggedFeature.
  ParseSpec sequence_features = {};
};

struct SequenceFeatures {
  Features context;
  /// FixedLenSequenceFeature: dense [batch, steps, shape...], zeros (or "") after an example's last step.
  /// VarLenFeature: sparse [batch, steps, values]. RaggedFeature: the same with Feature::row_splits, whose first two
  /// levels are the steps of each example and what each step has.
  Features sequence;
  /// By key of a FixedLenSequenceFeature: the number of steps of each example.
  std::map<std::string, std::vector<int64_t>> lengths;
};

/// tf.io.parse_sequence_example. Strings are views into `serialized`. Throws ValueError for a specification that can't
/// be, DataError naming the example (by `where`, if given), the key, and the step.
SequenceFeatures parse_sequence_example(std::span<const std::string_view> serialized, const SequenceExampleSpec& spec,
                                        const std::function<std::string(size_t example)>& where = {});

/// tf.io.parse_single_sequence_example: as a batch of one whose shapes have no batch axis (see Feature).
SequenceFeatures parse_single_sequence_example(std::string_view serialized, const SequenceExampleSpec& spec);

}  // namespace weft
