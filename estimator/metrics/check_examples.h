// check_examples: what every metric asks of the examples it is given.
#pragma once
#include <span>
#include <string_view>

namespace weft {

/// Throws ValueError (in the words of metric `where`): labels, predictions and weights (unless empty) of different
/// lengths, a NaN among them, a weight that is negative or infinite.
void check_examples(std::string_view where, std::span<const float> labels, std::span<const float> predictions,
                    std::span<const float> weights);

/// As check_examples; moreover labels and predictions must lie in [0, 1].
void check_probabilities(std::string_view where, std::span<const float> labels, std::span<const float> predictions,
                         std::span<const float> weights);

}  // namespace weft
