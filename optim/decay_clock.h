// DecayClock: powers of a decay rate, such that decaying over many steps at once gives the bits of single steps.
#pragma once
#include <weft/core/kernels.h>

#include <cstdint>

namespace weft {

/// beta^step as scale * 2^exponent, 1 <= scale < 2.
///
/// A mean that decays by beta in each step is kept as a number of 21 binary digits times the scale of the step that it
/// stands at, rounded to a float (and a power of two, which rounds nothing). Decaying it to another step divides by the
/// old scale, rounds to 21 digits and multiplies by the new scale. The division gives the 21 digits back exactly: the
/// product's rounding, that of 1 / scale and that of the division are at most 3 * 2^-24 of the number, less than half
/// of its last digit, 2^-22 at least. So a mean brought over n steps has the same bits whether that is done at once, in
/// several parts or step by step: nothing is lost in between. A new gradient rounds the mean to 21 digits once.
using kernels::DecayClock;
/// `beta` in [0, 1]; `step` counts from the start of training.
DecayClock decay_clock(float beta, int64_t step);

/// What the kernels' rules want to know of a mean that decays by beta in the step (5 numbers).
void write_decay(float* numbers, float beta, int64_t step);

}  // namespace weft
