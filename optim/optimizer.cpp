// Optimizer::step: one walk over the parameters, one over each table's touched rows.
#include <weft/core/coalesce.h>
#include <weft/core/error.h>
#include <weft/core/parallel.h>
#include <weft/optim/for_rows.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace weft {
namespace {

/// Numbers of a dense parameter updated at once by a thread.
constexpr int64_t kGrain = 1 << 14;

/// The arrays of a parameter, ready for the rule but for the rows and the gradients.
UpdateRows arrays_of(const Parameter& parameter, const Optimizer& optimizer) {
  UpdateRows update;
  const RowsView value = parameter.value();
  update.value = value.data;
  update.value_stride = value.stride;
  update.width = value.width;
  update.learning_rate = optimizer.learning_rate;
  for (size_t i = 0; i < optimizer.slots.size(); ++i) {
    const RowsView slot = parameter.slot(optimizer.slots[i].name).view;
    update.slots[i] = slot.data;
    update.slot_strides[i] = slot.stride;
  }
  return update;
}

void step_rows(Parameter& parameter, const Optimizer& optimizer) {
  const UpdateRows arrays = arrays_of(parameter, optimizer);
  coalesce(parameter, [&](const RowBatch& batch) {
    UpdateRows update = arrays;
    update.rows = batch.rows;
    update.gradients = batch.gradients;
    update.count = batch.count;
    optimizer.rule(update);
  });
}

/// A table that also has a dense gradient (something read it as a whole): its rows' sums join that.
void add_rows_to_dense(Parameter& parameter) {
  float* dense = parameter.add_to_gradient().data;
  coalesce(parameter, [&](const RowBatch& batch) {
    for (int64_t i = 0; i < batch.count; ++i) {
      float* sum = dense + batch.rows[i] * batch.width;
      for (int64_t k = 0; k < batch.width; ++k) sum[k] += batch.gradients[i * batch.width + k];
    }
  });
}

void step_dense(Parameter& parameter, const Optimizer& optimizer) {
  const UpdateRows arrays = arrays_of(parameter, optimizer);
  const RowsView value = parameter.value();
  // Arrays without gaps are one row of numbers, which can be cut anywhere.
  const int64_t rows = parameter.table() ? value.rows : 1;
  const int64_t width = parameter.table() ? value.width : value.size();
  const int64_t grain = parameter.table() ? std::max<int64_t>(kGrain / std::max<int64_t>(width, 1), 1) : kGrain;
  parallel_for(parameter.table() ? rows : width, grain, [&](int64_t begin, int64_t end) {
    UpdateRows update = arrays;
    const int64_t first = parameter.table() ? begin * update.value_stride : begin;
    update.value += first;
    for (size_t i = 0; i < optimizer.slots.size(); ++i) {
      update.slots[i] += parameter.table() ? begin * update.slot_strides[i] : begin;
    }
    update.gradients = parameter.dense_gradient() + (parameter.table() ? begin * width : begin);
    update.count = parameter.table() ? end - begin : 1;
    update.width = parameter.table() ? width : end - begin;
    optimizer.rule(update);
  });
}

}  // namespace

void check_learning_rate(const char* optimizer, float learning_rate) {
  if (std::isfinite(learning_rate)) return;
  throw ValueError(std::string("[") + optimizer + "] learning_rate must be finite: got " +
                   std::to_string(learning_rate) + ". Try 0.01.");
}

void Optimizer::prepare(ParameterStore& params) const {
  Parameter::SlotRequest requests[UpdateRows::kMaxSlots];
  if (slots.size() > UpdateRows::kMaxSlots)
    throw ValueError("[Optimizer] '" + name + "': at most 4 slots are possible.");
  for (size_t i = 0; i < slots.size(); ++i) requests[i] = {slots[i].name, slots[i].initial_value, false};
  for (Parameter& parameter : params) {
    if (parameter.trainable()) parameter.add_slots({requests, slots.size()});
  }
}

void Optimizer::step(ParameterStore& params) const {
  if (!rule) throw ValueError("[Optimizer::step] the optimizer has no rule. Make one with adagrad(), sgd(), ...");
  if (std::ranges::none_of(params, [](const Parameter& p) { return p.trainable() && p.has_gradient(); })) {
    throw ValueError(
        "[Optimizer::step] No gradients provided for any variable. Call Tape::backward before, on a loss that came "
        "from "
        "the parameters.");
  }
  prepare(params);
  for (Parameter& parameter : params) {
    if (!parameter.trainable() || !parameter.has_gradient()) continue;
    const bool rows = !parameter.row_gradient().empty(), dense = parameter.dense_gradient() != nullptr;
    if (rows && !dense) {
      step_rows(parameter, *this);
    } else {
      if (rows) add_rows_to_dense(parameter);
      step_dense(parameter, *this);
    }
  }
  params.clear_gradients();
  ++params.global_step;
}

}  // namespace weft
