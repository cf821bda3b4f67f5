// Cross: a layer of a deep and cross network: bounded-degree products of the inputs.
#pragma once
#include <weft/core/ops/ops.h>
#include <weft/core/parameter.h>
#include <weft/core/tape.h>

#include <string>

namespace weft {

struct CrossOptions {
  std::string name;
  int64_t width = 0;  ///< of x0 and x
  /// vector: x0 (x . w) + b + x, with <name>/kernel [width, 1] (Wang et al., "Deep & Cross Network", 2017).
  /// matrix: x0 * (x W + b) + x, with <name>/kernel [width, width] (Wang et al., "DCN V2", 2021).
  enum class Kind { vector, matrix } kind = Kind::matrix;
  /// matrix only: W is the product of <name>/projection [width, projection_dim] and <name>/kernel [projection_dim,
  /// width]; 0: W is whole.
  int64_t projection_dim = 0;
  Initializer kernel_initializer = truncated_normal_initializer({.stddev = 0.05f});
  Initializer bias_initializer = zeros_initializer();  ///< of <name>/bias [width]
};

/// A handle on parameters of a store, which must outlive it.
class Cross {
 public:
  /// Throws ValueError for an empty name, a width below 1, a projection that is not in [0, width] or not of a matrix.
  Cross(ParameterStore& params, const CrossOptions& options);
  /// x0 the network's input and x the layer below (x0 itself for the first layer): [batch, width] twice -> [batch,
  /// width].
  Var operator()(Var x0, Var x) const;

 private:
  CrossOptions::Kind kind_;
  Parameter *projection_ = nullptr, *kernel_, *bias_;
};

}  // namespace weft
