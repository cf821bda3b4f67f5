// Optimizer::step: one walk over the parameters, one over each table's touched rows.
#include <fmt/format.h>
#include <weft/core/coalesce.h>
#include <weft/core/error.h>
#include <weft/core/parallel.h>
#include <weft/core/stage_timer.h>
#include <weft/optim/for_rows.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace weft {
namespace {

/// Numbers of a dense parameter updated at once by a thread.
constexpr int64_t kGrain = 1 << 14;

/// One parameter's step.
struct ParameterStep {
  Parameter& parameter;
  const Optimizer& optimizer;
  const StepStart& start;
  GradientScale scale;
  bool adjusted;  ///< the gradient is scaled or penalised
  DeferredRows* deferred;

  void adjust_rows(const UpdateRows& update, float* gradients) const {
    if (!adjusted) return;
    for (int64_t i = 0; i < update.count; ++i) {
      const int64_t row = update.rows != nullptr ? update.rows[i] : i;
      adjust(scale, optimizer.regularization, update.value + row * update.value_stride,
             gradients + i * update.gradient_stride, update.width);
    }
  }
};

/// Where an optimizer's slots are among a parameter's.
using SlotPlaces = std::array<size_t, UpdateRows::kMaxSlots>;
SlotPlaces places_of(const Parameter& parameter, const Optimizer& optimizer) {
  SlotPlaces places{};
  for (size_t i = 0; i < optimizer.slots.size(); ++i) places[i] = parameter.slot_index(optimizer.slots[i].name);
  return places;
}

/// The arrays of a parameter, without rows, gradients and numbers.
UpdateRows arrays_of(const Parameter& parameter, const SlotPlaces& places, size_t slots) {
  UpdateRows update;
  const RowsView value = parameter.stored();
  update.value = value.data;
  update.value_stride = value.stride;
  update.width = value.width;
  update.table = parameter.table();
  for (size_t i = 0; i < slots; ++i) {
    const RowsView slot = parameter.stored_slot(places[i]);
    update.slots[i] = slot.data;
    update.slot_strides[i] = slot.stride;
  }
  return update;
}

UpdateRows arrays_of(const ParameterStep& step) {
  UpdateRows update = arrays_of(step.parameter, places_of(step.parameter, step.optimizer), step.optimizer.slots.size());
  update.numbers = step.start.numbers;
  return update;
}

void step_rows(const ParameterStep& step) {
  const UpdateRows arrays = arrays_of(step);
  coalesce(step.parameter, [&](const RowBatch& batch) {
    const StageTimer timer(Stage::update);
    const std::span rows(batch.rows, static_cast<size_t>(batch.count));
    UpdateRows update = arrays;
    update.rows = batch.rows;
    update.gradients = batch.gradients;
    update.gradient_stride = batch.gradient_stride;
    update.count = batch.count;
    if (step.deferred != nullptr) {
      // Read before an earlier step, or by a lookup of before this optimizer's first step.
      step.deferred->bring_up_own(rows);
    }
    step.adjust_rows(update, batch.gradients);
    step.optimizer.rule(update);
    if (step.deferred != nullptr) step.deferred->mark_next(rows);
  });
}

/// A table that also has a dense gradient (something read it as a whole): its rows' sums join that.
void add_rows_to_dense(Parameter& parameter) {
  float* dense = parameter.add_to_gradient().data;
  coalesce(parameter, [&](const RowBatch& batch) {
    for (int64_t i = 0; i < batch.count; ++i) {
      float* sum = dense + batch.rows[i] * batch.width;
      for (int64_t k = 0; k < batch.width; ++k) sum[k] += batch.gradient(i)[k];
    }
  });
  parameter.row_gradient().clear();
}

void step_dense(const ParameterStep& step) {
  const StageTimer timer(Stage::update);
  Parameter& parameter = step.parameter;
  if (step.deferred != nullptr) parameter.bring_up();
  const UpdateRows arrays = arrays_of(step);
  const RowsView value = parameter.stored();
  float* gradient = parameter.add_to_gradient().data;
  // Arrays without gaps are one row of numbers, which can be cut anywhere.
  const int64_t rows = parameter.table() ? value.rows : 1;
  const int64_t width = parameter.table() ? value.width : value.size();
  const int64_t grain = parameter.table() ? std::max<int64_t>(kGrain / std::max<int64_t>(width, 1), 1) : kGrain;
  parallel_for(parameter.table() ? rows : width, grain, [&](int64_t begin, int64_t end) {
    UpdateRows update = arrays;
    const int64_t first = parameter.table() ? begin * update.value_stride : begin;
    update.value += first;
    for (size_t i = 0; i < step.optimizer.slots.size(); ++i) {
      update.slots[i] += parameter.table() ? begin * update.slot_strides[i] : begin;
    }
    float* part = gradient + (parameter.table() ? begin * width : begin);
    update.gradients = part;
    update.count = parameter.table() ? end - begin : 1;
    update.width = parameter.table() ? width : end - begin;
    update.gradient_stride = update.width;
    step.adjust_rows(update, part);
    step.optimizer.rule(update);
  });
}

/// The deferred rows of a table that stands after `global_step`; null if this optimizer defers none.
DeferredRows* deferred_rows(Parameter& parameter, const Optimizer& optimizer, int64_t global_step) {
  if (parameter.deferred && parameter.deferred->owner() != optimizer.identity.get()) {
    parameter.bring_up();
    parameter.deferred.reset();
  }
  if (!optimizer.replay || !parameter.table()) return nullptr;
  if (!parameter.deferred) {
    parameter.deferred = std::make_shared<DeferredRows>(DeferredRows::Options{
        .rows = parameter.stored().rows,
        .step = global_step,
        .replay = [&parameter, replay = optimizer.replay, places = places_of(parameter, optimizer),
                   slots = optimizer.slots.size()](
                      const DeferredRows::Missed& m) { replay(m, arrays_of(parameter, places, slots)); },
        .moves_values = optimizer.replay_moves_values,
        .owner = optimizer.identity.get()});
  } else if (parameter.deferred->step() != global_step) {
    // Steps without a gradient for this table are none of its steps: its rows don't move in them.
    parameter.deferred->bring_up_all();
    parameter.deferred->go_to(global_step);
  }
  return parameter.deferred.get();
}

void update(const ParameterStep& step) {
  const bool dense = step.parameter.dense_gradient() != nullptr;
  if (dense) {
    step_dense(step);
  } else {
    step_rows(step);
  }
  if (step.deferred == nullptr) return;
  DeferredRows::Step numbers;
  std::copy_n(step.start.numbers, numbers.size(), numbers.begin());
  step.deferred->add_step(numbers);
  if (dense) step.deferred->mark_all();
}

StepStart start_of(const Optimizer& optimizer, ParameterStore& params) {
  StepStart start{.step = params.global_step + 1, .learning_rate = optimizer.learning_rate.at(params.global_step)};
  if (!std::isfinite(start.learning_rate)) {
    throw ValueError(fmt::format("[Optimizer::step] '{}': learning_rate must be finite: got {} at step {}.",
                                 optimizer.name, start.learning_rate, start.step));
  }
  for (size_t i = 0; i < optimizer.scalars.size(); ++i) {
    start.scalars[i] = &params.scalar(optimizer.scalars[i].name, optimizer.scalars[i].initial_value);
  }
  start.numbers[0] = start.learning_rate;
  if (optimizer.start) optimizer.start(start);
  return start;
}

bool updated(const Parameter& parameter) {
  return parameter.trainable() && parameter.has_gradient();
}

/// Whether `optimizer`, a part of `whole` or that itself, is who updates the parameter.
bool owns(const Optimizer& whole, const Optimizer& optimizer, const Parameter& parameter) {
  return &whole == &optimizer || &whole.of(parameter) == &optimizer;
}

/// Writes what a clip of `optimizer` makes of its parameters; `scales` is of all parameters of the store.
void clip_own(ParameterStore& params, const Optimizer& whole, const Optimizer& optimizer,
              std::vector<GradientScale>& scales) {
  if (!optimizer.clip.any()) return;
  scales.resize(params.size(), {std::numeric_limits<float>::infinity()});
  std::vector<Parameter*> own;
  for (Parameter& parameter : params) {
    if (updated(parameter) && owns(whole, optimizer, parameter)) own.push_back(&parameter);
  }
  const std::vector<GradientScale> made = clip_gradients(optimizer.clip, own);
  for (size_t i = 0, next = 0; i < params.size() && next < own.size(); ++i) {
    if (&params.begin()[static_cast<std::ptrdiff_t>(i)] == own[next]) scales[i] = made[next++];
  }
}

/// The step of one optimizer of `whole`; `scales` are of all parameters, or none.
void step_part(ParameterStore& params, const Optimizer& whole, const Optimizer& optimizer,
               std::span<const GradientScale> scales) {
  const StepStart start = start_of(optimizer, params);
  for (size_t i = 0; i < params.size(); ++i) {
    Parameter& parameter = params.begin()[static_cast<std::ptrdiff_t>(i)];
    if (!updated(parameter) || !owns(whole, optimizer, parameter)) continue;
    update({.parameter = parameter,
            .optimizer = optimizer,
            .start = start,
            .scale = scales.empty() ? GradientScale{} : scales[i],
            .adjusted = !scales.empty() || optimizer.regularization.any(),
            .deferred = deferred_rows(parameter, optimizer, params.global_step)});
  }
}

/// The slots of a parameter, and how many they are.
using Requests = std::array<Parameter::SlotRequest, UpdateRows::kMaxSlots>;
size_t slot_requests(const Optimizer& optimizer, const Parameter& parameter, Requests& requests) {
  const size_t count = optimizer.slots.size();
  if (count > UpdateRows::kMaxSlots) {
    throw ValueError("[Optimizer] '" + optimizer.name + "': at most 4 slots are possible.");
  }
  for (size_t i = 0; i < count; ++i) {
    const SlotSpec& slot = optimizer.slots[i];
    requests[i] = {slot.name, slot.initial_value, slot.per_row && parameter.table()};
  }
  return count;
}

void prepare_part(ParameterStore& params, const Optimizer& whole, const Optimizer& optimizer) {
  Requests requests;
  for (Parameter& parameter : params) {
    if (!parameter.trainable() || !owns(whole, optimizer, parameter)) continue;
    parameter.add_slots({requests.data(), slot_requests(optimizer, parameter, requests)});
  }
  for (const ScalarSpec& scalar : optimizer.scalars) params.scalar(scalar.name, scalar.initial_value);
}

void check(const Optimizer& optimizer) {
  if (!optimizer.rule)
    throw ValueError("[Optimizer::step] the optimizer has no rule. Make one with adagrad(), sgd(), ...");
  check_clip(optimizer.clip, optimizer.regularization);
}

}  // namespace

