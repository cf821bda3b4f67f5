// Variable names of TensorFlow, Keras and PyTorch, and what of them says which variable it is.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

//   dnn/input_from_feature_columns/input_layer/a_b_shared_embedding/embedding_weights    v1     a_b_shared_embedding
//   a_b_shared_embedding                                                                 v2     a_b_shared_embedding
//   dense_features/a_embedding/embedding_weights:0                                       Keras  a_embedding
//   layers/video/vars/0                              a matrix, Keras 3    video/kernel or the table video
//   model.video.weight                               a matrix, PyTorch    video/kernel turned, or the table video
//   dnn/logits/bias/t_0/Adagrad                                      v1   dnn/logits/bias and its accumulator
//   training/Adagrad/dnn/logits/bias/accumulator                     v2   the same
//   x/kernel/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE  tf.train.Checkpoint  x/kernel and its m

namespace weft {

/// A name taken apart.
struct VariableName {
  /// Which variable: without scopes that only say where it stands and without the ends that programs add, its parts
  /// joined by '/'.
  std::string variable;
  /// What TensorFlow 2 calls the variable's slot ("accumulator", "m"); empty for the variable itself.
  std::string slot = {};
  /// v1 keeps a slot for each part of a partitioned variable: "t_<part>".
  size_t part = 0;
  bool operator==(const VariableName&) const = default;
};
VariableName variable_name(std::string_view name);

/// What TensorFlow 2 calls a slot that TensorFlow 1 calls "Adagrad" or "Adam_1"; other names stay.
std::string slot_role(std::string_view slot);

/// A variable that a tensor may be, by its name and rank; `transposed`: as a matrix [units, inputs], which PyTorch's
/// linear layers have where others have [inputs, units].
struct NameReading {
  std::string variable;
  bool transposed = false;
};
/// The likeliest first. `variable` is VariableName's.
std::vector<NameReading> name_readings(const std::string& variable, size_t rank);

/// True for what an optimizer or a training loop keeps beside the variables: slots, powers, steps, learning rates, the
/// graph of a tf.train.Checkpoint, the input's position in weft's.
bool is_training_state(std::string_view name);

/// Whether `a` comes before `b` as people number layers: dense, dense_1, dense_2, dense_10; the logits last.
bool layer_before(std::string_view a, std::string_view b);

}  // namespace weft
