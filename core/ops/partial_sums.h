// Sums over a batch: formed per piece of rows and added in order, so that they have the same bits for any number of
// threads.
#pragma once
#include <weft/core/parameter.h>

#include <cstdint>

namespace weft {

/// Rows of a batch that are handled at once.
constexpr int64_t kRowsOfPiece = 256;
/// Pieces of a batch of `rows`.
constexpr int64_t pieces_of(int64_t rows) {
  return (rows + kRowsOfPiece - 1) / kRowsOfPiece;
}

/// Adds `pieces` rows of partial sums [pieces, count] in order into the parameter's gradient; none add zeros.
void add_partial_sums(const float* partial, int64_t pieces, int64_t count, Parameter& parameter);
/// Adds the column sums of dy [rows, units] to the gradient of a bias [units], if it is trained.
void add_bias_gradient(const float* dy, int64_t rows, int64_t units, Parameter& bias);
/// The same after dy went back through relu, in place: dy = 0 where y is not above 0.
void relu_and_bias_gradient(float* dy, const float* y, int64_t rows, int64_t units, Parameter& bias);

}  // namespace weft
