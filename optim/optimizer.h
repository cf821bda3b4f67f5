// Optimizer: a value (a name, its slots, a rule for a block of numbers) that updates the parameters of a store.
#pragma once
#include <weft/core/parameter.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace weft {

/// What a rule works on: `count` rows of `width` numbers with their summed gradients and slots. A dense parameter comes
/// as pieces of one row. Row i of the update is row rows[i] of the arrays (i itself if rows is null).
struct UpdateRows {
  static constexpr int kMaxSlots = 4;
  float* value = nullptr;
  int64_t value_stride = 0;
  float* slots[kMaxSlots] = {};
  int64_t slot_strides[kMaxSlots] = {};
  const int32_t* rows = nullptr;
  const float* gradients = nullptr;  ///< [count, width], contiguous
  int64_t count = 0;
  int64_t width = 0;
  float learning_rate = 0.0f;
};

/// A slot of an optimizer: its name in a checkpoint of tf.compat.v1 ("Adagrad"), in Keras' ("accumulator"), its first
/// value.
struct SlotSpec {
  std::string name;
  std::string keras_name;
  float initial_value = 0.0f;
};

/// A value: copy it, give it to an estimator, or call step() in a loop of your own.
struct Optimizer {
  std::string name;  ///< "SGD", "Adagrad", ...
  float learning_rate = 0.0f;
  std::vector<SlotSpec> slots;
  /// Updates the rows; called by several threads at once on different rows. Must not throw.
  std::function<void(const UpdateRows&)> rule;

  /// Makes the slots of every trainable parameter, so that they are there before the first step. step() does it too.
  void prepare(ParameterStore& params) const;
  /// Updates every trainable parameter that has a gradient, clears the gradients, counts params.global_step up by one.
  /// Throws ValueError if none has.
  void step(ParameterStore& params) const;
};

struct SgdOptions {
  float learning_rate = 0.01f;
};
/// tf.compat.v1.train.GradientDescentOptimizer.
Optimizer sgd(const SgdOptions& options = {});

struct AdagradOptions {
  float learning_rate = 0.05f;
  float initial_accumulator_value = 0.1f;
  /// 0 is tf.compat.v1.train.AdagradOptimizer; Keras' has 1e-7.
  float epsilon = 0.0f;
};
/// accumulator += g^2; value -= learning_rate * g / (sqrt(accumulator) + epsilon) (Duchi et al., 2011).
Optimizer adagrad(const AdagradOptions& options = {});

}  // namespace weft
