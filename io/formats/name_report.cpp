// The report as text, a line a tensor.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <weft/io/formats/name_report.h>

namespace weft {
namespace {

std::string shape_text(const std::vector<int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace

bool NameReport::complete() const {
  return missing.empty() && surplus.empty() && mis_shaped.empty() && wrong_type.empty() && ambiguous.empty();
}

std::string to_string(const NameReport& report) {
  std::string text;
  for (const auto& one : report.loaded) {
    text += fmt::format("loaded      {} -> {}{}{}\n", one.from, one.to, one.transposed ? " (transposed)" : "",
                        one.more_parts.empty() ? "" : fmt::format(" (with {})", fmt::join(one.more_parts, ", ")));
  }
  const auto list = [&](const char* what, const std::vector<std::string>& names) {
    for (const std::string& name : names) text += fmt::format("{:<11} {}\n", what, name);
  };
  list("left out", report.left_out);
  list("no state", report.missing_state);
  list("more state", report.surplus_state);
  list("missing", report.missing);
  list("surplus", report.surplus);
  for (const auto& one : report.mis_shaped) {
    text += fmt::format("mis-shaped  {} -> {}: got {}, expected {}\n", one.from, one.to, shape_text(one.got),
                        shape_text(one.expected));
  }
  for (const auto& one : report.wrong_type) {
    text += fmt::format("wrong type  {} -> {}: got {}\n", one.from, one.to, to_string(one.got));
  }
  for (const auto& one : report.ambiguous) {
    text += fmt::format("ambiguous   {}: one of {}\n", one.to, fmt::join(one.candidates, ", "));
  }
  list("unused rule", report.unused_rules);
  return text;
}

}  // namespace weft
