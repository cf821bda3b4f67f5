// Layer: one forward and one backward pass, compared part by part.
#include "layer.h"

#include <fmt/format.h>
#include <weft/core/tape.h>
#include <weft/layers/column_ids.h>
#include <weft/layers/input_layer.h>

#include <algorithm>
#include <map>

#include "columns.h"
#include "errors.h"
#include "features.h"
#include "layer_parameters.h"
#include "other_layers.h"

namespace weft::reference {
namespace {

std::vector<std::string> names_of(const std::vector<FeatureColumn>& columns) {
  std::vector<std::string> names;
  for (const FeatureColumn& column : columns) names.push_back(column.name());
  return names;
}

// TensorFlow's coordinates as bags: how many values each row has.
std::vector<int64_t> offsets_of(const Value& want) {
  std::vector<int64_t> offsets(static_cast<size_t>(want.dense_shape.at(0)) + 1, 0);
  const size_t rank = want.dense_shape.size();
  for (size_t i = 0; i < want.indices.size(); i += rank) ++offsets[static_cast<size_t>(want.indices[i]) + 1];
  for (size_t row = 1; row < offsets.size(); ++row) offsets[row] += offsets[row - 1];
  return offsets;
}

void compare_ids(const Fixture& fixture, Report& report, const std::string& group, const Ids& got) {
  const Value want = fixture.value(group + "/ids");
  report.equal(group + "/ids", got.ids, want.values.integers);
  report.equal(group + "/rows", got.offsets, offsets_of(want));
  report.check(group + "/weights", got.weighted() == fixture.has(group + "/weights") || got.ids.empty(),
               got.weighted() ? "weighted" : "not weighted");
  if (fixture.has(group + "/weights")) {
    report.close(group + "/weights", got.weights, fixture.value(group + "/weights").values, exact);
  }
}

bool unsafe_mean(const Json& specifications) {
  return std::ranges::any_of(specifications, [](const Json& spec) {
    return !spec.value("use_safe_embedding_lookup", true) && spec.value("combiner", "mean") == "mean";
  });
}

// One pass in one interface. The tables of a case have short names; `variables` maps them to their full ones.
class Pass {
 public:
  Pass(const Fixture& fixture, Report& report, Api api)
      : fixture_(fixture),
        report_(report),
        api_(api == Api::v1 ? "v1" : "v2"),
        columns_(make_columns(fixture.config().at("columns"), {.api = api, .directory = fixture.data()})),
        layer_(params_, columns_,
               {.scope = api == Api::v1 ? "input_layer" : "dense_features", .plain_names = api == Api::v2}) {
    read_features(fixture, "features", features_);
  }

  void run() {
    Tape tape;
    layer_(tape, features_);
  }

  void compare() {
    compare_names();
    compare_all_ids();
    load_variables(fixture_, params_, variables());
    Tape tape;
    const Var output = layer_(tape, features_);
    compare_output(output.value());
    const Array upstream = fixture_.array("upstream");
    tape.backward(output, Tensor(Shape(std::span(upstream.shape)), upstream.as_floats()));
    compare_gradients(fixture_, report_, params_, variables(), group("grads"));
  }

 private:
  const Json& variables() const { return fixture_.config().at("variable_names").at(api_); }

  // v1 stores answers of its own where they are not the same bits.
  std::string group(const std::string& name) const {
    return api_ == "v1" && fixture_.has(name + "_v1") ? name + "_v1" : name;
  }

  void compare_names() {
    const Json& config = fixture_.config();
    report_.equal("column_names", names_of(columns_), config.at("column_names").get<std::vector<std::string>>());
    std::vector<std::string> order;
    for (const auto& place : layer_.places()) order.push_back(place.column);
    report_.equal("concat_order", order, config.at("concat_order").get<std::vector<std::string>>());
    compare_variable_names(report_, "variable_names " + api_, params_, variables());
  }

