// Family D: errors: what is refused, with which words, and what is accepted.
#include <fmt/format.h>
#include <weft/core/tape.h>
#include <weft/layers/input_layer.h>
#include <weft/layers/linear_model.h>
#include <weft/layers/sequence_input_layer.h>

#include "columns.h"
#include "errors.h"
#include "families.h"
#include "features.h"

namespace weft::reference {
namespace {

template <class Layer>
void apply_layer(const Json& row, const ColumnOptions& options) {
  const auto columns = make_columns(row.at("columns"), options);
  Features features;
  inline_features(row.at("features"), features);
  ParameterStore params;
  const Layer layer(params, columns);
  Tape tape;
  layer(tape, features);
}

void run_row(const Fixture& fixture, const Json& row) {
  const std::string call = row.at("call");
  ColumnOptions options{.api = api_of(row.at("api")), .directory = fixture.data()};
  if (call == "construct") {
    options.construct_only = true;
    make_columns(row.at("columns"), options);
  } else if (call == "dense_features" || call == "input_layer") {
    apply_layer<InputLayer>(row, options);
  } else if (call == "linear_model") {
    apply_layer<LinearModel>(row, options);
  } else if (call == "sequence") {
    apply_layer<SequenceInputLayer>(row, options);
  } else if (call == "make_parse_example_spec") {
    make_parse_example_spec(make_columns(row.at("columns"), options));
  } else {
    throw Unsupported("the runner has no call " + call);
  }
}

}  // namespace

void run_family_d(const Fixture& fixture, Report& report) {
  const Json& rows = fixture.config().at("rows");
  for (size_t i = 0; i < rows.size(); ++i) {
    const Json& row = rows[i];
    const std::string where = fmt::format("row {} ({})", i, row.at("call").get<std::string>());
    report.part(where, [&] { compare_error(report, where, {row.at("error")}, [&] { run_row(fixture, row); }); });
  }
}

}  // namespace weft::reference
