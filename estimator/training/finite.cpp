// find_not_finite: a parallel pass that marks blocks of rows, then a look into the first one marked.
#include <doctest/doctest.h>
#include <weft/core/parallel.h>
#include <weft/estimator/training/finite.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace weft {

// Without a way out of the loop, so that it runs on vectors.
bool all_finite(std::span<const float> numbers) {
  bool good = true;
  for (float number : numbers) good &= std::abs(number) <= std::numeric_limits<float>::max();
  return good;
}

namespace {

constexpr int64_t kGrain = 1 << 16;  // numbers of an array that a thread reads at once

std::optional<NotFinite> find_in_row(const Parameter& parameter, const RowsView& view, const std::string& slot,
                                     int64_t row) {
  for (float number : view.row(row)) {
    if (!std::isfinite(number)) return NotFinite{&parameter, slot, row, number};
  }
  return std::nullopt;
}

std::optional<NotFinite> find_from_row(const Parameter& parameter, int64_t first) {
  for (int64_t row = first; row < parameter.value().rows; ++row) {
    if (auto found = find_in_row(parameter, parameter.value(), {}, row)) return found;
    for (size_t i = 0; i < parameter.slot_count(); ++i) {
      const Parameter::Slot slot = parameter.slot(i);
      if (auto found = find_in_row(parameter, slot.view, slot.name, row)) return found;
    }
  }
  return std::nullopt;
}

std::optional<NotFinite> find_in(const Parameter& parameter) {
  std::vector<RowsView> views{parameter.value()};
  for (size_t i = 0; i < parameter.slot_count(); ++i) views.push_back(parameter.slot(i).view);
  const int64_t rows = views[0].rows;
  const int64_t grain = std::max<int64_t>(kGrain / std::max<int64_t>(views[0].width, 1), 1);
  std::vector<char> bad(static_cast<size_t>((rows + grain - 1) / grain), 0);  // by block
  parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
    bool good = true;
    for (int64_t row = begin; row < end; ++row) {  // a row's slots lie beside its values
      for (const RowsView& view : views) good &= all_finite(view.row(row));
    }
    bad[static_cast<size_t>(begin / grain)] = !good;
  });
  const auto block = std::ranges::find(bad, char{1});
  return block == bad.end() ? std::nullopt : find_from_row(parameter, (block - bad.begin()) * grain);
}

}  // namespace

std::optional<NotFinite> find_not_finite(const ParameterStore& params) {
  for (const Parameter& parameter : params) {
    if (auto found = find_in(parameter)) return found;
  }
  return std::nullopt;
}

TEST_CASE("finite: the first number that is not, in values and slots, in any block") {
  ParameterStore params;
  params.add({.name = "empty", .shape = {0, 3}, .initializer = zeros_initializer()});
  params.add({.name = "bias", .shape = {4}, .initializer = zeros_initializer()});
  Parameter& table =
      params.add({.name = "table", .shape = {100000, 2}, .initializer = zeros_initializer(), .table = true});
  const Parameter::SlotRequest requests[] = {{"Adagrad", 0.1f, false}, {"count", 0.0f, true}};
  table.add_slots(requests);
  table.value().row(0)[0] = std::numeric_limits<float>::max();
  table.value().row(1)[1] = std::numeric_limits<float>::denorm_min();
  CHECK_FALSE(find_not_finite(params));

  table.slot(1).view.row(99999)[0] = std::nanf("");
  CHECK(find_not_finite(params)->row == 99999);
  CHECK(find_not_finite(params)->slot == "count");
  table.value().row(70001)[1] = -std::numeric_limits<float>::infinity();
  CHECK(find_not_finite(params)->row == 70001);
  CHECK(find_not_finite(params)->slot.empty());
  CHECK(find_not_finite(params)->number < 0.0f);
  params.at("bias").value().row(0)[3] = std::nanf("");
  CHECK(find_not_finite(params)->parameter->name() == "bias");
}

}  // namespace weft
