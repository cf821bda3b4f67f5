// Blame: where a number came from that is not finite.
#pragma once
#include <weft/core/features.h>
#include <weft/core/parameter.h>
#include <weft/core/tape.h>
#include <weft/layers/row_origin.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace weft {

/// What is to blame for a number that is not finite; what is not known is empty.
struct Blame {
  /// Where the first such number is: in the input, in what an op made, in a gradient, in a parameter or a slot.
  enum class Kind { input, value, gradient, parameter };
  Kind kind = Kind::value;
  float number = 0.0f;  ///< infinite or NaN
  std::string op = {};  ///< that made it out of finite numbers
  std::string parameter = {};
  std::string slot = {};                ///< of this slot of the parameter
  std::optional<int64_t> row = {};      ///< of the parameter
  std::optional<float> weight = {};     ///< present: the row is only the largest one that the example reads
  RowOrigin origin = {};                ///< what of the example reads the row
  std::optional<int64_t> example = {};  ///< its place in the batch
  std::string feature = {};  ///< of the example, with a number that is not finite: "feature 'x'", "the label"
  float feature_number = 0.0f;
};

/// "inf in the gradient of 'video/embedding_weights' row 17 ('v0017' of feature 'video') from op 'linear' for example 3
/// of the batch"
std::string to_string(const Blame& blame);

struct BlameOptions {
  /// What of an example reads a row; asked once. Absent, or nothing returned: unknown.
  RowOriginFn origin = {};
};

/// False if a gradient of the parameters has a number that is infinite or NaN. Reads dense gradients and the upstream
/// gradients of lookups once: little beside what computed them.
bool gradients_are_finite(const ParameterStore& params);

/// Looks for the first number that is not finite in parameters and slots, in what the model makes of the batch, and in
/// its gradients, in that order; and for the example it belongs to. It computes the batch again, then its examples one
/// by one, and is slow. `model` must give what it gave when something was wrong: call it before the parameters change.
/// The parameters' gradients are cleared. Nothing if all is finite.
std::optional<Blame> find_blame(ParameterStore& params, const std::function<Var(Tape&, const Batch&)>& model,
                                const Batch& batch, const BlameOptions& options = {});

}  // namespace weft
