// Parameters in and out: the list of their arrays, and their numbers.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/import_parameters.h>

#include <algorithm>
#include <cstring>
#include <set>

namespace weft {
namespace {

constexpr const char* kGlobalStep = "global_step";

std::vector<int64_t> extents(const Shape& shape) {
  return {shape.extents().begin(), shape.extents().end()};
}

/// Every array of a store with the numbers it stands for.
struct Place {
  TensorTarget target;
  RowsView rows = {};
};

std::vector<Place> places_of(const ParameterStore& params, const CheckpointNames& names) {
  std::vector<Place> places;
  for (const Parameter& parameter : params) {
    places.push_back({{.name = parameter.name(), .shape = extents(parameter.shape())}, parameter.value()});
    for (size_t i = 0; i < parameter.slot_count(); ++i) {
      const Parameter::Slot slot = parameter.slot(i);
      places.push_back({{.name = names.slot_name(parameter.name(), slot.name),
                         .shape = extents(slot.shape),
                         .slot_of = parameter.name(),
                         .slot = slot.name,
                         .state = true},
                        slot.view});
    }
  }
  return places;
}

// Numbers [first, first + out.size()) of an array in row-major order, of which a row of `rows` may be another row.
void copy_numbers(const RowsView& rows, int64_t first, std::span<float> out) {
  for (size_t done = 0; done < out.size();) {
    const int64_t row = (first + static_cast<int64_t>(done)) / rows.width;
    const auto column = static_cast<size_t>((first + static_cast<int64_t>(done)) % rows.width);
    const std::span<const float> from = rows.row(row);
    const size_t count = std::min(out.size() - done, from.size() - column);
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(column), count,
                out.begin() + static_cast<std::ptrdiff_t>(done));
    done += count;
  }
}

}  // namespace

std::vector<TensorTarget> tensor_targets(const ParameterStore& params, const ImportOptions& options) {
  std::vector<TensorTarget> targets;
  for (Place& place : places_of(params, options.names)) {
    if (options.slots || !place.target.state) targets.push_back(std::move(place.target));
  }
  for (const auto& [name, value] : params.scalars()) {
    if (options.slots) targets.push_back({.name = name, .state = true});
  }
  if (options.global_step) targets.push_back({.name = kGlobalStep, .type = TensorType::int64, .state = true});
  return targets;
}

NameReport import_parameters(const NamedTensors& tensors, ParameterStore& params, const ImportOptions& options) {
  MatchedTensors matched = match_tensors(tensors, tensor_targets(params, options), options.rules);
  if (options.mode == ImportMode::dry_run) return std::move(matched.report);
  if (options.mode == ImportMode::strict && !matched.report.complete()) {
    throw DataError(
        fmt::format("[import_parameters] {} is not of this model:\n{}Give rules for its names, or import what fits.",
                    tensors.where(), to_string(matched.report)));
  }
  std::set<std::string_view> loaded;
  for (const NameReport::Loaded& one : matched.report.loaded) loaded.insert(one.to);
  for (const Place& place : places_of(params, options.names)) {
    if (loaded.contains(place.target.name)) matched.tensors.read(place.target.name, 0, place.rows);
  }
  const auto scalars = params.scalars();
  for (const auto& [name, value] : scalars) {
    if (loaded.contains(name)) params.scalar(name, value) = matched.tensors.read_floats(name)[0];
  }
  if (loaded.contains(kGlobalStep)) params.global_step = matched.tensors.read_integers(kGlobalStep)[0];
  return std::move(matched.report);
}

NamedTensors exported_parameters(const ParameterStore& params, const CheckpointNames& names) {
  const std::vector<Place> places = places_of(params, names);
  NamedTensors::Source source{.where = "the model", .format = "weft model", .tensors = {}, .read_rows = {}};
  for (const Place& place : places)
    source.tensors.push_back({place.target.name, TensorType::float32, place.target.shape});
  std::vector<float> scalars;
  for (const auto& [name, value] : params.scalars()) {
    source.tensors.push_back({name, TensorType::float32, {}});
    scalars.push_back(value);
  }
  source.tensors.push_back({kGlobalStep, TensorType::int64, {}});
  source.read_rows = [places, scalars, step = params.global_step](size_t i, int64_t first, int64_t count,
                                                                  std::span<std::byte> out) {
    if (i >= places.size()) {
      const bool is_step = i == places.size() + scalars.size();
      const void* from = is_step ? static_cast<const void*>(&step) : &scalars[i - places.size()];
      std::memcpy(out.data(), from, out.size());
      return;
    }
    const auto& shape = places[i].target.shape;
    const int64_t width = TensorInfo{"", TensorType::float32, shape}.width();
    std::vector<float> numbers(static_cast<size_t>(count * width));
    copy_numbers(places[i].rows, first * width, numbers);
    std::memcpy(out.data(), numbers.data(), out.size());
  };
  return NamedTensors(std::move(source));
}

