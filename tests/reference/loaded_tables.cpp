// ckpt_to_load_from: tables that start with what a checkpoint holds, or the error.
#include <fmt/format.h>
#include <weft/core/tape.h>
#include <weft/layers/input_layer.h>

#include "columns.h"
#include "errors.h"
#include "family_h.h"
#include "features.h"
#include "tables.h"

namespace weft::reference {
namespace {

void compare_row(const Fixture& fixture, Report& report, size_t number) {
  const Json& row = fixture.config().at("rows").at(number);
  const std::string api = row.at("api"), label = api + ": " + row.at("label").get<std::string>();
  compare_error(report, label, {row.at("error")}, [&] {
    const auto columns =
        make_columns(Json::array({row.at("column")}), {.api = api_of(api), .directory = fixture.data()});
    ParameterStore params;
    InputLayer layer(params, columns,
                     {.scope = api == "v1" ? "input_layer" : "dense_features", .plain_names = api == "v2"});
    if (!row.at("error").is_null()) return;
    Features features;
    read_features(fixture, "features", features);
    const std::string group = fmt::format("row_{:02}", number);
    report.close(label + ": table", numbers(params.begin()->value()), fixture.array(group + "/table"), exact);
    Tape tape;
    const Tensor& output = layer(tape, features).value();
    report.close(label + ": output", output.values(), output.shape().extents(), fixture.array(group + "/output"),
                 forward);
  });
}

}  // namespace

void run_loaded_tables(const Fixture& fixture, Report& report) {
  const size_t rows = fixture.config().at("rows").size();
  for (size_t number = 0; number < rows; ++number) {
    const Json& row = fixture.config().at("rows").at(number);
    report.part(row.at("label"), [&] { compare_row(fixture, report, number); });
  }
}

}  // namespace weft::reference
