// SequenceInputLayer: a lookup with one bag a place, whose rows become [batch, steps].
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/layers/column_parts.h>
#include <weft/layers/input_columns.h>
#include <weft/layers/sequence_input_layer.h>
#include <weft/layers/sequence_places.h>

#include <algorithm>

namespace weft {

struct SequenceInputLayer::State {
  ColumnParts parts{{.where = "SequenceInputLayer", .sequences = true}};
  std::vector<std::string> keys;  ///< the feature of each part
  std::vector<InputLayer::Place> places;

  SequenceExtent extent_of(size_t part, const Features& features) const;
  SequenceExtent check(const Features& features) const;
  void lengths_of(size_t part, const Features& features, const std::vector<Ids>& ids, const SequenceExtent& extent,
                  std::span<int64_t> out) const;
  Buffer lengths(const Features& features, const std::vector<Ids>& ids, const SequenceExtent& extent) const;
};

SequenceExtent SequenceInputLayer::State::extent_of(size_t part, const Features& features) const {
  const auto* numeric = parts.parts()[part].column.get_if<SequenceNumericColumn>();
  return numeric != nullptr ? sequence_extent(*numeric, features) : sequence_extent(keys[part], features);
}

SequenceExtent SequenceInputLayer::State::check(const Features& features) const {
  const SequenceExtent first = extent_of(0, features);
  for (size_t i = 1; i < keys.size(); ++i) {
    const SequenceExtent other = extent_of(i, features);
    const std::string &a = places[0].column, &b = places[i].column;
    if (other.batch != first.batch) {
      throw ValueError(
          fmt::format("[SequenceInputLayer] Batch size (first dimension) of each feature must be same. Batch size of "
                      "columns ({}, {}): ({}, {}). Give features of one batch.",
                      a, b, first.batch, other.batch));
    }
    if (other.steps != first.steps && first.batch > 0) {
      throw ValueError(
          fmt::format("[SequenceInputLayer] Dimension 1 in both shapes must be equal, but are {} and {}. Shapes are "
                      "[{},{}] and [{},{}]: the sequences of {} and {} have different numbers of steps. Give each "
                      "example sequences of one length.",
                      first.steps, other.steps, first.batch, first.steps, other.batch, other.steps, a, b));
    }
  }
  return first;
}

void SequenceInputLayer::State::lengths_of(size_t part, const Features& features, const std::vector<Ids>& ids,
                                           const SequenceExtent& extent, std::span<int64_t> out) const {
  const ColumnPart& column = parts.parts()[part];
  if (const auto* numeric = column.column.get_if<SequenceNumericColumn>()) {
    sequence_lengths(*numeric, features, out);
  } else {
    sequence_lengths(ids[column.ids], extent, out);
  }
}

Buffer SequenceInputLayer::State::lengths(const Features& features, const std::vector<Ids>& ids,
                                          const SequenceExtent& extent) const {
  const auto batch = static_cast<size_t>(extent.batch);
  Buffer memory(batch * sizeof(int64_t)), others(batch * sizeof(int64_t));
  const std::span all(memory.as<int64_t>(), batch), other(others.as<int64_t>(), batch);
  lengths_of(0, features, ids, extent, all);
  for (size_t i = 1; i < keys.size(); ++i) {
    lengths_of(i, features, ids, extent, other);
    const auto difference = std::ranges::mismatch(all, other);
    if (difference.in1 == all.end()) continue;
    throw ValueError(fmt::format(
        "[SequenceInputLayer] sequences of one example differ in length: got {} steps of {} and {} of {} "
        "in example {}. Give each example sequences of one length.",
        *difference.in1, places[0].column, *difference.in2, places[i].column, difference.in1 - all.begin()));
  }
  return memory;
}

SequenceInputLayer::SequenceInputLayer(ParameterStore& params, const FeatureColumns& columns,
                                       const SequenceInputLayerOptions& options)
    : state_(std::make_unique<State>()) {
  const InputLayerOptions names{
      .scope = options.scope, .shared_table_name = options.shared_table_name, .plain_names = true};
  const auto sorted = sequence_columns(columns, names);
  NewParameters made(params);
  for (const auto& [name, column] : sorted) {
    ColumnPart part = input_part(params, name, column, names);
    part.lookup.safe = true;  // TensorFlow has no other lookup for sequences
    state_->keys.push_back(column.parse_spec().begin()->first);
    state_->places.push_back({.column = name, .first = state_->parts.width(), .width = part.width});
    state_->parts.add(std::move(part));
  }
  made.keep();
}

SequenceInputLayer::SequenceInputLayer(SequenceInputLayer&&) noexcept = default;
SequenceInputLayer& SequenceInputLayer::operator=(SequenceInputLayer&&) noexcept = default;
SequenceInputLayer::~SequenceInputLayer() = default;

int64_t SequenceInputLayer::width() const {
  return state_->parts.width();
}
const std::vector<InputLayer::Place>& SequenceInputLayer::places() const {
  return state_->places;
}

void SequenceInputLayer::prepare(Features& features) const {
  state_->parts.prepare(features);
}

namespace {

// [batch * steps, width] -> [batch, steps, width].
Var with_steps(Var rows, const SequenceExtent& extent) {
  Tape& tape = rows.tape();
  const Var out = tape.make({extent.batch, extent.steps, rows.shape()[1]});
  const int64_t n = out.value().size();
  std::copy_n(rows.value().data(), n, out.value().data());
  if (rows.needs_gradient()) {
    tape.record(out, [rows, out, n] {
      const float* dy = out.gradient()->data();
      const auto dx = rows.add_to_gradient();
      for (int64_t i = 0; i < n; ++i) dx.data[i] = dx.fresh ? dy[i] : dx.data[i] + dy[i];
    });
  }
  return out;
}

}  // namespace

Sequences SequenceInputLayer::operator()(Tape& tape, const Features& features) const {
  SequenceExtent extent;
  Sequences out;
  const Var rows = state_->parts(tape, features, [&](const std::vector<Ids>& ids) {
    extent = state_->check(features);
    out.memory = state_->lengths(features, ids, extent);
    return extent.places();
  });
  out.values = with_steps(rows, extent);
  out.lengths = {out.memory.as<int64_t>(), static_cast<size_t>(extent.batch)};
  return out;
}

std::vector<ColumnCounts> SequenceInputLayer::counts() const {
  return state_->parts.counts();
}

void SequenceInputLayer::reset_counts() {
  state_->parts.reset_counts();
}

}  // namespace weft