namespace {

struct Model {
  ParameterStore params{{.seed = 3}};
  explicit Model(float start) {
    const Initializer initial = constant_initializer(start);
    params.add({.name = "input_layer/a_b_shared_embedding/embedding_weights",
                .shape = {3, 2},
                .initializer = initial,
                .table = true});
    params.add({.name = "hidden/kernel", .shape = {2, 1}, .initializer = initial});
    params.add({.name = "hidden/bias", .shape = {1}, .initializer = initial});
    const std::vector<Parameter::SlotRequest> slots = {{.name = "Adagrad", .initial_value = start + 1}};
    for (Parameter& parameter : params) parameter.add_slots(slots);
    params.scalar("dnn/head/beta1_power", start + 2);
    params.global_step = static_cast<int64_t>(start) + 3;
  }
  float* table() { return params.at("input_layer/a_b_shared_embedding/embedding_weights").value().data; }
};

}  // namespace

TEST_CASE("import parameters: what is exported comes back, under other names too") {
  Model from(10), to(0);
  from.table()[1] = 7;
  const CheckpointNames keras{.slot_pattern = "training/{optimizer}/{variable}/{slot}", .optimizer = "Adagrad"};
  const NamedTensors tensors = exported_parameters(from.params, keras).renamed([](const std::string& name) {
    return name.starts_with("input_layer") ? "a_b_shared_embedding" : name;
  });
  const NameReport report = import_parameters(tensors, to.params);
  CHECK(report.complete());
  CHECK(report.loaded.size() == 8);
  CHECK(to.table()[1] == 7);
  CHECK(to.params.at("hidden/bias").slot(0).view.data[0] == 11);
  CHECK(to.params.scalars().begin()->second == 12);
  CHECK(to.params.global_step == 13);
}

TEST_CASE("import parameters: strict changes nothing where something does not fit; lenient takes what does") {
  Model from(10), to(0);
  const NamedTensors tensors = exported_parameters(from.params).renamed([](const std::string& name) {
    return name == "hidden/bias" ? "other/bias_of" : name;
  });
  CHECK_THROWS_WITH_AS(import_parameters(tensors, to.params), doctest::Contains("missing     hidden/bias\n"),
                       DataError);
  CHECK_FALSE(import_parameters(tensors, to.params, {.mode = ImportMode::dry_run}).complete());
  CHECK(to.table()[0] == 0);
  const NameReport report =
      import_parameters(tensors, to.params, {.mode = ImportMode::lenient, .slots = false, .global_step = false});
  CHECK(report.surplus == std::vector<std::string>{"other/bias_of"});
  CHECK(to.table()[0] == 10);
  CHECK(to.params.at("hidden/kernel").slot(0).view.data[0] == 1);
  CHECK(to.params.at("hidden/bias").value().data[0] == 0);
  CHECK(to.params.global_step == 3);
  CHECK(import_parameters(tensors, to.params, {.rules = {.map = {"other/bias_of=hidden/bias"}}}).complete());
  CHECK(to.params.at("hidden/bias").value().data[0] == 10);
}

TEST_CASE("import parameters: slots of a partitioned variable's parts are one slot") {
  Model from(10), to(0);
  const std::string table = "input_layer/a_b_shared_embedding/embedding_weights";
  float* slot = from.params.at(table).slot(0).view.data;
  slot[0] = 0;
  const NamedTensors first = exported_parameters(from.params, {.slot_pattern = "{variable}/t_0/{slot}"});
  const std::vector<float> other = {5, 0, 0, 0, 0, 0};
  std::vector<TensorInfo> infos = first.tensors();
  infos.push_back({table + "/t_1/Adagrad", TensorType::float32, {3, 2}});
  const NamedTensors both({.where = "memory",
                           .format = "test",
                           .tensors = infos,
                           .read_rows = [&, infos](size_t i, int64_t row, int64_t count, std::span<std::byte> out) {
                             if (i + 1 < infos.size()) return first.read_bytes(infos[i].name, row, count, out);
                             std::memcpy(out.data(), other.data() + row * 2, out.size());
                           }});
  import_parameters(both, to.params, {.names = {.slot_pattern = "{variable}/t_0/{slot}"}});
  CHECK(to.params.at(table).slot(0).view.data[0] == 5);
  CHECK(to.params.at(table).slot(0).view.row(2)[1] == 11);
}

}  // namespace weft
