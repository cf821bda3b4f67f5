// Family C: parsing of examples, their specifications, record files and check sums.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/example.h>
#include <weft/io/tfrecord.h>

#include <algorithm>
#include <bit>

#include "columns.h"
#include "errors.h"
#include "families.h"
#include "parsing.h"
#include "records.h"
#include "wire.h"

namespace weft::reference {
namespace {

std::vector<std::string> strings_of(const Feature& feature) {
  return {feature.strings.begin(), feature.strings.end()};
}

void compare_values(Report& report, const std::string& where, const Feature& got, const Array& want) {
  report.equal(where + " type", std::string(to_string(got.type)), std::string(to_string(want.type)));
  report.close(where, got.floats, Array{.shape = {}, .floats = want.floats}, exact);
  report.equal(where, got.integers, want.integers);
  report.equal(where, strings_of(got), want.strings);
}

// The coordinates that TensorFlow gives to values; without a batch axis for a single example.
std::vector<int64_t> coordinates(const Feature& feature, bool single) {
  const size_t inner = feature.shape.size() - (single ? 0 : 1);
  std::vector<int64_t> out;
  for (size_t row = 0; row + 1 < feature.offsets.size(); ++row) {
    for (int64_t i = feature.offsets[row]; i < feature.offsets[row + 1]; ++i) {
      if (!single) out.push_back(static_cast<int64_t>(row));
      if (feature.indices.empty()) {
        out.push_back(i - feature.offsets[row]);
      } else {
        const auto place = feature.indices.begin() + i * static_cast<int64_t>(inner);
        out.insert(out.end(), place, place + static_cast<int64_t>(inner));
      }
    }
  }
  return out;
}

void compare_feature(Report& report, const std::string& key, const Feature& got, const Value& want, bool single) {
  const std::string where = "result/" + key;
  report.check(where, got.sparse == want.sparse, got.sparse ? "sparse" : "dense");
  if (got.sparse) report.equal(where + "/indices", coordinates(got, single), want.indices);
  report.equal(where + "/shape", got.shape, want.sparse ? want.dense_shape : want.values.shape);
  compare_values(report, where, got, want.values);
}

Features parse(const std::vector<std::string>& serialized, const Json& spec, bool single = false) {
  if (single) return parse_single_example(serialized.at(0), make_spec(spec));
  const std::vector<std::string_view> views(serialized.begin(), serialized.end());
  return parse_example(views, make_spec(spec));
}

// Bytes that are no message may always be called that, whatever TensorFlow's parser notices first.
Json malformed() {
  return {{"type", "InvalidArgumentError"}, {"message", "parse example"}};
}

void run_parse(const Fixture& fixture, Report& report) {
  const Json& config = fixture.config();
  const std::vector<std::string> serialized = fixture.array("serialized").strings;
  const bool single = config.value("single", false);
  const bool sound = std::ranges::all_of(serialized, well_formed_example);
  if (config.contains("error")) {
    std::vector<Json> wanted = errors_of(config);
    if (!sound) wanted.push_back(malformed());
    return compare_error(report, "error", wanted, [&] { parse(serialized, config.at("spec"), single); });
  }
  Features got;
  try {
    got = parse(serialized, config.at("spec"), single);
  } catch (const DataError&) {
    // What TensorFlow's parser accepts though protobuf's rules forbid it may be refused.
    if (sound) throw;
    return report.check("malformed", true, "");
  }
  std::vector<std::string> keys, want = config.at("result_keys").get<std::vector<std::string>>();
  for (const auto& [key, feature] : got) keys.push_back(key);
  std::ranges::sort(keys);
  std::ranges::sort(want);
  report.equal("result_keys", keys, want);
  for (const std::string& key : want) {
    const Value value = fixture.value("result/" + (key.empty() ? "<empty>" : key));
    compare_feature(report, key, got.at(key), value, single);
  }
}

std::string hexadecimal(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

Json plain_values(const Features& features) {
  Json out = Json::object();
  for (const auto& [key, feature] : features) {
    Json values = Json::array();
    for (const float x : feature->floats) values.push_back(std::bit_cast<uint32_t>(x));
    for (const int64_t x : feature->integers) values.push_back(x);
    for (const std::string_view x : feature->strings) values.push_back(hexadecimal(x));
    out[key] = values;
  }
  return out;
}

// What TensorFlow makes of damaged bytes is an accident of its parser in both directions. What holds for any parser:
// it refuses them with a DataError, or it yields values; where both yield values they are the same unless the damage
// left a message that protobuf's rules read otherwise.
void run_damage(const Fixture& fixture, Report& report) {
  const Json& rows = fixture.config().at("rows");
  const std::vector<std::string> serialized = fixture.array("serialized").strings;
  report.check("rows", rows.size() == serialized.size(), "another count of rows");
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string where = fmt::format("row {}", i);
    try {
      const std::vector<std::string> one = {serialized[i]};
      const Features got = parse(one, fixture.config().at("spec"));
      const bool same = !rows[i].contains("values") || plain_values(got) == rows[i].at("values");
      report.check(where, same, fmt::format("got {}, expected {}", plain_values(got).dump(), rows[i].dump()));
    } catch (const DataError&) {
      report.check(where, true, "");
    } catch (const std::exception& e) {
      report.fail(where, fmt::format("threw something else than a DataError: {}", e.what()));
    }
  }
}

void compare_spec_row(Report& report, const std::string& where, const Json& row,
                      const std::function<ParseSpec()>& make) {
  if (row.contains("error")) return compare_error(report, where, {row.at("error")}, [&] { make(); });
  const Json got = spec_json(make()), want = normalized_spec(row.at("spec"));
  report.check(where, got == want, fmt::format("got {}, expected {}", got.dump(), want.dump()));
}

ClassifierSpecOptions classifier_options(const Json& arguments) {
  ClassifierSpecOptions options{.label_key = arguments.at("label_key")};
  if (arguments.contains("label_dtype")) options.label_dtype = data_type(arguments.at("label_dtype"));
  if (arguments.contains("label_default")) {
    options.label_default = make_default(arguments.at("label_default"), options.label_dtype);
  }
  options.weight_column = arguments.value("weight_column", "");
  return options;
}

void run_specs(const Fixture& fixture, Report& report) {
  const Json& rows = fixture.config().at("rows");
  for (size_t i = 0; i < rows.size(); ++i) {
    const Json& row = rows[i];
    const std::string where = fmt::format("row {}", i);
    const auto columns = [&] { return make_columns(row.at("columns"), {.api = api_of(row.value("api", "v2"))}); };
    report.part(where, [&] {
      compare_spec_row(report, where, row, [&] {
        if (!row.contains("arguments")) return make_parse_example_spec(columns());
        return classifier_parse_example_spec(columns(), classifier_options(row.at("arguments")));
      });
    });
  }
}

}  // namespace

void run_family_c(const Fixture& fixture, Report& report) {
  const Json& config = fixture.config();
  if (config.contains("original")) return run_damage(fixture, report);
  if (config.contains("spec")) return run_parse(fixture, report);
  if (config.contains("rows")) return run_specs(fixture, report);
  if (config.contains("crc")) return run_check_sums(fixture, report);
  if (config.contains("missing_file")) return run_record_errors(fixture, report);
  run_records(fixture, report);
}

}  // namespace weft::reference
