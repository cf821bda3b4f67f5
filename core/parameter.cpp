// Parameter: storage of values and slots, gradients; ParameterStore.
#include <weft/core/error.h>
#include <weft/core/parallel.h>
#include <weft/core/parameter.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

namespace weft {
namespace {

/// Numbers set by one call of an initializer, and rows moved at once.
constexpr int64_t kGrain = 1 << 16;
/// Numbers made aside before they are put into rows that lie apart: they stay in the first cache.
constexpr int64_t kStaged = 1 << 12;

void check(const ParameterOptions& options) {
  if (options.name.empty())
    throw ValueError("[Parameter] the name is empty: expected a name such as 'dnn/logits/kernel'.");
  if (!options.initializer) {
    throw ValueError("[Parameter] initializer of '" + options.name + "' must be callable: got an empty function.");
  }
  if (options.table && options.shape.rank() != 2) {
    throw ValueError("[Parameter] table '" + options.name + "': got shape " + to_string(options.shape) +
                     ", expected [rows, dimension].");
  }
  if (options.table && options.shape[0] > std::numeric_limits<int32_t>::max()) {
    throw ValueError("[Parameter] table '" + options.name + "': got " + std::to_string(options.shape[0]) +
                     " rows, expected 2^31 - 1 at most. Use fewer buckets.");
  }
}

/// Memory for [rows, stride] numbers of a parameter; says whose it is where there is not enough.
Buffer memory_for(const std::string& name, int64_t rows, int64_t stride) {
  size_t bytes = std::numeric_limits<size_t>::max();
  const bool fits = !__builtin_mul_overflow(static_cast<size_t>(rows) * sizeof(float), stride, &bytes);
  try {
    if (fits) return Buffer::zeros(bytes);
  } catch (const std::bad_alloc&) {
  }
  throw ValueError("[Parameter] '" + name + "' needs " + (fits ? std::to_string(bytes) : "more than 2^64") +
                   " bytes, more than the system gives. Use fewer rows or a smaller dimension.");
}

}  // namespace

Parameter::Parameter(const ParameterOptions& options, uint64_t seed, const SlotPlan& plan)
    : name_(options.name), shape_(options.shape), trainable_(options.trainable), table_(options.table) {
  check(options);
  if (shape_.rank() >= 2) rows_ = shape_[0];
  width_ = rows_ > 0 ? shape_.size() / rows_ : (shape_.rank() == 2 ? shape_[1] : 0);
  stride_ = width_;
  if (table_ && plan) reserve(plan(*this));
  storage_ = memory_for(name_, rows_, stride_);
  set_initial_values(options.initializer, {seed, stream_of(name_)});
}

void Parameter::reserve(std::span<const SlotRequest> requests) {
  for (const SlotRequest& request : requests) {
    reserved_.push_back({std::string(request.name), request.initial_value, request.per_row, stride_});
    stride_ += request.per_row ? 1 : width_;
  }
}

/// Values and reserved slots in one pass over the memory: the rows of a table lie apart, so that the numbers of several
/// rows are made at once and put in their places while they are in the cache.
void Parameter::set_initial_values(const Initializer& initializer, const RandomStream& stream) {
  auto* values = storage_.as<float>();
  if (reserved_.empty()) {
    parallel_for(shape_.size(), kGrain, [&](int64_t begin, int64_t end) {
      initializer({values + begin, static_cast<size_t>(end - begin)}, begin, shape_, stream);
    });
    return;
  }
  const int64_t at_once = std::max<int64_t>(1, kStaged / std::max<int64_t>(width_, 1) / 4 * 4);
  parallel_for(rows_, std::max(at_once, kGrain / stride_), [&](int64_t begin, int64_t end) {
    const Buffer staging(static_cast<size_t>(at_once * width_) * sizeof(float));
    for (int64_t first = begin; first < end; first += at_once) {
      const int64_t last = std::min(end, first + at_once);
      const auto* made = staging.as<float>();
      initializer({staging.as<float>(), static_cast<size_t>((last - first) * width_)}, first * width_, shape_, stream);
      for (int64_t row = first; row < last; ++row, made += width_) {
        float* to = values + row * stride_;
        std::memcpy(to, made, static_cast<size_t>(width_) * sizeof(float));
        for (const ReservedSlot& slot : reserved_) {
          std::fill_n(to + slot.column, slot.per_row ? 1 : width_, slot.initial_value);
        }
      }
    }
  });
}

RowsView Parameter::view(int64_t column) const {
  return {storage_.as<float>() + column, rows_, width_, stride_};
}

bool Parameter::has_slot(std::string_view name) const {
  return std::ranges::any_of(slots_, [&](const SlotStorage& slot) { return slot.name == name; });
}

RowsView Parameter::stored_slot(size_t i) const {
  const SlotStorage& slot = slots_[i];
  const int64_t width = slot.per_row ? 1 : width_;
  return table_ ? RowsView{storage_.as<float>() + slot.column, rows_, width, stride_}
                : RowsView{slot.buffer.as<float>(), rows_, width, width};
}

Parameter::Slot Parameter::slot(size_t i) const {
  bring_up();
  const SlotStorage& slot = slots_[i];
  return {slot.name, slot.per_row, stored_slot(i), slot.per_row ? Shape{rows_} : shape_};
}

size_t Parameter::slot_index(std::string_view name) const {
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].name == name) return i;
  }
  throw ValueError("[Parameter::slot] '" + name_ + "' has no slot '" + std::string(name) +
                   "'. Call Optimizer::prepare first.");
}