  void compare_all_ids() {
    ColumnIds maker;
    std::map<std::string, size_t> places;
    for (const FeatureColumn& column : columns_) {
      if (!fixture_.has("ids/" + column.name())) continue;
      places[column.name()] = maker.add(*categorical_of(column));
    }
    std::vector<Ids> ids;
    maker.make(features_, ids);
    for (const auto& [name, place] : places) compare_ids(fixture_, report_, "ids/" + name, ids.at(place));
  }

  void compare_output(const Tensor& output) {
    const Tolerance tolerance = unsafe_mean(fixture_.config().at("columns")) ? forward_unsafe_mean : forward;
    report_.close("output", output.values(), output.shape().extents(), fixture_.array(group("output")), tolerance);
    const int64_t rows = output.shape()[0], width = output.shape()[1];
    for (const auto& place : layer_.places()) {
      std::vector<float> part;
      for (int64_t row = 0; row < rows; ++row) {
        const float* first = output.data() + row * width + place.first;
        part.insert(part.end(), first, first + place.width);
      }
      const int64_t shape[] = {rows, place.width};
      const std::string name = "per_column/" + place.column;
      report_.close(name, part, shape, fixture_.array(name), tolerance);
    }
  }

  const Fixture& fixture_;
  Report& report_;
  std::string api_;
  std::vector<FeatureColumn> columns_;
  ParameterStore params_;
  InputLayer layer_;
  Features features_;
};

}  // namespace

void run_layer_case(const Fixture& fixture, Report& report) {
  const Json& config = fixture.config();
  if (config.contains("linear_model")) return run_linear_case(fixture, report);
  if (config.contains("sequence")) return run_sequence_case(fixture, report);
  if (config.contains("error")) {
    return compare_error(report, "error", errors_of(config), [&] { Pass(fixture, report, Api::v2).run(); });
  }
  for (const auto& [api, names] : config.at("variable_names").items()) {
    report.part(api, [&, api = api] { Pass(fixture, report, api_of(api)).compare(); });
  }
}

namespace {

// "[4] vs. [3]" where a column's ids and weights differ in number, "" where they match.
std::string mismatched_weights(const Fixture& fixture) {
  for (const std::string& column : fixture.children("result")) {
    const std::string group = "result/" + column;
    if (!fixture.has(group + "/weights")) continue;
    const int64_t ids = fixture.value(group + "/ids").values.size();
    const int64_t weights = fixture.value(group + "/weights").values.size();
    if (ids != weights) return fmt::format("[{}] vs. [{}]", ids, weights);
  }
  return "";
}

}  // namespace

void run_id_case(const Fixture& fixture, Report& report) {
  const Json& config = fixture.config();
  std::vector<Ids> ids;
  std::vector<size_t> places;
  const auto make = [&] {
    const auto columns = make_columns(config.at("columns"), {.directory = fixture.data()});
    report.equal("column_names", names_of(columns), config.value("column_names", names_of(columns)));
    ColumnIds maker;
    std::vector<int64_t> buckets;
    for (const FeatureColumn& column : columns) {
      places.push_back(maker.add(*categorical_of(column)));
      buckets.push_back(categorical_of(column)->num_buckets());
    }
    report.equal("num_buckets", buckets, config.value("num_buckets", buckets));
    Features features;
    read_features(fixture, "features", features);
    maker.make(features, ids);
  };
  if (config.contains("error")) return compare_error(report, "error", errors_of(config), make);
  // TensorFlow hands on ids and weights that do not match, for its lookup to refuse; weft refuses them at once.
  if (const std::string sizes = mismatched_weights(fixture); !sizes.empty()) {
    const Json refused = {{"type", "ValueError"}, {"message", "Incompatible shapes: " + sizes}};
    return compare_error(report, "mismatched weights", {refused}, make);
  }
  make();
  for (size_t i = 0; i < places.size(); ++i) {
    compare_ids(fixture, report, fmt::format("result/{:02}", i), ids.at(places[i]));
  }
}

}  // namespace weft::reference
