// Layer parameters: names, values in, gradients out.
#include "layer_parameters.h"

#include <algorithm>
#include <vector>

#include "tables.h"

namespace weft::reference {

void compare_variable_names(Report& report, const std::string& where, const ParameterStore& params,
                            const Json& variables) {
  std::vector<std::string> got, want;
  for (const Parameter& parameter : params) got.push_back(parameter.name());
  for (const auto& [table, name] : variables.items()) want.push_back(name);
  std::ranges::sort(got);
  std::ranges::sort(want);
  report.equal(where, got, want);
}

void load_variables(const Fixture& fixture, ParameterStore& params, const Json& variables) {
  for (const auto& [table, name] : variables.items()) {
    load(params.at(name.get<std::string>()).value(), fixture.floats("tables/" + table));
  }
}

void compare_gradients(const Fixture& fixture, Report& report, ParameterStore& params, const Json& variables,
                       const std::string& group) {
  for (const auto& [table, name] : variables.items()) {
    Parameter& parameter = params.at(name.get<std::string>());
    const std::string stored = group + "/" + table;
    // TensorFlow was asked for the gradients of weights that it would not train, too.
    if (!parameter.trainable()) {
      report.check("grads/" + table, !parameter.has_gradient(), "a gradient, expected none");
      continue;
    }
    const bool rows = fixture.has(stored + "/touched_rows");
    // TensorFlow's sparse gradients must be rows here, and its dense ones numbers.
    report.check("kind of grads/" + table, rows ? parameter.dense_gradient() == nullptr : !parameter.table(),
                 rows ? "dense, expected rows" : "rows, expected dense");
    TableGradient got;
    if (parameter.table()) {
      got = gradient_of(parameter);
    } else if (const float* gradient = parameter.dense_gradient()) {
      got.dense.assign(gradient, gradient + parameter.value().size());
    }
    report.close("grads/" + table, got.dense, parameter.shape().extents(), fixture.array(stored + "/dense"), gradient);
    if (rows) report.equal("touched_rows of " + table, got.touched_rows, fixture.integers(stored + "/touched_rows"));
  }
}

}  // namespace weft::reference