Parameter::Slot Parameter::slot(std::string_view name) const {
  return slot(slot_index(name));
}

bool Parameter::take_reserved(const SlotRequest& request) {
  const auto found = std::ranges::find_if(reserved_, [&](const ReservedSlot& slot) {
    return slot.name == request.name && slot.per_row == request.per_row && slot.initial_value == request.initial_value;
  });
  if (found == reserved_.end()) return false;
  slots_.push_back({std::move(found->name), found->per_row, found->column, {}});
  reserved_.erase(found);
  return true;
}

void Parameter::add_slots(std::span<const SlotRequest> requests) {
  const int64_t old_stride = stride_;
  std::vector<std::pair<size_t, float>> to_fill;
  for (const SlotRequest& request : requests) {
    if (has_slot(request.name) || take_reserved(request)) continue;
    const int64_t width = request.per_row ? 1 : width_;
    to_fill.emplace_back(slots_.size(), request.initial_value);
    slots_.push_back({std::string(request.name), request.per_row, stride_, {}});
    if (table_) {
      stride_ += width;
    } else {
      slots_.back().buffer = memory_for(name_, rows_, width);
    }
  }
  if (stride_ != old_stride) widen(old_stride);
  for (const auto& [slot, value] : to_fill) fill(stored_slot(slot), value);
}

/// Moves the rows of a table apart, giving the old pages back as it goes: a table larger than half the memory fits.
void Parameter::widen(int64_t old_stride) {
  const Buffer old = storage_;
  storage_ = memory_for(name_, rows_, stride_);
  const int64_t stride = stride_;
  auto* to = storage_.as<float>();
  const auto* from = old.as<float>();
  parallel_for(rows_, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::memcpy(to + i * stride, from + i * old_stride, static_cast<size_t>(old_stride) * sizeof(float));
    }
    const size_t row_bytes = static_cast<size_t>(old_stride) * sizeof(float);
    old.release_pages(static_cast<size_t>(begin) * row_bytes, static_cast<size_t>(end - begin) * row_bytes);
  });
}

void Parameter::fill(const RowsView& view, float value) {
  parallel_for(view.rows, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) std::ranges::fill(view.row(i), value);
  });
}

Parameter::Accumulator Parameter::add_to_gradient() {
  if (dense_gradient_.data() == nullptr) dense_gradient_ = Tensor(Shape{rows_, width_});
  const bool fresh = !dense_used_;
  dense_used_ = true;
  return {dense_gradient_.data(), fresh};
}

void Parameter::clear_gradient() {
  dense_used_ = false;
  row_gradient_.clear();
}

Parameter& ParameterStore::add(const ParameterOptions& options) {
  if (by_name_.contains(options.name)) {
    throw ValueError("[ParameterStore] Variable " + options.name +
                     " already exists. Give each layer and each shared collection a name of its own.");
  }
  Parameter& parameter = parameters_.emplace_back(options, seed_, slot_plan_);
  by_name_.emplace(parameter.name(), &parameter);
  return parameter;
}

void ParameterStore::shrink(size_t size) {
  while (parameters_.size() > size) {
    by_name_.erase(parameters_.back().name());
    parameters_.pop_back();
  }
}

Parameter* ParameterStore::find(std::string_view name) {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}
const Parameter* ParameterStore::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

Parameter& ParameterStore::at(std::string_view name) {
  if (Parameter* parameter = find(name)) return *parameter;
  std::string text = "[ParameterStore] there is no parameter '" + std::string(name) + "'. There are:";
  for (const auto& [known, parameter] : by_name_) text += " '" + known + "'";
  throw ValueError(text + ".");
}

float& ParameterStore::scalar(std::string_view name, float initial) {
  const auto found = scalars_.find(name);
  return found != scalars_.end() ? found->second : scalars_.emplace(name, initial).first->second;
}

void ParameterStore::clear_gradients() {
  for (Parameter& parameter : parameters_) parameter.clear_gradient();
}

TEST_CASE("parameter: the slots of a table lie beside its values, and values survive the move") {
  Parameter table({.name = "t", .shape = {5, 3}, .initializer = random_normal_initializer(), .table = true}, 1);
  const Tensor before({5, 3}, std::span<const float>(table.value().data, 15));
  const Parameter::SlotRequest requests[] = {{"Adagrad", 0.5f, false}, {"count", 2.0f, true}};
  table.add_slots(requests);
  table.add_slots(requests);
  CHECK(table.slot_count() == 2);
  CHECK(table.value().stride == 7);
  CHECK(table.slot("Adagrad").view.data == table.value().data + 3);
  CHECK(table.slot("count").shape == Shape{5});
  for (int64_t i = 0; i < 5; ++i) {
    for (int64_t k = 0; k < 3; ++k) {
      CHECK(table.value().row(i)[static_cast<size_t>(k)] == before[3 * i + k]);
      CHECK(table.slot(0).view.row(i)[static_cast<size_t>(k)] == 0.5f);
    }
    CHECK(table.slot(1).view.row(i)[0] == 2.0f);
  }
  CHECK_THROWS_AS(table.slot("Adam"), ValueError);
}

