// Predictions: what a classification head says about examples, under TensorFlow's keys.
#pragma once
#include <weft/core/tensor.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace weft {

/// The predictions of a batch. The classes' names belong to the head that made them; the memory is reused when a head
/// predicts into the same Predictions again.
struct Predictions {
  int64_t batch = 0;
  Tensor logits;                                  ///< [batch, 1] (binary) or [batch, n_classes]
  Tensor logistic;                                ///< [batch, 1], the probability of class 1; binary heads only
  Tensor probabilities;                           ///< [batch, n_classes]
  std::vector<int64_t> class_ids;                 ///< [batch], the most probable; the lowest of equal ones
  std::vector<std::string_view> classes;          ///< [batch], their names: of the label vocabulary, or the ids' digits
  std::span<const int64_t> all_class_ids;         ///< [n_classes], 0, 1, 2, ...
  std::span<const std::string_view> all_classes;  ///< every class's name
};

/// The prediction for one example, a view into a batch's: valid as long as that.
struct Prediction {
  std::span<const float> logits;
  std::span<const float> logistic;  ///< one number, or none for more than two classes
  std::span<const float> probabilities;
  std::span<const int64_t> class_ids;         ///< one
  std::span<const std::string_view> classes;  ///< one
  std::span<const int64_t> all_class_ids;
  std::span<const std::string_view> all_classes;
};

/// Example `i` of a batch's predictions.
Prediction prediction_at(const Predictions& predictions, int64_t i);

}  // namespace weft
