// The optimizers: TensorFlow's definitions, defaults and slots, one file a rule.
#pragma once
#include <weft/optim/rule.h>

namespace weft {

// Each throws ValueError, with TensorFlow's words, for arguments that TensorFlow refuses. A learning_rate may be a
// number or a schedule (learning_rate.h). Rows of a table are updated when they are touched, even with a gradient of
// zero, unless it says that every row moves.

struct SgdOptions {
  LearningRate learning_rate = 0.01f;
  /// With momentum it is tf.keras.optimizers.SGD: momentum = mu * momentum - learning_rate * g; value += momentum.
  float momentum = 0.0f;
  bool nesterov = false;
};
/// value -= learning_rate * g: tf.compat.v1.train.GradientDescentOptimizer, tf.keras.optimizers.SGD.
Optimizer sgd(const SgdOptions& options = {});

struct MomentumOptions {
  LearningRate learning_rate = 0.01f;
  float momentum = 0.9f;
  bool use_nesterov = false;
};
/// tf.compat.v1.train.MomentumOptimizer: momentum = mu * momentum + g; value -= learning_rate * momentum.
Optimizer momentum(const MomentumOptions& options = {});

struct AdagradOptions {
  LearningRate learning_rate = 0.05f;
  float initial_accumulator_value = 0.1f;
  /// 0 is tf.compat.v1.train.AdagradOptimizer; Keras' has 1e-7.
  float epsilon = 0.0f;
};
/// accumulator += g^2; value -= learning_rate * g / (sqrt(accumulator) + epsilon) (Duchi et al., 2011).
Optimizer adagrad(const AdagradOptions& options = {});

struct RowwiseAdagradOptions {
  LearningRate learning_rate = 0.05f;
  float initial_accumulator_value = 0.1f;
  float epsilon = 1e-10f;
};
/// Adagrad with one accumulator a row of a table, of its mean squared gradient (FBGEMM's EXACT_ROWWISE_ADAGRAD): the
/// slot of a table of dimension D takes 1 / D of its memory. Parameters that are no tables have Adagrad itself.
Optimizer rowwise_adagrad(const RowwiseAdagradOptions& options = {});

struct ProximalAdagradOptions {
  LearningRate learning_rate = 0.05f;
  float initial_accumulator_value = 0.1f;
  float l1_regularization_strength = 0.0f;
  float l2_regularization_strength = 0.0f;
};
/// tf.compat.v1.train.ProximalAdagradOptimizer (Duchi and Singer, 2009).
Optimizer proximal_adagrad(const ProximalAdagradOptions& options = {});

struct ProximalGradientDescentOptions {
  LearningRate learning_rate = 0.01f;
  float l1_regularization_strength = 0.0f;
  float l2_regularization_strength = 0.0f;
};
/// tf.compat.v1.train.ProximalGradientDescentOptimizer.
Optimizer proximal_gradient_descent(const ProximalGradientDescentOptions& options = {});

struct AdagradDaOptions {
  LearningRate learning_rate = 0.05f;
  float initial_gradient_squared_accumulator_value = 0.1f;
  float l1_regularization_strength = 0.0f;
  float l2_regularization_strength = 0.0f;
};
/// tf.compat.v1.train.AdagradDAOptimizer: dual averaging; a value depends on the sums of its gradients alone.
Optimizer adagrad_da(const AdagradDaOptions& options = {});

struct AdadeltaOptions {
  LearningRate learning_rate = 0.001f;
  float rho = 0.95f;
  /// 1e-8 is tf.compat.v1.train.AdadeltaOptimizer; Keras' has 1e-7.
  float epsilon = 1e-8f;
};
/// Zeiler, 2012.
Optimizer adadelta(const AdadeltaOptions& options = {});

struct RmspropOptions {
  LearningRate learning_rate = 0.05f;
  float decay = 0.9f;
  float momentum = 0.0f;
  float epsilon = 1e-10f;
  /// Divides by the deviation of the gradient, not by its root mean square.
  bool centered = false;
};
/// tf.compat.v1.train.RMSPropOptimizer: rms starts at 1; rms += (1 - decay) * (g^2 - rms); momentum = mu * momentum +
/// learning_rate * g / sqrt(rms + epsilon); value -= momentum.
Optimizer rmsprop(const RmspropOptions& options = {});

struct KerasRmspropOptions {
  LearningRate learning_rate = 0.001f;
  float rho = 0.9f;
  float momentum = 0.0f;
  float epsilon = 1e-7f;
  bool centered = false;
};
/// tf.keras.optimizers.legacy.RMSprop: rms starts at 0. With momentum it is v1's rule; without, value -= learning_rate
/// * g / (sqrt(rms) + epsilon), and the slots of every row decay in every step, touched or not (at the cost of the
/// touched rows: see adam()).
Optimizer keras_rmsprop(const KerasRmspropOptions& options = {});

struct AdamOptions {
  LearningRate learning_rate = 0.001f;
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  /// 1e-8 is tf.compat.v1.train.AdamOptimizer; Keras' has 1e-7. Must be positive.
  float epsilon = 1e-8f;
  /// Keras' amsgrad: divides by the largest v there was.
  bool amsgrad = false;
};
/// tf.compat.v1.train.AdamOptimizer (Kingma and Ba, 2014): m and v are decaying means of g and g^2; value -= rate * m /
/// (sqrt(v) + epsilon). Every row of a table moves in every step, as in TensorFlow; a row that nobody reads does so
/// when it is read, with the same bits (see adam_deferred.cpp), so that a step costs what the touched rows cost.
Optimizer adam(const AdamOptions& options = {});

struct AdamwOptions {
  LearningRate learning_rate = 0.001f;
  float weight_decay = 0.004f;
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-7f;
};
/// tf.keras.optimizers.AdamW (Loshchilov and Hutter, 2017): value -= learning_rate * weight_decay * value, then Adam.
/// Every row decays in every step, by the same means as adam().
Optimizer adamw(const AdamwOptions& options = {});

struct LazyAdamOptions {
  LearningRate learning_rate = 0.001f;
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-7f;
};
/// tfa.optimizers.LazyAdam: rows that are not touched don't move, and their means don't decay.
Optimizer lazy_adam(const LazyAdamOptions& options = {});

struct FtrlOptions {
  LearningRate learning_rate = 0.05f;
  float learning_rate_power = -0.5f;
  float initial_accumulator_value = 0.1f;
  float l1_regularization_strength = 0.0f;
  float l2_regularization_strength = 0.0f;
  /// A penalty on the value, as part of the gradient.
  float l2_shrinkage_regularization_strength = 0.0f;
  /// Adds beta / (2 * learning_rate) to l2.
  float beta = 0.0f;
};
/// tf.compat.v1.train.FtrlOptimizer, tf.keras.optimizers.Ftrl (McMahan et al., 2013). A value whose `linear` is not
/// larger than l1 becomes 0: so does that of a row touched by gradients of zero alone.
Optimizer ftrl(const FtrlOptions& options = {});

}  // namespace weft