TEST_CASE("parameter: a table with room for its slots has the same numbers and is not moved") {
  const Parameter::SlotRequest requests[] = {{"Adagrad", 0.5f, false}, {"count", 2.0f, true}};
  const auto plan = [&](const Parameter& parameter) {
    CHECK(parameter.name() == "t");
    CHECK(parameter.shape() == Shape{3001, 10});
    return std::vector<Parameter::SlotRequest>(std::begin(requests), std::end(requests));
  };
  const ParameterOptions options{
      .name = "t", .shape = {3001, 10}, .initializer = truncated_normal_initializer(), .table = true};
  Parameter moved(options, 1), planned(options, 1, plan);
  CHECK(planned.slot_count() == 0);
  const float* before = planned.value().data;
  const Parameter::SlotRequest other[] = {{"Adagrad", 0.25f, false}};
  Parameter differs(options, 1, plan);
  differs.add_slots(other);
  moved.add_slots(requests);
  planned.add_slots(requests);
  CHECK(planned.value().data == before);
  CHECK(planned.value().stride == 21);
  for (int64_t i = 0; i < 3001; ++i) {
    CHECK(std::ranges::equal(planned.value().row(i), moved.value().row(i)));
    CHECK(std::ranges::equal(differs.value().row(i), moved.value().row(i)));
    CHECK(std::ranges::equal(planned.slot("Adagrad").view.row(i), moved.slot("Adagrad").view.row(i)));
    CHECK(planned.slot("count").view.row(i)[0] == 2.0f);
    CHECK(differs.slot("Adagrad").view.row(i)[9] == 0.25f);
  }
}

TEST_CASE("parameter: slots of a dense parameter are arrays of their own; the gradient starts fresh") {
  Parameter bias({.name = "b", .shape = {4}, .initializer = zeros_initializer()}, 1);
  const Parameter::SlotRequest requests[] = {{"Adagrad", 0.1f, false}};
  bias.add_slots(requests);
  CHECK(bias.value().rows == 1);
  CHECK(bias.value().width == 4);
  CHECK(bias.value().contiguous());
  CHECK(bias.slot(0).view.row(0)[3] == 0.1f);
  CHECK_FALSE(bias.has_gradient());
  CHECK(bias.add_to_gradient().fresh);
  CHECK_FALSE(bias.add_to_gradient().fresh);
  bias.clear_gradient();
  CHECK(bias.dense_gradient() == nullptr);
}

TEST_CASE("parameter store: names are unique, numbers depend on seed and name only") {
  ParameterStore a({.seed = 3}), b({.seed = 3});
  a.add({.name = "x", .shape = {4}, .initializer = random_normal_initializer()});
  b.add({.name = "other", .shape = {4}, .initializer = random_normal_initializer()});
  b.add({.name = "x", .shape = {4}, .initializer = random_normal_initializer()});
  CHECK(std::ranges::equal(a.at("x").value().row(0), b.at("x").value().row(0)));
  CHECK_FALSE(std::ranges::equal(a.at("x").value().row(0), b.at("other").value().row(0)));
  CHECK_THROWS_WITH_AS(a.add({.name = "x", .shape = {4}, .initializer = zeros_initializer()}),
                       doctest::Contains("Variable x already exists"), ValueError);
  CHECK_THROWS_AS(a.at("y"), ValueError);
  CHECK_THROWS_AS(
      a.add({.name = "rows", .shape = {int64_t{1} << 40, 2}, .initializer = zeros_initializer(), .table = true}),
      ValueError);
  CHECK_THROWS_AS(a.add({.name = "bytes", .shape = {int64_t{1} << 42}, .initializer = zeros_initializer()}),
                  ValueError);
  CHECK_THROWS_AS(a.add({.name = "z", .shape = {4}, .initializer = {}}), ValueError);
  a.scalar("beta1_power", 0.9f) *= 0.9f;
  CHECK(a.scalar("beta1_power", 0.9f) == doctest::Approx(0.81f));
}

TEST_CASE("parameter store: what is not kept leaves, and its name is free again") {
  ParameterStore params;
  const auto add = [&](const char* name) {
    params.add({.name = name, .shape = {2}, .initializer = zeros_initializer()});
  };
  add("a");
  {
    NewParameters made(params);
    add("b");
    add("c");
  }
  CHECK(params.size() == 1);
  CHECK(params.find("b") == nullptr);
  NewParameters made(params);
  add("b");
  made.keep();
  CHECK(params.begin()->name() == "a");
  CHECK(params.find("b") != nullptr);
}

}  // namespace weft
