// embedding_lookup: y[b] = sum over bag b of s_i clip(T[id_i]); the gradient of T[id_i] receives the share s_i dy[b].
#include <weft/core/coalesce.h>
#include <weft/core/error.h>
#include <weft/core/kernels.h>
#include <weft/core/ops/lookup_plan.h>
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>
#include <weft/core/stage_timer.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace weft {
namespace {

/// Bags a thread pools at once.
constexpr int64_t kBags = 128;

/// scale_i * min(1, max_norm / |T[id_i]|): what a row is multiplied by when rows are clipped.
Buffer clipped_scales(const LookupPlan& plan, const RowsView& table, float max_norm) {
  const Share& share = plan.share;
  const Buffer result(static_cast<size_t>(share.count()) * sizeof(float));
  const auto *ids = share.ids.as<int32_t>(), *offsets = share.offsets.as<int32_t>();
  const auto* scales = share.scales.as<float>();
  parallel_for(share.bags, kBags, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      for (int32_t i = offsets[b]; i < offsets[b + 1]; ++i) {
        const float* row = table.row(ids[i]).data();
        const float norm = std::sqrt(kernels::best().dot(row, row, table.width));
        result.as<float>()[i] = scales[share.per_bag ? b : i] * (max_norm / std::max(norm, max_norm));
      }
    }
  });
  return result;
}

/// Pools the bags of one column into its place in the output.
void pool(const LookupPlan& plan, const Parameter& table, const LookupOptions& options, float* out,
          int64_t out_stride) {
  const Share& share = plan.share;
  if (table.deferred && table.deferred->moves_values()) {
    table.deferred->bring_up({share.ids.as<int32_t>(), static_cast<size_t>(share.count())});
  }
  const RowsView rows = table.stored();
  kernels::LookupArgs args{rows.data,
                           rows.stride,
                           rows.width,
                           share.ids.as<int32_t>(),
                           share.offsets.as<int32_t>(),
                           share.scales.as<float>(),
                           share.per_bag,
                           share.bags,
                           0,
                           0,
                           out,
                           out_stride};
  Buffer scales;
  if (options.max_norm) {
    scales = clipped_scales(plan, rows, *options.max_norm);
    args.scales = scales.as<float>();
    args.per_bag = false;
  }
  parallel_for(share.bags, kBags, [&](int64_t begin, int64_t end) {
    kernels::LookupArgs part = args;
    part.first_bag = begin;
    part.last_bag = end;
    kernels::best().lookup(part);
  });
}

/// Adds a share to the table's gradient; all shares of a table must clip alike.
void add_share(Parameter& table, const Share& share, const std::optional<float>& max_norm) {
  SparseRows& gradient = table.row_gradient();
  if (!gradient.empty() && gradient.max_norm != max_norm) {
    throw ValueError("[embedding_lookup] '" + table.name() +
                     "' was read with two values of max_norm in one step. Give all its lookups the same.");
  }
  gradient.max_norm = max_norm;
  gradient.shares.push_back(share);
}

void check_batches(const std::vector<LookupPlan>& plans, std::span<const LookupColumn> columns) {
  for (size_t k = 1; k < plans.size(); ++k) {
    if (plans[k].share.bags != plans[0].share.bags) {
      throw ValueError("[embedding_lookup] columns of different batch sizes: got " +
                       std::to_string(plans[0].share.bags) + " rows of '" + columns[0].options->name + "' and " +
                       std::to_string(plans[k].share.bags) + " of '" + columns[k].options->name + "'.");
    }
  }
}

}  // namespace

Var embedding_lookup(Tape& tape, std::span<const LookupColumn> columns) {
  if (columns.empty())
    throw ValueError("[embedding_lookup] there is nothing to look up: got no columns, expected at least one.");
  const StageTimer timer(Stage::gather);
  std::vector<LookupPlan>& plans = LookupPlan::of_thread(columns.size());
  int64_t width = 0;
  for (size_t k = 0; k < columns.size(); ++k) {
    if (columns[k].made != nullptr) {
      plans[k].share = *columns[k].made;
    } else {
      plans[k].make(*columns[k].ids, *columns[k].table, *columns[k].options);
    }
    width += columns[k].table->stored().width;
  }
  check_batches(plans, columns);
  const int64_t batch = plans[0].share.bags;
  Var out = tape.make({batch, width});
  int64_t first = 0;
  for (size_t k = 0; k < columns.size(); ++k) {
    pool(plans[k], *columns[k].table, *columns[k].options, out.value().data() + first, width);
    if (columns[k].table->trainable()) {
      tape.record(out, [out, first, width, share = plans[k].share, table = columns[k].table,
                        max_norm = columns[k].options->max_norm]() mutable {
        share.upstream = out.gradient()->buffer();
        share.dout = out.gradient()->data() + first;
        share.dout_stride = width;
        add_share(*table, share, max_norm);
      });
    }
    first += columns[k].table->stored().width;
  }
  for (LookupPlan& plan : plans) plan.share = Share();
  return out;
}

Var embedding_lookup(Tape& tape, Parameter& table, const Ids& ids, const LookupOptions& options) {
  const LookupColumn column{&table, &ids, &options};
  return embedding_lookup(tape, {&column, 1});
}

