// Optimizer: a value (a name, its slots, a rule for a block of numbers) that updates the parameters of a store.
#pragma once
#include <weft/core/deferred_rows.h>
#include <weft/core/parameter.h>
#include <weft/optim/gradient_clip.h>
#include <weft/optim/learning_rate.h>

#include <cstdint>
#include <functional>
#include <memory>
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
  const float* gradients = nullptr;  ///< [count, width]
  int64_t gradient_stride = 0;
  int64_t count = 0;
  int64_t width = 0;
  /// The numbers of this step that the optimizer's `start` made; without one the first is the learning rate.
  const float* numbers = nullptr;
  bool table = false;  ///< the rows are a table's: slots `per_row` have one number a row
};

/// A slot of an optimizer: its name in a checkpoint of tf.compat.v1 ("Adagrad"), in Keras' ("accumulator"), its first
/// value.
struct SlotSpec {
  std::string name;
  std::string keras_name;
  float initial_value = 0.0f;
  /// One number a row where the parameter is a table.
  bool per_row = false;
};

/// A number that an optimizer keeps beside the variables (ParameterStore::scalar), as v1's Adam its powers.
struct ScalarSpec {
  std::string name;
  float initial_value = 0.0f;
};

/// The step that is about to be taken.
struct StepStart {
  static constexpr int kMaxNumbers = 24;
  int64_t step = 1;  ///< global_step after it
  float learning_rate = 0.0f;
  float* scalars[2] = {};           ///< Optimizer::scalars, to be read and moved on; null where it has none
  float numbers[kMaxNumbers] = {};  ///< to be filled in for the rule
};

struct OptimizerPart;

/// A value: copy it, give it to an estimator, or call step() in a loop of your own.
struct Optimizer {
  std::string name;  ///< "SGD", "Adagrad", ...
  LearningRate learning_rate = 0.0f;
  std::vector<SlotSpec> slots;
  std::vector<ScalarSpec> scalars;
  /// Makes the numbers of a step; called once a step. Without it numbers[0] is the learning rate.
  std::function<void(StepStart&)> start;
  /// Updates the rows; called by several threads at once on different rows. Must not throw.
  std::function<void(const UpdateRows&)> rule;
  /// For a rule that moves rows without a gradient too: how rows of the arrays (a table's, without gradients) are given
  /// the steps that they missed, of which the first eight numbers are kept. To be as if the rule had updated the rows
  /// in each of these steps, and to the same bits in however many parts. Must not throw.
  std::function<void(const DeferredRows::Missed& missed, const UpdateRows& arrays)> replay;
  /// Whether missed steps move values, not only slots.
  bool replay_moves_values = true;
  /// Whose rows a table's deferred rows are: copies of an optimizer share it.
  std::shared_ptr<const void> identity;
  GradientClip clip;
  Regularization regularization;
  /// For parameters of their own kind (see per_parameter); the rest is updated by this optimizer.
  std::vector<OptimizerPart> parts;

  /// Makes the slots of every trainable parameter and the scalars, so that they are there before the first step. step()
  /// does it too.
  void prepare(ParameterStore& params) const;
  /// Before the model is made: tells the store which slots prepare() will make, so that large tables are laid out once,
  /// not moved apart afterwards. Changes no number.
  void reserve_slots(ParameterStore& params) const;
  /// Updates every trainable parameter that has a gradient, clears the gradients, counts params.global_step up by one.
  /// Throws ValueError if none has, or if the learning rate of this step is not finite.
  void step(ParameterStore& params) const;
  /// The one that updates this parameter: of the parts, or this one.
  const Optimizer& of(const Parameter& parameter) const;
};

/// An optimizer for the parameters that `applies` says, by what a parameter is made from: name, shape, trainable,
/// table.
struct OptimizerPart {
  std::function<bool(const Parameter&)> applies;
  Optimizer optimizer;
};

/// One optimizer of several: each parameter is updated by the first part that applies, or by `rest`. The step counts
/// once.
Optimizer per_parameter(std::vector<OptimizerPart> parts, Optimizer rest);
/// Tables of embeddings (Parameter::table) by one, all else by another.
Optimizer with_embedding_optimizer(Optimizer rest, Optimizer embedding);
/// The same optimizer with the names that Keras gives to slots, and without v1's scalars, which Keras computes anew.
Optimizer with_keras_names(Optimizer optimizer);

}  // namespace weft
