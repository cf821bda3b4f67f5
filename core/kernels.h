// The loops in which a step on a table spends its time, compiled for several instruction sets and chosen at run time.
#pragma once
#include <cstdint>

namespace weft::kernels {

/// out[b] = sum over i in bag b of scale * table[ids[i]], for bags [first_bag, last_bag); scale is scales[b] or
/// scales[i].
struct LookupArgs {
  const float* table;
  int64_t stride;
  int64_t width;
  const int32_t* ids;
  const int32_t* offsets;  ///< of all bags; offsets[bags] ids in all
  const float* scales;
  bool per_bag;
  int64_t bags;
  int64_t first_bag;
  int64_t last_bag;
  float* out;  ///< row of bag 0
  int64_t out_stride;
};

/// Numbers of a row's place among sums of `width` numbers: a short row has room for the longest vector, so that no part
/// of a vector needs a mask.
constexpr int64_t sums_stride(int64_t width) {
  return width < 16 ? 16 : width;
}

/// The sum at places[i] += scale * dout[b] for every use i of every bag b; scale is scales[b] or scales[i].
struct AddBagsArgs {
  const int32_t* places;  ///< of all bags; offsets[bags] in all
  const int32_t* offsets;
  const float* scales;
  bool per_bag;
  int64_t bags;
  const float* dout;
  int64_t dout_stride;
};

/// One use of a row: which bag's gradient it receives, scaled.
struct Use {
  int32_t row;  ///< or, once that is found, the place of its sum
  int32_t bag;
  float scale;
};

/// The sum at the place uses[i].row += uses[i].scale * dout[uses[i].bag].
struct AddUsesArgs {
  const Use* uses;
  int64_t count;
  const float* dout;
  int64_t dout_stride;
};

/// The update of rows by a rule of an optimizer: arrays[0] is the value, the others are the slots, each with its rows
/// `strides` apart; `n` numbers a row. A rule says what its `numbers` are.
struct RuleArgs {
  static constexpr int kMaxArrays = 5;
  float* arrays[kMaxArrays];
  int64_t strides[kMaxArrays];
  const int32_t* rows;     ///< which row of the arrays is row i of the update; null: row i
  const float* gradients;  ///< [count, n]
  int64_t gradient_stride;
  int64_t count;
  int64_t n;
  const float* numbers;
};
using Rule = void (*)(const RuleArgs&);

/// The rules of optim/, where their formulas are.
struct Rules {
  Rule gradient_descent, adagrad;
  Rule momentum, nesterov, keras_momentum, keras_nesterov;
  Rule rmsprop, centered_rmsprop, keras_rmsprop, keras_centered_rmsprop;
  Rule adadelta, adagrad_da, proximal_adagrad, proximal_gradient_descent;
  Rule ftrl, rowwise_adagrad, adam, adamw, amsgrad, lazy_adam;
};

/// beta^step as scale * 2^exponent, 1 <= scale < 2 (optim/decay_clock.h).
struct DecayClock {
  float scale = 1.0f;
  float inverse = 1.0f;  ///< 1 / scale
  int exponent = 0;
};

/// The steps without a gradient that a row of Adam has missed (optim/adam_deferred.cpp says why this is exact).
struct AdamReplayArgs {
  /// What a step is: its pull (the rate times what is left of m since its chunk's start), its weight decay, the size of
  /// the rate, the scales of the powers of beta1 and beta2 and their exponents, epsilon.
  using Step = float[8];
  float *value, *m, *v;
  const float* vhat;  ///< of amsgrad, or null
  int64_t n;
  const Step* steps;
  int64_t count;
  DecayClock from1, from2;  ///< of the step that the row stands at
  /// Steps come in chunks, in which the root of v is taken once: how many steps a chunk has, the place of steps[0] in
  /// its chunk, the powers at that chunk's start, and by place how the pull grows as the root falls (AdamChunk).
  int64_t chunk, place;
  DecayClock chunk1, chunk2;
  const float *bend, *curve;
  float epsilon;
  float largest_rate, largest_decay;  ///< of the steps, or more
  bool decays;                        ///< there is weight decay
  /// Whether the update of a row without gradients gets smaller from step to step, so that it may end early.
  bool settles;
};

struct Kernels {
  const char* instruction_set;
  void (*lookup)(const LookupArgs&);
  /// Into sums of `width` numbers, sums_stride(width) apart.
  void (*add_bags)(const AddBagsArgs&, float* sums, int64_t width);
  void (*add_uses)(const AddUsesArgs&, float* sums, int64_t width);
  /// sums[k] = sum over rows of x[row, k]; x is [rows, width], contiguous.
  void (*column_sums)(const float* x, int64_t rows, int64_t width, float* sums);
  /// Back through relu first, where out = relu(.) has the shape of dout: dout[i] = out[i] > 0 ? dout[i] : 0.
  void (*relu_column_sums)(float* dout, const float* out, int64_t rows, int64_t width, float* sums);
  /// sum of a[i] * b[i], in a fixed order.
  float (*dot)(const float* a, const float* b, int64_t n);
  /// y[i] += a * x[i].
  void (*axpy)(float a, const float* x, float* y, int64_t n);
  void (*adam_replay)(const AdamReplayArgs&);
  /// x[i] = rounded(x[i] * inverse) * scale * 2^shift: decay by a power, see optim/decay_clock.h.
  void (*decay)(float* x, int64_t n, float inverse, float scale, int shift);
  /// The nearest bfloat16 of numbers, ties to even: as its 16 bits, or as a float32 of that value.
  void (*to_bfloat16)(const float* x, uint16_t* out, int64_t n);
  void (*round_to_bfloat16)(const float* x, float* out, int64_t n);
  Rules rules;
};

/// The best set this processor has.
const Kernels& best();
/// The one set that any processor has: the others' reference in tests.
const Kernels& plain();

}  // namespace weft::kernels
