// Metrics: look-up and text.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/metrics/metrics.h>

#include <ostream>
#include <sstream>

namespace weft {

double Metrics::operator[](std::string_view name) const {
  const auto found = values_.find(name);
  if (found != values_.end()) return found->second;
  std::string names;
  for (const auto& [key, value] : values_) names += (names.empty() ? "" : ", ") + key;
  throw ValueError(
      fmt::format("[Metrics] no such metric: got '{}', expected one of: {}. Check the name.", name, names));
}

std::string to_string(const Metrics& metrics) {
  std::string text = metrics.evaluation.empty() ? "" : metrics.evaluation + ": ";
  const char* separator = "";
  for (const auto& [name, value] : metrics) {
    text += fmt::format("{}{} = {:.6g}", separator, name, value);
    separator = ", ";
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Metrics& metrics) {
  return out << to_string(metrics);
}

TEST_CASE("metrics: printed in the order of their names") {
  Metrics metrics;
  metrics.set("loss", 1.25);
  metrics.set("auc", 0.5);
  std::ostringstream out;
  out << metrics;
  CHECK(out.str() == "auc = 0.5, loss = 1.25");
  metrics.evaluation = "held_out";
  CHECK(to_string(metrics) == "held_out: auc = 0.5, loss = 1.25");
}

TEST_CASE("metrics: an unknown name is an error that lists the names") {
  Metrics metrics;
  metrics.set("auc", 0.5);
  CHECK(metrics["auc"] == 0.5);
  CHECK(metrics.contains("auc"));
  CHECK_THROWS_WITH_AS(metrics["roc"], "[Metrics] no such metric: got 'roc', expected one of: auc. Check the name.",
                       ValueError);
}

}  // namespace weft
