// What optimizers' slots begin with, by their names in checkpoints.
#include "remapped_rows.h"

#include <weft/optim/optimizer.h>

using namespace weft;

std::optional<float> initial_slot_value(const std::string& slot) {
  for (const Optimizer& optimizer : {adagrad(), proximal_adagrad(), adagrad_da(), adadelta(), momentum(), rmsprop(),
                                     rmsprop({.centered = true}), adam(), ftrl()}) {
    for (const SlotSpec& spec : optimizer.slots) {
      if (spec.name == slot) return spec.initial_value;
    }
  }
  for (const Optimizer& optimizer : {sgd({.momentum = 0.9f}), adagrad(), adadelta(), keras_rmsprop({.momentum = 0.9f}),
                                     keras_rmsprop({.centered = true}), adam({.amsgrad = true}), ftrl()}) {
    for (const SlotSpec& spec : optimizer.slots) {
      if (spec.keras_name == slot) return spec.initial_value;
    }
  }
  return {};
}
