// TrainHook: what a program wants to do while a model is trained (tf.estimator.SessionRunHook).
#pragma once
#include <weft/core/parameter.h>

#include <cstdint>
#include <functional>
#include <string>

namespace weft {

/// Where a training run is, as a hook sees it.
struct TrainContext {
  ParameterStore& params;
  int64_t step = 0;             ///< the global step
  double loss = 0.0;            ///< of the last batch; before the first step 0
  int64_t examples = 0;         ///< seen by this call of train()
  int signal = 0;               ///< that ends the call, if one does
  std::string checkpoint = {};  ///< in after_save: the path of what was saved

  /// Ends the call as if its steps were done: after the step at hand, from before_save and after_save at the step that
  /// is saved.
  void request_stop() { stop_requested = true; }
  bool stop_requested = false;
};

/// Functions that train() calls; those that are absent are not. What they throw ends the call, without a last
/// checkpoint. A hook that changes parameters takes part in the training; what it must remember it saves itself.
struct TrainHook {
  /// Once, when the parameters are restored and the input has a first batch.
  std::function<void(TrainContext&)> begin = {};
  /// After every step.
  std::function<void(TrainContext&)> after_step = {};
  /// Around every checkpoint, the first and the last too; not without a model_dir.
  std::function<void(TrainContext&)> before_save = {};
  std::function<void(TrainContext&)> after_save = {};
  /// Once, after the last checkpoint; not when something was thrown.
  std::function<void(TrainContext&)> end = {};
};

}  // namespace weft
