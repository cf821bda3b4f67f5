// The names TensorFlow gives to the canned estimators' variables, slots and scalars in its checkpoints.
#pragma once
#include <weft/io/checkpoint.h>
#include <weft/optim/optimizer.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// Whose names: tf.compat.v1.estimator's with shared_embedding_columns, tf.estimator's with shared_embeddings, or the
/// v1 estimator's with the v2 columns (which differs from v1 in the shared tables only).
enum class NamingScheme { v1, v2, v1_with_v2_columns };

/// Which canned estimators: v1 calls their slots and scalars differently.
enum class CannedModel { dnn, linear, dnn_linear_combined };

/// "dnn/hiddenlayer_<layer>"; its variables are <name>/kernel and <name>/bias.
std::string hidden_layer_name(int64_t layer);
/// "dnn/logits".
std::string logits_layer_name();
/// "dnn/hiddenlayer_<layer>/batchnorm_<layer>"; its variables are beta, gamma, moving_mean and moving_variance.
std::string batch_norm_name(int64_t layer);
/// Where the tables of columns that share none are: "dnn/input_from_feature_columns/input_layer".
std::string input_layer_scope();
/// Where a linear model's weights are: "linear/linear_model".
std::string linear_model_scope();
/// "<input_layer_scope()>/<column>/embedding_weights", `column` being the embedding column's name ("video_embedding").
std::string table_name(std::string_view column);
/// The table of a shared collection. v2 has no scope: "<collection>".
std::string shared_table_name(NamingScheme scheme, std::string_view collection);
/// The same with "{scope}" and "{collection}" to be filled in, as InputLayerOptions::shared_table_name.
std::string shared_table_pattern(NamingScheme scheme);

/// What an optimizer of TensorFlow keeps beside the variables.
struct OptimizerNames {
  /// One array a variable: what it is ("momentum"), and the last part of its name in a checkpoint ("RMSProp_1").
  struct Slot {
    std::string role;
    std::string name;
  };
  std::string name;  ///< as TensorFlow has it in names: "Adagrad", "RMSprop"
  std::vector<Slot> slots;
  std::vector<std::string> scalars;  ///< full names
};
/// What changes the list of slots.
struct OptimizerVariant {
  bool centered = false;  ///< RMSProp
  bool momentum = false;  ///< v2's SGD and RMSprop with momentum > 0
  bool amsgrad = false;   ///< v2's Adam
};
/// `optimizer` is an estimator's name ("Adagrad", "Adam", "Ftrl", "RMSProp", "SGD") or a class name, with or without
/// "Optimizer" ("MomentumOptimizer", "RMSprop", "ProximalAdagrad"). Throws ValueError for another.
OptimizerNames optimizer_names(NamingScheme scheme, std::string_view optimizer, const OptimizerVariant& variant = {});

/// The same optimizer with slots and scalars called as the scheme's checkpoints call them.
Optimizer with_names_of(NamingScheme scheme, Optimizer optimizer, CannedModel model = CannedModel::dnn);

/// v1 "<variable>/t_0/<slot>", of a linear model "<variable>/part_0/<slot>", of a combined one "<variable>/<slot>"; v2
/// "training/<optimizer>/<variable>/<slot>".
CheckpointNames checkpoint_names(NamingScheme scheme, std::string_view optimizer, CannedModel model = CannedModel::dnn);
/// An optimizer's name as it stands in these names ("RMSprop" in v2's, "RMSProp" in v1's; without "Optimizer").
std::string optimizer_name_of(NamingScheme scheme, std::string_view optimizer);
std::string slot_name(NamingScheme scheme, std::string_view optimizer, std::string_view variable,
                      std::string_view slot);

/// A variable as a checkpoint lists it.
struct VariableInfo {
  std::string name;
  std::vector<int64_t> shape;
  bool trainable = true;
  bool operator==(const VariableInfo&) const = default;
};
/// Every array of the checkpoint that TensorFlow would write for these variables: with the slots of the trainable ones,
/// the optimizer's scalars and global_step, in ASCII order.
std::vector<VariableInfo> checkpoint_variables(NamingScheme scheme, const OptimizerNames& optimizer,
                                               std::span<const VariableInfo> variables);

}  // namespace weft
