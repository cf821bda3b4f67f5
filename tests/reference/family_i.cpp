// Family I: initializers: large draws against the statistics of TensorFlow's.
#include <fmt/format.h>
#include <weft/core/parameter.h>
#include <weft/layers/dense.h>
#include <weft/layers/input_layer.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "columns.h"
#include "families.h"
#include "report.h"
#include "tables.h"

namespace weft::reference {
namespace {

constexpr uint64_t seed = 20240229;

struct Moments {
  double mean = 0.0, deviation = 0.0, kurtosis = 0.0;
};

Moments moments_of(const std::vector<float>& draw) {
  const auto n = static_cast<double>(draw.size());
  Moments m;
  double second = 0.0, fourth = 0.0;
  for (const float x : draw) m.mean += x / n;
  for (const float x : draw) {
    const double d = (x - m.mean) * (x - m.mean);
    second += d / n;
    fourth += d * d / n;
  }
  m.deviation = std::sqrt(second);
  m.kurtosis = second > 0.0 ? fourth / (second * second) : 0.0;
  return m;
}

// Both sides are draws of n: the difference of their statistics has sqrt(2) standard errors of one.
double slack(double spread, size_t n, double standard_errors) {
  return standard_errors * std::sqrt(2.0 / static_cast<double>(n)) * spread;
}

// How many of the draw lie at or below each of TensorFlow's quantiles: needs no assumption about the distribution.
void compare_quantiles(Report& report, const std::string& where, std::vector<float> draw, const Json& quantiles) {
  std::ranges::sort(draw);
  const auto n = static_cast<double>(draw.size());
  for (const auto& [key, value] : quantiles.items()) {
    const double p = std::stod(key), x = value.get<double>();
    const auto below = std::ranges::upper_bound(draw, static_cast<float>(x)) - draw.begin();
    report.close(fmt::format("{}: share below the quantile {}", where, key), static_cast<double>(below) / n, p,
                 {0.0, slack(std::sqrt(p * (1.0 - p)), draw.size(), standard_errors_of_others) + 1.0 / n});
  }
}

void compare_statistics(Report& report, const std::string& where, const std::vector<float>& draw, const Json& want) {
  report.check(where + ": count", static_cast<int64_t>(draw.size()) == want.at("count").get<int64_t>(),
               "another count");
  if (want.at("kurtosis").is_null()) {
    const auto [low, high] = std::ranges::minmax(draw);
    report.close(where + ": smallest", low, want.at("min").get<double>(), exact);
    return report.close(where + ": largest", high, want.at("max").get<double>(), exact);
  }
  const Moments got = moments_of(draw);
  const double deviation = want.at("std").get<double>(), kurtosis = want.at("kurtosis").get<double>();
  report.close(where + ": mean", got.mean, want.at("mean").get<double>(),
               {0.0, slack(deviation, draw.size(), standard_errors_of_mean)});
  report.close(where + ": standard deviation", got.deviation, deviation,
               {0.0, slack(deviation * std::sqrt((kurtosis - 1.0) / 4.0), draw.size(), standard_errors_of_others)});
  compare_quantiles(report, where, draw, want.at("quantiles"));
}

void check_bound(Report& report, const std::string& where, const std::vector<float>& draw, double bound) {
  const auto beyond = std::ranges::count_if(draw, [&](float x) { return std::abs(x) > bound * (1.0 + 1e-6); });
  report.check(where + ": bound", beyond == 0, fmt::format("{} numbers lie beyond ±{}", beyond, bound));
}

std::vector<float> draw_table(const Json& row) {
  const Json identity = {
      {"kind", "categorical_column_with_identity"}, {"key", "a"}, {"num_buckets", row.at("buckets")}};
  Json column = {{"dimension", row.at("dimension")}};
  const bool shared = row.at("kind") == "shared";
  column["kind"] = shared ? "shared_embeddings" : "embedding_column";
  if (shared) {
    column["categorical_columns"] = Json::array({identity});
  } else {
    column["categorical_column"] = identity;
  }
  ParameterStore params({.seed = seed});
  const InputLayer layer(params, make_columns(Json::array({column}), {}));
  return numbers(params.begin()->value());
}

std::vector<float> draw_dense(const Json& row) {
  const auto variable = row.at("variable").get<std::string>();
  const auto shape = row.at("shape").get<std::vector<int64_t>>();
  const bool kernel = shape.size() == 2;
  ParameterStore params({.seed = seed});
  const std::string layer = variable.substr(0, variable.rfind('/'));
  const Dense dense(params, {.name = layer, .inputs = kernel ? shape[0] : 1, .units = shape.back()});
  return numbers(params.at(variable).value());
}

// "v1.truncated_normal(0.5, 2)": a name and its numbers.
Initializer make_initializer(const std::string& text) {
  const size_t open = std::min(text.find('('), text.size());
  const std::string name = text.substr(text.find('.') + 1, open - text.find('.') - 1);
  std::vector<float> arguments;
  for (size_t at = open; at < text.size() && text[at] != ')'; at = text.find_first_of(",)", at + 1)) {
    arguments.push_back(std::stof(text.substr(at + 1)));
  }
  const auto argument = [&](size_t i, float fallback) { return i < arguments.size() ? arguments[i] : fallback; };
  if (name == "truncated_normal") return truncated_normal_initializer({argument(0, 0.0f), argument(1, 1.0f)});
  if (name == "random_normal") return random_normal_initializer({argument(0, 0.0f), argument(1, 1.0f)});
  if (name == "random_uniform") return random_uniform_initializer({argument(0, -0.05f), argument(1, 0.05f)});
  if (name == "glorot_uniform") return glorot_uniform_initializer();
  if (name == "glorot_normal") return glorot_normal_initializer();
  if (name == "he_uniform") return he_uniform_initializer();
  if (name == "he_normal") return he_normal_initializer();
  if (name == "lecun_uniform") return lecun_uniform_initializer();
  if (name == "lecun_normal") return lecun_normal_initializer();
  if (name == "constant") return constant_initializer(argument(0, 0.0f));
  if (name == "zeros") return zeros_initializer();
  if (name == "ones") return ones_initializer();
  throw Unsupported("the runner has no initializer " + name);
}

std::vector<float> draw_plain(const Json& row) {
  ParameterStore params({.seed = seed});
  const auto shape = row.at("shape").get<std::vector<int64_t>>();
  const Parameter& parameter = params.add(
      {.name = "x", .shape = Shape(std::span(shape)), .initializer = make_initializer(row.at("initializer"))});
  return numbers(parameter.value());
}

void compare_row(Report& report, const std::string& where, const Json& row) {
  const std::vector<float> draw = row.contains("initializer") ? draw_plain(row)
                                  : row.contains("variable")  ? draw_dense(row)
                                                              : draw_table(row);
  for (const auto* bound : {"bound", "glorot_limit"}) {
    if (row.contains(bound)) check_bound(report, where, draw, row.at(bound).get<double>());
  }
  compare_statistics(report, where, draw, row.at("statistics"));
}

}  // namespace

void run_family_i(const Fixture& fixture, Report& report) {
  const Json& rows = fixture.config().at("rows");
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string where = fmt::format("row {}", i);
    report.part(where, [&] { compare_row(report, where, rows[i]); });
  }
}

}  // namespace weft::reference