void Optimizer::prepare(ParameterStore& params) const {
  if (parts.empty()) return prepare_part(params, *this, *this);
  for (const OptimizerPart& part : parts) prepare_part(params, *this, part.optimizer);
}

void Optimizer::reserve_slots(ParameterStore& params) const {
  params.reserve_slots([whole = *this](const Parameter& parameter) {
    Requests requests;
    const size_t count = parameter.trainable() ? slot_requests(whole.of(parameter), parameter, requests) : 0;
    return std::vector<Parameter::SlotRequest>(requests.begin(), requests.begin() + static_cast<std::ptrdiff_t>(count));
  });
}

void Optimizer::step(ParameterStore& params) const {
  if (parts.empty()) check(*this);
  for (const OptimizerPart& part : parts) {
    check(part.optimizer);
    if (clip.any() && part.optimizer.clip.any()) {
      throw ValueError("[Optimizer::step] both the whole and its part '" + part.optimizer.name +
                       "' clip gradients: expected one of them.");
    }
  }
  if (!parts.empty()) check_clip(clip, regularization);
  if (std::ranges::none_of(params, updated)) {
    throw ValueError(
        "[Optimizer::step] No gradients provided for any variable. Call Tape::backward before, on a loss that came "
        "from "
        "the parameters.");
  }
  prepare(params);
  for (Parameter& parameter : params) {
    if (updated(parameter) && parameter.dense_gradient() != nullptr && !parameter.row_gradient().empty()) {
      add_rows_to_dense(parameter);
    }
  }
  std::vector<GradientScale> scales;
  clip_own(params, *this, *this, scales);
  for (const OptimizerPart& part : parts) clip_own(params, *this, part.optimizer, scales);
  if (parts.empty()) step_part(params, *this, *this, scales);
  for (const OptimizerPart& part : parts) step_part(params, *this, part.optimizer, scales);
  params.clear_gradients();
  ++params.global_step;
}

}  // namespace weft
