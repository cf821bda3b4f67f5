// BatchNorm: a layer that brings each of its inputs to mean 0 and variance 1 over the batch.
#pragma once
#include <weft/core/ops/ops.h>
#include <weft/core/parameter.h>
#include <weft/core/tape.h>

#include <string>

namespace weft {

struct BatchNormLayerOptions {
  /// The parameters are <name>/gamma, <name>/beta and, not trainable, <name>/moving_mean, <name>/moving_variance, each
  /// [units].
  std::string name;
  int64_t units = 0;
  double momentum = 0.999;
  float epsilon = 1e-3f;
};

/// A handle on four parameters of a store, which must outlive it. The op's rules hold: batch_norm().
class BatchNorm {
 public:
  /// Throws ValueError for an empty name, units below 1, a momentum that is not in [0, 1], an epsilon below 0.
  BatchNorm(ParameterStore& params, const BatchNormLayerOptions& options);
  /// [batch, units] -> [batch, units].
  Var operator()(Var x) const;

 private:
  Parameter *gamma_, *beta_, *moving_mean_, *moving_variance_;
  BatchNormOptions options_;
};

}  // namespace weft
