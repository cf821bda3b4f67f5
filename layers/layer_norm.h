// LayerNorm: a layer that brings each example's numbers to mean 0 and variance 1.
#pragma once
#include <weft/core/ops/ops.h>
#include <weft/core/parameter.h>
#include <weft/core/tape.h>

#include <string>

namespace weft {

struct LayerNormLayerOptions {
  std::string name;   ///< the parameters are <name>/gamma and <name>/beta, each [units]
  int64_t units = 0;  ///< the input's width
  float epsilon = 1e-3f;
};

/// A handle on two parameters of a store, which must outlive it.
class LayerNorm {
 public:
  /// Throws ValueError for an empty name, units below 1, an epsilon below 0.
  LayerNorm(ParameterStore& params, const LayerNormLayerOptions& options);
  /// [batch, units] -> [batch, units].
  Var operator()(Var x) const;

 private:
  Parameter *gamma_, *beta_;
  LayerNormOptions options_;
};

}  // namespace weft
