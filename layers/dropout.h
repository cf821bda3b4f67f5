// Dropout: a layer that drops a share of its inputs while training.
#pragma once
#include <weft/core/ops/ops.h>
#include <weft/core/parameter.h>
#include <weft/core/tape.h>

#include <string>

namespace weft {

struct DropoutLayerOptions {
  std::string name;  ///< of the layer; layers of one name drop the same places
  float rate = 0.5f;
};

/// A handle on a store, which must outlive it. What is dropped depends on the store's seed and global step, the layer's
/// name and the place alone: a run that is resumed from a checkpoint goes on with the same numbers.
class Dropout {
 public:
  /// Throws ValueError for an empty name or a rate that is not in [0, 1).
  Dropout(const ParameterStore& params, const DropoutLayerOptions& options);
  /// Same shape; x itself outside training (Tape::Options::training).
  Var operator()(Var x) const;

 private:
  const ParameterStore* params_;
  RandomStream stream_;
  float rate_;
};

}  // namespace weft
