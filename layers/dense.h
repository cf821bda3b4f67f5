// Dense: a fully connected layer.
#pragma once
#include <weft/core/ops/ops.h>
#include <weft/core/parameter.h>
#include <weft/core/tape.h>

#include <string>

namespace weft {

struct DenseOptions {
  std::string name;  ///< the parameters are <name>/kernel [inputs, units] and <name>/bias [units]
  int64_t inputs = 0;
  int64_t units = 0;
  Activation activation = nullptr;
  Initializer kernel_initializer = glorot_uniform_initializer();
  Initializer bias_initializer = zeros_initializer();
  MatmulPrecision precision = MatmulPrecision::float32;
};

/// A handle on two parameters of a store, which must outlive it.
class Dense {
 public:
  /// Throws ValueError for an empty name, or inputs or units below 1.
  Dense(ParameterStore& params, const DenseOptions& options);
  /// [batch, inputs] -> [batch, units].
  Var operator()(Var x) const;

 private:
  Parameter* kernel_;
  Parameter* bias_;
  Activation activation_;
  MatmulPrecision precision_;
};

}  // namespace weft
