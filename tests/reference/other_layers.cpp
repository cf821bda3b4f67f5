// Other layers: one forward and one backward pass of SequenceInputLayer or LinearModel.
#include "other_layers.h"

#include <weft/layers/sequence_input_layer.h>

#include <algorithm>
#include <functional>

#include "columns.h"
#include "errors.h"
#include "features.h"
#include "layer_parameters.h"

namespace weft::reference {
namespace {

std::vector<FeatureColumn> columns_of(const Fixture& fixture) {
  return make_columns(fixture.config().at("columns"), {.directory = fixture.data()});
}

// What both kinds of case store of a pass: names, output, gradients.
void compare_pass(const Fixture& fixture, Report& report, ParameterStore& params,
                  const std::function<Var(Tape&, const Features&)>& layer) {
  const Json& config = fixture.config();
  const Json& variables = config.at("variable_names").at("v2");
  std::vector<std::string> names;
  for (const FeatureColumn& column : columns_of(fixture)) names.push_back(column.name());
  report.equal("column_names", names, config.at("column_names").get<std::vector<std::string>>());
  compare_variable_names(report, "variable_names", params, variables);
  load_variables(fixture, params, variables);
  Features features;
  read_features(fixture, "features", features);
  Tape tape;
  const Var output = layer(tape, features);
  report.close("output", output.value().values(), output.shape().extents(), fixture.array("output"), forward);
  const Array upstream = fixture.array("upstream");
  tape.backward(output, Tensor(Shape(std::span(upstream.shape)), upstream.as_floats()));
  compare_gradients(fixture, report, params, variables, "grads");
}

// Makes the layer, reads the features and calls it: what a case with an error expects.
template <class Layer, class... Options>
void call_once(const Fixture& fixture, const Options&... options) {
  ParameterStore params;
  const Layer layer(params, columns_of(fixture), options...);
  Features features;
  read_features(fixture, "features", features);
  Tape tape;
  layer(tape, features);
}

}  // namespace

LinearModelOptions linear_options(const Json& arguments) {
  LinearModelOptions options;
  for (const auto& [name, value] : arguments.items()) {
    if (name == "units") {
      options.units = value.get<int64_t>();
    } else if (name == "sparse_combiner") {
      options.sparse_combiner = combiner_of(value.get<std::string>());
    } else if (name == "trainable") {
      options.trainable = value.get<bool>();
    } else {
      throw Unsupported("the runner has no argument " + name + " of linear_model");
    }
  }
  return options;
}

void run_sequence_case(const Fixture& fixture, Report& report) {
  const Json& config = fixture.config();
  if (config.contains("error")) {
    return compare_error(report, "error", errors_of(config), [&] { call_once<SequenceInputLayer>(fixture); });
  }
  ParameterStore params;
  const SequenceInputLayer layer(params, columns_of(fixture));
  compare_pass(fixture, report, params, [&](Tape& tape, const Features& features) {
    const Sequences out = layer(tape, features);
    report.equal("sequence_length", out.lengths, fixture.integers("sequence_length"));
    return out.values;
  });
}

void run_linear_case(const Fixture& fixture, Report& report) {
  const Json& config = fixture.config();
  const Json& arguments = config.at("linear_model");
  if (config.contains("error")) {
    return compare_error(report, "error", errors_of(config),
                         [&] { call_once<LinearModel>(fixture, linear_options(arguments)); });
  }
  ParameterStore params;
  const LinearModel layer(params, columns_of(fixture), linear_options(arguments));
  compare_pass(fixture, report, params, [&](Tape& tape, const Features& features) { return layer(tape, features); });
}

}  // namespace weft::reference
