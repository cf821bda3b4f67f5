// InputLayer: lookups of neighbouring embedding columns in one pass, the other columns as constants beside them.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/ops/ops.h>
#include <weft/layers/column_ids.h>
#include <weft/layers/column_kinds.h>
#include <weft/layers/embedding_table.h>
#include <weft/layers/input_columns.h>
#include <weft/layers/input_layer.h>

#include <mutex>
#include <span>

namespace weft {
namespace {

// A column and where its input comes from.
struct Part {
  FeatureColumn column;
  std::vector<std::string> keys;  ///< features of ids
  size_t ids = 0;                 ///< its ids' place, if it has ids
  Parameter* table = nullptr;     ///< of an embedding column
  LookupOptions lookup = {};
};

// Neighbouring parts that are all lookups, or all constants.
struct Run {
  size_t first = 0, count = 0;
  bool lookups = false;
  int64_t width = 0;
};

// What a call needs beside the features, kept from call to call.
struct Workspace {
  Features::Prepared prepared;
  std::vector<LookupColumn> lookups;
  std::vector<Var> outputs;
};

}  // namespace

struct InputLayer::State {
  ColumnIds ids;
  std::vector<Part> parts;
  std::vector<Run> runs;
  std::vector<Place> places;
  int64_t width = 0;

  void add(ParameterStore& params, const std::string& name, const FeatureColumn& column,
           const InputLayerOptions& options);
  void group();
  int64_t batch_of(const Part& part, const Features& features, const std::vector<Ids>& ids) const;
  int64_t check(const Features& features, const std::vector<Ids>& ids) const;
  Var look_up(Tape& tape, const Run& run, const std::vector<Ids>& ids, Workspace& work) const;
  Var constants(Tape& tape, const Run& run, const Features& features, const std::vector<Ids>& ids, int64_t batch) const;

  // Workspaces that no call is using: as many as calls have ever run at once.
  std::mutex mutex;
  std::vector<std::unique_ptr<Workspace>> idle;
  std::unique_ptr<Workspace> take();
  void give_back(std::unique_ptr<Workspace> workspace);

  void make_ids(const Features& features, Features::Prepared& out) const;
  std::vector<IdCounts> totals;  ///< one a part
  void add_counts(const std::vector<IdCounts>& counts);
};

void InputLayer::State::add(ParameterStore& params, const std::string& name, const FeatureColumn& column,
                            const InputLayerOptions& options) {
  Part part{.column = column, .keys = bag_keys(column)};
  if (const auto* categorical = categorical_of(column)) part.ids = ids.add(*categorical);
  if (const auto* embedding = column.get_if<EmbeddingColumn>()) {
    part.table = &embedding_table(params, embedding->table, options);
    part.lookup = {.combiner = embedding->combiner,
                   .max_norm = embedding->max_norm,
                   .safe = embedding->use_safe_embedding_lookup,
                   .name = name};
  }
  parts.push_back(std::move(part));
  places.push_back({.column = name, .first = width, .width = column.width()});
  width += column.width();
}

void InputLayer::State::group() {
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool lookups = parts[i].table != nullptr;
    if (runs.empty() || runs.back().lookups != lookups) runs.push_back({.first = i, .lookups = lookups});
    runs.back().count += 1;
    runs.back().width += places[i].width;
  }
}

int64_t InputLayer::State::batch_of(const Part& part, const Features& features, const std::vector<Ids>& all) const {
  if (const auto* numeric = part.column.get_if<NumericColumn>()) return numeric_batch(*numeric, features);
  return all[part.ids].batch();
}

int64_t InputLayer::State::check(const Features& features, const std::vector<Ids>& all) const {
  const int64_t batch = batch_of(parts[0], features, all);
  for (size_t i = 0; i < parts.size(); ++i) {
    for (const std::string& key : parts[i].keys) check_bags(key, features, places[i].width);
    const int64_t other = batch_of(parts[i], features, all);
    if (other == batch) continue;
    throw ValueError(
        fmt::format("[input_layer] Batch size (first dimension) of each feature must be same. Batch size of "
                    "columns ({}, {}): ({}, {}). Give features of one batch.",
                    places[0].column, places[i].column, batch, other));
  }
  return batch;
}

