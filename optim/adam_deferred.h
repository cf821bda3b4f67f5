// Adam's deferred rows: the steps that a row of a table has missed, given to it when it is read.
#pragma once
#include <weft/optim/rule.h>

namespace weft {

struct AdamNumbers {
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  float weight_decay = 0.0f;
};

/// Throws ValueError for numbers that can't be.
void check_adam(const char* where, const LearningRate& learning_rate, const AdamNumbers& numbers);
/// learning_rate * sqrt(1 - beta2^step) / (1 - beta1^step); moves v1's powers on where they are kept.
float adam_rate(StepStart& step, float beta1, float beta2);
/// Lets an optimizer whose slots are m, v (, vhat) leave rows behind.
void defer_adam(Optimizer& optimizer, const AdamNumbers& numbers);

}  // namespace weft
