// find_blame: the batch once more, with a look at every number.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/ops/embedding_lookup.h>
#include <weft/core/ops/ops.h>
#include <weft/core/tape_view.h>
#include <weft/estimator/training/blame.h>
#include <weft/estimator/training/blame_parts.h>
#include <weft/estimator/training/finite.h>
#include <weft/estimator/training/slice.h>

#include <algorithm>
#include <cmath>

namespace weft {

namespace {

using Model = std::function<Var(Tape&, const Batch&)>;

// The first value of the forward pass that is not finite, and the op that made it.
std::optional<Blame> blame_value(Tape& tape, int64_t batch) {
  for (const Var value : recorded_values(tape)) {
    const Tensor& numbers = value.value();
    const auto bad = detail::first_not_finite(numbers.values());
    if (!bad) continue;
    Blame blame{.kind = Blame::Kind::input,
                .number = numbers[static_cast<int64_t>(*bad)],
                .example = detail::example_of(numbers.shape(), *bad, batch)};
    for (const RecordedOp& op : recorded_ops(tape)) {
      if (&op.out.value() != &numbers) continue;
      blame.kind = Blame::Kind::value;
      blame.op = op.name;
    }
    return blame;
  }
  return std::nullopt;
}

// Runs backward; the first gradient that is not finite, and the op that made it.
std::optional<Blame> blame_gradient(const ParameterStore& params, Tape& tape, Var loss, int64_t batch) {
  std::optional<Blame> blame;
  const std::vector<RecordedOp> ops = recorded_ops(tape);
  const std::vector<Var> values = recorded_values(tape);
  backward_by_op(loss, [&](size_t op) {
    if (blame) return;
    blame = detail::bad_parameter_gradient(params, batch);
    if (!blame) blame = detail::bad_value_gradient(values, batch);
    if (blame) blame->op = ops[op].name;
  });
  return blame;
}

std::optional<Blame> blame_batch(ParameterStore& params, const Model& model, const Batch& batch) {
  Tape tape;
  const Var loss = model(tape, batch);
  std::optional<Blame> blame = blame_value(tape, batch.size);
  if (!blame) blame = blame_gradient(params, tape, loss, batch.size);
  params.clear_gradients();
  return blame;
}

// The first example that is at fault alone. An op may refuse a batch of one: then it stays unknown.
std::optional<int64_t> find_example(ParameterStore& params, const Model& model, const Batch& batch) {
  try {
    for (int64_t i = 0; i < batch.size; ++i) {
      if (blame_batch(params, model, slice_example(batch, i))) return i;
    }
  } catch (const Error&) {
    params.clear_gradients();
  }
  return std::nullopt;
}

// The rows of tables that the batch's examples read.
std::vector<detail::RowRead> read_rows(ParameterStore& params, const Model& model, const Batch& batch) {
  Tape tape;
  tape.backward(model(tape, batch));
  const std::vector<detail::RowRead> rows = detail::rows_read(params, batch.size);
  params.clear_gradients();
  return rows;
}

float largest_of(std::span<const float> numbers) {
  float largest = 0.0f;
  for (const float number : numbers) largest = std::abs(number) > std::abs(largest) ? number : largest;
  return largest;
}

// Of the rows that the example reads, the one with the largest number.
void add_largest_row(ParameterStore& params, const Model& model, const Batch& batch, Blame& blame) {
  for (const detail::RowRead& read : read_rows(params, model, batch)) {
    if (read.example != blame.example) continue;
    const float largest = largest_of(read.table->value().row(read.row));
    if (blame.weight && std::abs(largest) <= std::abs(*blame.weight)) continue;
    blame.weight = largest;
    blame.parameter = read.table->name();
    blame.row = read.row;
  }
}

std::optional<Blame> blame_parameter(ParameterStore& params, const Model& model, const Batch& batch) {
  const auto found = find_not_finite(params);
  if (!found) return std::nullopt;
  Blame blame = {.kind = Blame::Kind::parameter,
                 .number = found->number,
                 .parameter = found->parameter->name(),
                 .slot = found->slot};
  if (found->parameter->value().rows > 1) blame.row = found->row;
  for (const detail::RowRead& read : read_rows(params, model, batch)) {
    if (read.table != found->parameter || read.row != found->row) continue;
    blame.example = read.example;
    break;
  }
  return blame;
}

// What the example has to do with it: a bad number of its own, or the largest of its rows.
void add_details(ParameterStore& params, const Model& model, const Batch& batch, Blame& blame) {
  if (blame.kind == Blame::Kind::parameter) return;
  if (!blame.example) blame.example = find_example(params, model, batch);
  if (const auto bad = detail::bad_feature(batch, blame.example)) {
    blame.example = bad->example;
    blame.feature = bad->key.empty() ? "the label" : fmt::format("feature '{}'", bad->key);
    blame.feature_number = bad->number;
  } else if (blame.parameter.empty() && blame.example) {
    add_largest_row(params, model, batch, blame);
  }
}

}  // namespace

bool gradients_are_finite(const ParameterStore& params) {
  for (const Parameter& parameter : params) {
    const RowsView value = parameter.value();
    const float* gradient = parameter.dense_gradient();
    if (gradient && !all_finite({gradient, static_cast<size_t>(value.size())})) return false;
    for (const Share& share : parameter.row_gradient().shares) {
      for (int64_t bag = 0; bag < share.bags; ++bag) {
        if (!all_finite({share.dout + bag * share.dout_stride, static_cast<size_t>(value.width)})) return false;
      }
    }
  }
  return true;
}

std::optional<Blame> find_blame(ParameterStore& params, const Model& model, const Batch& batch,
                                const BlameOptions& options) {
  params.clear_gradients();
  std::optional<Blame> blame = blame_parameter(params, model, batch);
  if (!blame) blame = blame_batch(params, model, batch);
  if (!blame) return blame;
  add_details(params, model, batch, *blame);
  const Parameter* table = blame->parameter.empty() ? nullptr : params.find(blame->parameter);
  if (options.origin && table && table->table() && blame->row && blame->example)
    blame->origin = options.origin(*table, *blame->row, batch.features, *blame->example).value_or(RowOrigin());
  return blame;
}

namespace {

std::string row_text(const Blame& blame) {
  std::string text = fmt::format("'{}'", blame.parameter);
  if (blame.row) text += fmt::format(" row {}", *blame.row);
  if (!blame.origin.value.empty())
    text += fmt::format(" ('{}' of feature '{}')", blame.origin.value, blame.origin.feature);
  return text;
}

}  // namespace

std::string to_string(const Blame& blame) {
  const std::string example = blame.example ? fmt::format(" example {} of the batch", *blame.example) : "";
  std::string text = fmt::format("{}", blame.number);
  switch (blame.kind) {
    case Blame::Kind::parameter:
      text += blame.slot.empty() ? " in " : fmt::format(" in slot '{}' of ", blame.slot);
      return text + row_text(blame) + (blame.example ? "," + example + " reads it" : "");
    case Blame::Kind::gradient:
      text += " in the gradient";
      if (!blame.parameter.empty() && !blame.weight) text += " of " + row_text(blame);
      break;
    case Blame::Kind::input:
    case Blame::Kind::value:
      break;
  }
  if (!blame.op.empty()) text += fmt::format(" from op '{}'", blame.op);
  if (blame.kind == Blame::Kind::input) text += " in the input";
  if (blame.example) text += (blame.kind == Blame::Kind::input ? " of" : " for") + example;
  if (!blame.feature.empty()) text += fmt::format(", where {} is {}", blame.feature, blame.feature_number);
  if (blame.weight) text += fmt::format(", whose largest weight is {} in {}", *blame.weight, row_text(blame));
  return text;
}

}  // namespace weft
