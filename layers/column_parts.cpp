// ColumnParts: lookups of neighbouring columns in one pass, the other columns as constants beside them.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/ops/lookup_plan.h>
#include <weft/core/ops/ops.h>
#include <weft/core/row_places.h>
#include <weft/core/stage_timer.h>
#include <weft/layers/column_kinds.h>
#include <weft/layers/column_parts.h>
#include <weft/layers/embedding_table.h>
#include <weft/layers/input_columns.h>
#include <weft/layers/sequence_places.h>

#include <algorithm>
#include <span>

namespace weft {

ColumnPart input_part(ParameterStore& params, const std::string& name, const FeatureColumn& column,
                      const InputLayerOptions& options) {
  ColumnPart part{.name = name, .column = column, .width = column.width()};
  if (const auto* embedding = column.get_if<EmbeddingColumn>()) {
    part.table = &embedding_table(params, embedding->table, options);
    part.lookup = {.combiner = embedding->combiner,
                   .max_norm = embedding->max_norm,
                   .safe = embedding->use_safe_embedding_lookup,
                   .name = name};
  }
  return part;
}

void ColumnParts::add(ColumnPart part) {
  if (const auto* categorical = categorical_of(part.column)) {
    part.ids = ids_.add(*categorical);
    const bool known = std::ranges::any_of(sequences_, [&](const Sequence& s) { return s.ids == part.ids; });
    if (options_.sequences && !known) sequences_.push_back({part.ids, categorical->parse_spec().begin()->first});
  }
  const bool lookups = part.table != nullptr;
  if (lookups) {
    auto readers = std::ranges::find(tables_, part.table, &Readers::table);
    if (readers == tables_.end()) readers = tables_.insert(readers, {part.table, {}});
    readers->parts.insert(readers->parts.begin(), parts_.size());
  }
  if (runs_.empty() || runs_.back().lookups != lookups) runs_.push_back({.first = parts_.size(), .lookups = lookups});
  runs_.back().count += 1;
  runs_.back().width += part.width;
  width_ += part.width;
  parts_.push_back(std::move(part));
  totals_.emplace_back();
}

namespace {

// Ids beyond an indicator's width count nowhere, where a lookup refuses them: they are out of range, and dropped. A
// default_value beyond a vocabulary stands for words that are counted already.
void count_beyond(const Ids& ids, int64_t width, IdCounts& counts) {
  const auto beyond = std::ranges::count_if(ids.ids, [&](int64_t id) { return id >= width; });
  if (beyond == 0) return;
  counts.out_of_vocabulary = std::max<int64_t>(counts.out_of_vocabulary, beyond);
  counts.empty_bags = 0;
  for (size_t bag = 0; bag + 1 < ids.offsets.size(); ++bag) {
    const auto first = ids.ids.begin() + ids.offsets[bag], last = ids.ids.begin() + ids.offsets[bag + 1];
    counts.empty_bags += std::none_of(first, last, [&](int64_t id) { return id >= 0 && id < width; });
  }
}

}  // namespace

void ColumnParts::make_ids(const Features& features, Features::Prepared& out) const {
  ids_.make(features, out.ids);
  out.counts.assign(parts_.size(), {});
  for (size_t i = 0; i < parts_.size(); ++i) {
    const ColumnPart& part = parts_[i];
    if (categorical_of(part.column) == nullptr) continue;
    const bool prunes = part.table != nullptr && part.lookup.safe && part.lookup.combiner != Combiner::sum;
    out.counts[i] = count_ids(out.ids[part.ids], prunes);
    if (part.column.get_if<IndicatorColumn>() != nullptr) count_beyond(out.ids[part.ids], part.width, out.counts[i]);
  }
  for (const Sequence& sequence : sequences_) lay_places(sequence.key, features, out.ids[sequence.ids]);
}

void ColumnParts::prepare(Features& features) const {
  const StageTimer timer(Stage::lookup);
  Features::Prepared& room = features.prepare_for(this);  // nobody's if the features are refused
  make_ids(features, room);
  room.has_shares = false;
  if (trains_.load(std::memory_order_relaxed)) make_shares(room);
  room.by = this;
}

// Beside a step that changes the tables: of them it looks at the shapes alone.
void ColumnParts::make_shares(Features::Prepared& out) const {
  out.shares.resize(parts_.size());
  try {
    for (size_t i = 0; i < parts_.size(); ++i) {
      const ColumnPart& part = parts_[i];
      if (part.table == nullptr) continue;
      LookupPlan plan{std::move(out.shares[i])};
      plan.make(out.ids[part.ids], *part.table, part.lookup);
      out.shares[i] = std::move(plan.share);
    }
  } catch (const ValueError&) {
    return;  // the lookup will say it
  }
  for (const Readers& readers : tables_) find_places(readers, out.shares);
  out.has_shares = true;
}

void ColumnParts::find_places(const Readers& readers, std::vector<Share>& all) {
  const Parameter& table = *readers.table;
  if (!table.trainable()) return;
  thread_local std::vector<Share*> shares;
  shares.clear();
  int64_t uses = 0;
  for (const size_t part : readers.parts) {
    shares.push_back(&all[part]);
    uses += all[part].count();
  }
  if (few_sums(uses, table.shape()[1])) find_row_places(shares, table.shape()[0]);
}

int64_t ColumnParts::rows_of(const ColumnPart& part, const Features& features, const std::vector<Ids>& all) const {
  if (const auto* numeric = part.column.get_if<NumericColumn>()) return numeric_batch(*numeric, features);
  if (const auto* numeric = part.column.get_if<SequenceNumericColumn>()) {
    return sequence_extent(*numeric, features).places();
  }
  return all[part.ids].batch();
}

int64_t ColumnParts::check_rows(const Features& features, const std::vector<Ids>& all) const {
  const int64_t rows = rows_of(parts_[0], features, all);
  for (const ColumnPart& part : parts_) {
    for (const std::string& key : part.keys) check_bags(key, features, part.width);
    const int64_t other = rows_of(part, features, all);
    if (other == rows) continue;
    throw ValueError(
        fmt::format("[{}] Batch size (first dimension) of each feature must be same. Batch size of columns ({}, {}): "
                    "({}, {}). Give features of one batch.",
                    options_.where, parts_[0].name, part.name, rows, other));
  }
  return rows;
}

Var ColumnParts::look_up(Tape& tape, const Run& run, const Features::Prepared& ready, Workspace& work) const {
  work.lookups.clear();
  for (size_t i = run.first; i < run.first + run.count; ++i) {
    const ColumnPart& part = parts_[i];
    work.lookups.push_back({.table = part.table,
                            .ids = &ready.ids[part.ids],
                            .options = &part.lookup,
                            .made = ready.has_shares ? &ready.shares[i] : nullptr});
  }
  return embedding_lookup(tape, work.lookups);
}

Var ColumnParts::constants(Tape& tape, const Run& run, const Features& features, const std::vector<Ids>& all,
                           int64_t rows) const {
  Tensor out = Tensor::zeros({rows, run.width});
  float* place = out.data();
  for (const ColumnPart& part : std::span(parts_).subspan(run.first, run.count)) {
    const DenseRows to{.data = place, .stride = run.width};
    if (const auto* numeric = part.column.get_if<NumericColumn>()) {
      numeric_values(*numeric, features, to);
    } else if (const auto* sequence = part.column.get_if<SequenceNumericColumn>()) {
      sequence_numeric_values(*sequence, features, to);
    } else {
      indicator_values(all[part.ids], part.width, to);
    }
    place += part.width;
  }
  return tape.constant(std::move(out));
}

Var ColumnParts::values(Tape& tape, const Features& features, const Features::Prepared& ready, int64_t rows,
                        Workspace& work) const {
  work.outputs.clear();
  for (const Run& run : runs_) {
    work.outputs.push_back(run.lookups ? look_up(tape, run, ready, work)
                                       : constants(tape, run, features, ready.ids, rows));
  }
  return work.outputs.size() == 1 ? work.outputs[0] : concat(work.outputs);
}

std::unique_ptr<ColumnParts::Workspace> ColumnParts::take() const {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<Workspace>();
  auto workspace = std::move(idle_.back());
  idle_.pop_back();
  return workspace;
}

// `counts` may lie in the workspace.
void ColumnParts::give_back(std::unique_ptr<Workspace> workspace, const std::vector<IdCounts>& counts) const {
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < counts.size(); ++i) totals_[i] += counts[i];
  idle_.push_back(std::move(workspace));
}

std::vector<ColumnCounts> ColumnParts::counts() const {
  const std::lock_guard lock(mutex_);
  std::vector<ColumnCounts> out;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (categorical_of(parts_[i].column) != nullptr) out.push_back({parts_[i].name, totals_[i]});
  }
  return out;
}

void ColumnParts::reset_counts() {
  const std::lock_guard lock(mutex_);
  totals_.assign(parts_.size(), {});
}

}  // namespace weft