std::string_view to_string(Combiner combiner) {
  return combiner == Combiner::mean ? "mean" : combiner == Combiner::sqrtn ? "sqrtn" : "sum";
}

namespace {

Parameter& counting_table(ParameterStore& params, int64_t rows, int64_t D) {
  Parameter& table =
      params.add({.name = "table", .shape = {rows, D}, .initializer = zeros_initializer(), .table = true});
  for (int64_t i = 0; i < rows * D; ++i) table.value().data[i] = static_cast<float>(i + 1);
  return table;
}

}  // namespace

TEST_CASE("embedding_lookup: values by hand for each combiner, repeated ids and empty bags") {
  ParameterStore params;
  Parameter& table = counting_table(params, 4, 2);
  const Ids ids{{0, 2, 2, 5}, {1, 1, 0, 3, -1}, {}};
  Tape tape;
  const Tensor& mean = embedding_lookup(tape, table, ids, {.combiner = Combiner::mean}).value();
  CHECK(mean.shape() == Shape{3, 2});
  CHECK(mean[0] == 3);
  CHECK(mean[1] == 4);
  CHECK(mean[2] == 0);
  CHECK(mean[4] == 4);
  CHECK(embedding_lookup(tape, table, ids, {.combiner = Combiner::sum}).value()[5] == 10);
  CHECK(embedding_lookup(tape, table, ids, {.combiner = Combiner::sqrtn}).value()[0] ==
        doctest::Approx(6 / std::sqrt(2.0)));
}

TEST_CASE("embedding_lookup: two columns share one table: their gradients add, and stay rows") {
  ParameterStore params;
  Parameter& table = counting_table(params, 5, 2);
  const Ids a{{0, 2, 3}, {1, 2, 1}, {}}, b{{0, 1, 1}, {2}, {}};
  const LookupOptions options{.combiner = Combiner::mean};
  const LookupColumn columns[] = {{&table, &a, &options}, {&table, &b, &options}};
  Tape tape;
  const Var out = embedding_lookup(tape, columns);
  CHECK(out.shape() == Shape{2, 4});
  tape.backward(out, Tensor({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}));
  CHECK(table.dense_gradient() == nullptr);
  CHECK(table.row_gradient().shares.size() == 2);
  const CoalescedRows rows = coalesced(table);
  CHECK(rows.rows == std::vector<int64_t>{0, 1, 2});
  const float want[] = {0, 0, 5.5f, 7, 3.5f, 5};
  CHECK(std::ranges::equal(rows.gradients.values(), want));
}

TEST_CASE("embedding_lookup: gradient against finite differences, weighted and clipped") {
  ParameterStore params;
  Parameter& table =
      params.add({.name = "t", .shape = {4, 3}, .initializer = random_normal_initializer(), .table = true});
  const Ids ids{{0, 3, 4}, {1, 2, 1, 3}, {0.5f, 2, 1, 0.25f}};
  for (const std::optional<float> max_norm :
       {std::optional<float>(), std::optional<float>(0.7f), std::optional<float>(3.0f)}) {
    const LookupOptions options{.combiner = Combiner::sqrtn, .max_norm = max_norm};
    const Tensor dout({2, 3}, {1, -2, 3, 0.5f, 0.25f, -1});
    const auto value = [&] {
      Tape tape({.record = false});
      const Var y = embedding_lookup(tape, table, ids, options);
      double total = 0;
      for (int64_t i = 0; i < 6; ++i) total += y.value()[i] * dout[i];
      return total;
    };
    table.clear_gradient();
    Tape tape;
    tape.backward(embedding_lookup(tape, table, ids, options), dout);
    const CoalescedRows rows = coalesced(table);
    for (size_t r = 0; r < rows.rows.size(); ++r) {
      for (int64_t k = 0; k < 3; ++k) {
        float& x = table.value().row(rows.rows[r])[static_cast<size_t>(k)];
        const float kept = x;
        x = kept + 1e-2f;
        const double above = value();
        x = kept - 1e-2f;
        const double below = value();
        x = kept;
        CHECK(rows.gradients[static_cast<int64_t>(r) * 3 + k] == doctest::Approx((above - below) / 2e-2).epsilon(2e-3));
      }
    }
  }
}

TEST_CASE("embedding_lookup: the empty batch, batches that differ, a table that is not trained") {
  ParameterStore params;
  Parameter& table = counting_table(params, 3, 2);
  Tape tape;
  CHECK(embedding_lookup(tape, table, Ids{}).shape() == Shape{0, 2});
  const Ids two{{0, 1, 1}, {1}, {}}, one{{0, 1}, {1}, {}};
  const LookupOptions options{.name = "a"};
  const LookupColumn columns[] = {{&table, &two, &options}, {&table, &one, &options}};
  CHECK_THROWS_AS(embedding_lookup(tape, columns), ValueError);
  Parameter& still =
      params.add({.name = "s", .shape = {3, 2}, .initializer = zeros_initializer(), .trainable = false, .table = true});
  const Var out = embedding_lookup(tape, still, one);
  tape.backward(out, Tensor({1, 2}, {1, 1}));
  CHECK_FALSE(still.has_gradient());
}

}  // namespace weft
