// Adam's deferred rows: the steps that a row of a table has missed, given to it when it is read.
#pragma once
#include <weft/optim/rule.h>

#include <cstdint>

namespace weft {

struct AdamNumbers {
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  float weight_decay = 0.0f;
};

/// Steps in which the root of v is taken once, at their start. sqrt(v) falls by f = 1 - sqrt(beta2)^i in them, less
/// than 0.016, which divides an update by 1 - f * part, 0 <= part <= 1. In its place stands 1 + bend * part + curve *
/// part^2, the parabola through that at 0, 1/2 and 1: within 2e-7 of it. A chunk starts at every multiple of its
/// length, wherever training began.
struct AdamChunk {
  static constexpr int64_t kMost = 32;
  int64_t length = 1;
  float bend[kMost] = {}, curve[kMost] = {};  ///< by place in the chunk
};
AdamChunk adam_chunk(const AdamNumbers& numbers);

/// Throws ValueError for numbers that can't be.
void check_adam(const char* where, const LearningRate& learning_rate, const AdamNumbers& numbers);
/// learning_rate * sqrt(1 - beta2^step) / (1 - beta1^step); moves v1's powers on where they are kept.
float adam_rate(StepStart& step, float beta1, float beta2);
/// Lets an optimizer whose slots are m, v (, vhat) leave rows behind.
void defer_adam(Optimizer& optimizer, const AdamNumbers& numbers);

}  // namespace weft
