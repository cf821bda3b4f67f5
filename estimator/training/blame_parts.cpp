// The small questions that find_blame asks: walks over numbers.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/ops/embedding_lookup.h>
#include <weft/estimator/training/blame_parts.h>

#include <algorithm>
#include <cmath>

namespace weft::detail {

std::optional<size_t> first_not_finite(std::span<const float> numbers) {
  const auto bad = std::ranges::find_if(numbers, [](float number) { return !std::isfinite(number); });
  if (bad == numbers.end()) return std::nullopt;
  return static_cast<size_t>(bad - numbers.begin());
}

std::optional<int64_t> example_of(const Shape& shape, size_t place, int64_t batch) {
  if (shape.rank() == 0 || shape[0] != batch || shape.size() == 0) return std::nullopt;
  return static_cast<int64_t>(place) / (shape.size() / batch);
}

namespace {

// Calls f(row, example, scale, upstream gradient) for each id of a share; stops where it says true.
template <class F>
bool any_id(const Share& share, int64_t width, F&& f) {
  const auto* ids = share.ids.as<int32_t>();
  const auto* offsets = share.offsets.as<int32_t>();
  const auto* scales = share.scales.as<float>();
  for (int64_t bag = 0; bag < share.bags; ++bag) {
    const std::span<const float> dout(share.dout + bag * share.dout_stride, static_cast<size_t>(width));
    for (int32_t i = offsets[bag]; i < offsets[bag + 1]; ++i) {
      if (f(int64_t{ids[i]}, bag, scales[share.per_bag ? bag : i], dout)) return true;
    }
  }
  return false;
}

std::optional<Blame> bad_rows(const Parameter& table, int64_t batch) {
  std::optional<Blame> blame;
  for (const Share& share : table.row_gradient().shares) {
    any_id(share, table.value().width, [&](int64_t row, int64_t bag, float scale, std::span<const float> dout) {
      for (const float number : dout) {
        if (std::isfinite(scale * number)) continue;
        blame = {.kind = Blame::Kind::gradient, .number = scale * number, .parameter = table.name(), .row = row};
        if (share.bags == batch) blame->example = bag;
        return true;
      }
      return false;
    });
    if (blame) return blame;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Blame> bad_parameter_gradient(const ParameterStore& params, int64_t batch) {
  for (const Parameter& parameter : params) {
    const RowsView value = parameter.value();
    if (const float* gradient = parameter.dense_gradient()) {
      const auto bad = first_not_finite({gradient, static_cast<size_t>(value.size())});
      if (bad) {
        Blame blame{.kind = Blame::Kind::gradient, .number = gradient[*bad], .parameter = parameter.name()};
        if (value.rows > 1) blame.row = static_cast<int64_t>(*bad) / value.width;
        return blame;
      }
    }
    if (auto blame = bad_rows(parameter, batch)) return blame;
  }
  return std::nullopt;
}

std::optional<Blame> bad_value_gradient(std::span<const Var> values, int64_t batch) {
  for (const Var value : values) {
    const Tensor* gradient = value.gradient();
    if (!gradient) continue;
    if (const auto bad = first_not_finite(gradient->values())) {
      return Blame{.kind = Blame::Kind::gradient,
                   .number = (*gradient)[static_cast<int64_t>(*bad)],
                   .example = example_of(gradient->shape(), *bad, batch)};
    }
  }
  return std::nullopt;
}

std::vector<RowRead> rows_read(const ParameterStore& params, int64_t batch) {
  std::vector<RowRead> rows;
  for (const Parameter& table : params) {
    for (const Share& share : table.row_gradient().shares) {
      if (share.bags != batch) continue;
      any_id(share, table.value().width, [&](int64_t row, int64_t bag, float, std::span<const float>) {
        rows.push_back({.table = &table, .row = row, .example = bag});
        return false;
      });
    }
  }
  return rows;
}

namespace {

std::optional<BadFeature> bad_in(const std::string& key, const Feature& feature, const Batch& batch,
                                 std::optional<int64_t> example) {
  for (size_t place = 0; place < feature.floats.size(); ++place) {
    if (std::isfinite(feature.floats[place])) continue;
    int64_t owner = -1;
    if (feature.sparse) {
      owner = std::ranges::upper_bound(feature.offsets, static_cast<int64_t>(place)) - feature.offsets.begin() - 1;
    } else if (batch.size > 0 && feature.batch() == batch.size) {
      owner = static_cast<int64_t>(place) / (feature.size() / batch.size);
    }
    if (owner >= 0 && owner == example.value_or(owner)) return BadFeature{key, owner, feature.floats[place]};
  }
  return std::nullopt;
}

}  // namespace

std::optional<BadFeature> bad_feature(const Batch& batch, std::optional<int64_t> example) {
  for (const auto& [key, feature] : batch.features) {
    if (auto bad = bad_in(key, *feature, batch, example)) return bad;
  }
  return bad_in("", batch.labels, batch, example);
}

TEST_CASE("blame parts: places and examples") {
  const float nan = std::nanf("");
  CHECK(first_not_finite(std::vector<float>{1, 2, -HUGE_VALF, nan}) == 2);
  CHECK_FALSE(first_not_finite(std::vector<float>{1, 3e38f}));
  CHECK(example_of({3, 4}, 11, 3) == 2);
  CHECK(example_of({3}, 1, 3) == 1);
  CHECK_FALSE(example_of({4, 3}, 11, 3));
  CHECK_FALSE(example_of({}, 0, 1));
}

TEST_CASE("blame parts: features that are not finite, dense and sparse, and the label") {
  Batch batch;
  batch.size = 3;
  batch.features["good"] = dense_feature(std::vector<float>{1, 2, 3});
  batch.features["bad"] = sparse_feature(std::vector<std::vector<float>>{{1}, {}, {2, HUGE_VALF}});
  batch.labels = dense_feature(std::vector<float>{0, std::nanf(""), 1});
  CHECK(bad_feature(batch, {})->key == "bad");
  CHECK(bad_feature(batch, {})->example == 2);
  CHECK(bad_feature(batch, 1)->key.empty());
  CHECK_FALSE(bad_feature(batch, 0));
}

TEST_CASE("blame parts: rows read and gradients by row") {
  ParameterStore params;
  Parameter& table = params.add({.name = "table", .shape = {5, 2}, .initializer = zeros_initializer(), .table = true});
  Tape tape;
  Ids ids;
  ids.offsets = {0, 1, 3};
  ids.ids = {4, 1, 2};
  const Var out = embedding_lookup(tape, table, ids);
  tape.backward(out, Tensor({2, 2}, {1, 1, 1, HUGE_VALF}));
  const std::vector<RowRead> rows = rows_read(params, 2);
  REQUIRE(rows.size() == 3);
  CHECK(rows[2].row == 2);
  CHECK(rows[2].example == 1);
  CHECK(rows_read(params, 3).empty());
  const auto blame = bad_parameter_gradient(params, 2);
  REQUIRE(blame);
  CHECK(blame->row == 1);
  CHECK(blame->example == 1);
  params.clear_gradients();
  CHECK_FALSE(bad_parameter_gradient(params, 2));
}

}  // namespace weft::detail
