// Predictions: what a model says about examples, under TensorFlow's keys.
#pragma once
#include <weft/core/tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// The predictions of a batch. The classes' names belong to the head that made them; the memory is reused when a head
/// predicts into the same Predictions again.
struct Predictions {
  int64_t batch = 0;
  Tensor predictions;                      ///< [batch, label_dimension]; regression heads only
  Tensor logits;                           ///< [batch, 1] (binary) or [batch, n_classes]; none of a regression
  Tensor logistic;                         ///< [batch, 1], the probability of class 1; binary heads only
  Tensor probabilities;                    ///< [batch, n_classes]
  std::vector<int64_t> class_ids;          ///< [batch], the most probable; the lowest of equal ones
  std::vector<std::string_view> classes;   ///< [batch], their names: of the label vocabulary, or the ids' digits;
                                           ///< multi-label heads: [batch, n_classes], every class of each example
  std::span<const int64_t> all_class_ids;  ///< [n_classes], 0, 1, 2, ...
  std::span<const std::string_view> all_classes;  ///< every class's name
  /// What a model of one's own predicts besides, by key: [batch, ...] each.
  std::map<std::string, Tensor, std::less<>> others;
};

/// The prediction for one example, a view into a batch's: valid as long as that.
struct Prediction {
  std::span<const float> predictions;
  std::span<const float> logits;
  std::span<const float> logistic;  ///< one number, or none for more than two classes
  std::span<const float> probabilities;
  std::span<const int64_t> class_ids;         ///< one
  std::span<const std::string_view> classes;  ///< one, or of a multi-label head all
  std::span<const int64_t> all_class_ids;
  std::span<const std::string_view> all_classes;
  const Predictions* batch = nullptr;  ///< the batch's
  int64_t row = 0;                     ///< which example of it this is
  /// The numbers of Predictions::others under a key. Throws ValueError with the keys there are.
  std::span<const float> other(std::string_view key) const;
};

/// Example `i` of a batch's predictions.
Prediction prediction_at(const Predictions& predictions, int64_t i);

namespace detail {
/// Makes room of this shape, unless it is there.
void ensure_shape(Tensor& tensor, const Shape& shape);
/// 1 / (1 + exp(-x)), which overflows for no x.
float sigmoid(float x);
/// Throws TensorFlow's ValueError unless the logits are [batch, dimension].
void check_logits(const Tensor& logits, int64_t dimension);
}  // namespace detail

}  // namespace weft