Var InputLayer::State::look_up(Tape& tape, const Run& run, const std::vector<Ids>& all, Workspace& work) const {
  work.lookups.clear();
  for (const Part& part : std::span(parts).subspan(run.first, run.count)) {
    work.lookups.push_back({.table = part.table, .ids = &all[part.ids], .options = &part.lookup});
  }
  return embedding_lookup(tape, work.lookups);
}

Var InputLayer::State::constants(Tape& tape, const Run& run, const Features& features, const std::vector<Ids>& all,
                                 int64_t batch) const {
  Tensor out = Tensor::zeros({batch, run.width});
  float* place = out.data();
  for (size_t i = run.first; i < run.first + run.count; ++i) {
    const DenseRows rows{.data = place, .stride = run.width};
    if (const auto* numeric = parts[i].column.get_if<NumericColumn>()) {
      numeric_values(*numeric, features, rows);
    } else {
      indicator_values(all[parts[i].ids], places[i].width, rows);
    }
    place += places[i].width;
  }
  return tape.constant(std::move(out));
}

std::unique_ptr<Workspace> InputLayer::State::take() {
  const std::lock_guard lock(mutex);
  if (idle.empty()) return std::make_unique<Workspace>();
  auto workspace = std::move(idle.back());
  idle.pop_back();
  return workspace;
}

void InputLayer::State::give_back(std::unique_ptr<Workspace> workspace) {
  const std::lock_guard lock(mutex);
  idle.push_back(std::move(workspace));
}

void InputLayer::State::make_ids(const Features& features, Features::Prepared& out) const {
  ids.make(features, out.ids);
  out.counts.assign(parts.size(), {});
  for (size_t i = 0; i < parts.size(); ++i) {
    if (categorical_of(parts[i].column) == nullptr) continue;
    const bool prunes = parts[i].table != nullptr && parts[i].lookup.safe && parts[i].lookup.combiner != Combiner::sum;
    out.counts[i] = count_ids(out.ids[parts[i].ids], prunes);
  }
}

void InputLayer::State::add_counts(const std::vector<IdCounts>& counts) {
  const std::lock_guard lock(mutex);
  for (size_t i = 0; i < counts.size(); ++i) totals[i] += counts[i];
}

InputLayer::InputLayer(ParameterStore& params, const FeatureColumns& columns, const InputLayerOptions& options)
    : state_(std::make_unique<State>()) {
  // Everything that the columns alone can tell comes before files are read and tables made.
  const auto sorted = input_columns(columns, options);
  for (const auto& [name, column] : sorted) state_->add(params, name, column, options);
  state_->group();
  state_->totals.resize(state_->parts.size());
}

InputLayer::InputLayer(InputLayer&&) noexcept = default;
InputLayer& InputLayer::operator=(InputLayer&&) noexcept = default;
InputLayer::~InputLayer() = default;

int64_t InputLayer::width() const {
  return state_->width;
}
const std::vector<InputLayer::Place>& InputLayer::places() const {
  return state_->places;
}

void InputLayer::prepare(Features& features) const {
  Features::Prepared& room = features.prepare_for(state_.get());  // nobody's if the features are refused
  state_->make_ids(features, room);
  room.by = state_.get();
}

Var InputLayer::operator()(Tape& tape, const Features& features) const {
  auto work = state_->take();
  const Features::Prepared* prepared = features.find_prepared(state_.get());
  if (prepared == nullptr) {
    state_->make_ids(features, work->prepared);
    prepared = &work->prepared;
  }
  const int64_t batch = state_->check(features, prepared->ids);
  work->outputs.clear();
  for (const Run& run : state_->runs) {
    work->outputs.push_back(run.lookups ? state_->look_up(tape, run, prepared->ids, *work)
                                        : state_->constants(tape, run, features, prepared->ids, batch));
  }
  const Var out = work->outputs.size() == 1 ? work->outputs[0] : concat(work->outputs);
  state_->add_counts(prepared->counts);
  state_->give_back(std::move(work));
  return out;
}

std::vector<ColumnCounts> InputLayer::counts() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<ColumnCounts> out;
  for (size_t i = 0; i < state_->parts.size(); ++i) {
    if (categorical_of(state_->parts[i].column) != nullptr)
      out.push_back({state_->places[i].column, state_->totals[i]});
  }
  return out;
}

void InputLayer::reset_counts() {
  const std::lock_guard lock(state_->mutex);
  state_->totals.assign(state_->parts.size(), {});
}

}  // namespace weft
