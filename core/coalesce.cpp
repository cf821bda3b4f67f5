// coalesce: every use of a row is put with the row's other uses, by a number of the row (core/row_places.h); no
// sorting, and no gradient but the sums of the rows touched. Small gradients are summed in one go, large ones in
// partitions by row, whose sums and hash tables stay in cache.
#include <weft/core/coalesce.h>
#include <weft/core/kernels.h>
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>
#include <weft/core/row_partitions.h>
#include <weft/core/row_places.h>
#include <weft/core/stage_timer.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <numeric>
#include <optional>

namespace weft {

struct CoalesceWorkspace {
  RowPartitions partitions;
  std::vector<Share*> shares;
};

namespace {

/// Sums to be added to. They begin as -0, which added to any number leaves that as it is.
class Sums {
 public:
  Sums(int64_t width, uint32_t count)
      : count_(count),
        width_(width),
        stride_(kernels::sums_stride(width)),
        sums_(count * static_cast<size_t>(stride_) * sizeof(float)) {
    std::fill_n(sums_.as<float>(), count * stride_, -0.0f);
  }
  float* data() const { return sums_.as<float>(); }
  RowBatch batch(const int32_t* rows, int64_t part) const { return {rows, data(), stride_, count_, width_, part}; }

 private:
  uint32_t count_;
  int64_t width_, stride_;
  Buffer sums_;
};

/// d x of y = x * max_norm / |x| for rows that were clipped (|x| >= max_norm): max_norm / |x| * (d y - x (x . d y) /
/// |x|^2).
void through_clip(const RowBatch& rows, const RowsView& values, float max_norm) {
  const int64_t D = values.width;
  for (int64_t i = 0; i < rows.count; ++i) {
    const float* x = values.row(rows.rows[i]).data();
    float* d = rows.gradient(i);
    const float squares = kernels::best().dot(x, x, D);
    const float norm = std::sqrt(squares);
    if (!(norm >= max_norm) || norm == 0.0f) continue;
    const float along = kernels::best().dot(x, d, D) / squares;
    for (int64_t k = 0; k < D; ++k) d[k] = max_norm / norm * (d[k] - along * x[k]);
  }
}

void finish(const Parameter& table, const RowBatch& rows, const RowBatchVisitor& visit) {
  const std::optional<float>& max_norm = table.row_gradient().max_norm;
  if (max_norm) through_clip(rows, table.stored(), *max_norm);
  visit(rows);
}

void coalesce_whole(const Parameter& table, const RowBatchVisitor& visit) {
  const std::vector<Share>& shares = table.row_gradient().shares;
  const RowPlaces& places = shares[0].places;
  const Sums sums(table.stored().width, places.count);
  for (const Share& share : shares) {
    kernels::best().add_bags({share.places.of_ids.as<int32_t>(), share.offsets.as<int32_t>(), share.scales.as<float>(),
                              share.per_bag, share.bags, share.dout, share.dout_stride},
                             sums.data(), table.stored().width);
  }
  finish(table, sums.batch(places.rows.as<int32_t>() + 1, 0), visit);
}

void coalesce_partition(const Parameter& table, const RowPartitions& parts, int64_t k, const RowBatchVisitor& visit) {
  const SparseRows& gradient = table.row_gradient();
  const std::span<kernels::Use> uses = parts.uses(k);
  if (uses.empty()) return;
  const RowsView rows = table.stored();
  RowNumbering numbering(std::ssize(uses), rows.rows);
  numbering.number(uses);
  const Sums sums(rows.width, numbering.count());
  for (size_t s = 0; s < gradient.shares.size(); ++s) {
    const Share& share = gradient.shares[s];
    const std::span<const kernels::Use> part = parts.uses(k, s);
    kernels::best().add_uses({part.data(), std::ssize(part), share.dout, share.dout_stride}, sums.data(), rows.width);
  }
  finish(table, sums.batch(numbering.rows(), k), visit);
}

void find_places(Parameter& table) {
  std::vector<Share*>& shares = table.workspace->shares;
  shares.clear();
  for (Share& share : table.row_gradient().shares) shares.push_back(&share);
  find_row_places(shares, table.stored().rows);
}

}  // namespace

void coalesce(Parameter& table, const RowBatchVisitor& visit) {
  const StageTimer timer(Stage::coalesce);
  const SparseRows& gradient = table.row_gradient();
  int64_t uses = 0;
  for (const Share& share : gradient.shares) uses += share.count();
  if (uses == 0) return;
  if (!table.workspace) table.workspace = std::make_shared<CoalesceWorkspace>();
  const int64_t width = table.stored().width;
  const bool found = have_places_together(gradient.shares);
  if (found || few_sums(uses, width)) {
    if (!found) find_places(table);
    return coalesce_whole(table, visit);
  }
  RowPartitions& parts = table.workspace->partitions;
  parts.distribute(gradient, uses, uses * width * static_cast<int64_t>(sizeof(float)));
  parallel_blocks(parts.count(), [&](int64_t k) { coalesce_partition(table, parts, k, visit); });
  parts.clear();
}

CoalescedRows coalesced(Parameter& table) {
  const int64_t D = table.stored().width;
  std::vector<int64_t> rows;
  std::vector<float> sums;
  std::mutex mutex;
  coalesce(table, [&](const RowBatch& batch) {
    const std::lock_guard lock(mutex);
    rows.insert(rows.end(), batch.rows, batch.rows + batch.count);
    for (int64_t i = 0; i < batch.count; ++i) sums.insert(sums.end(), batch.gradient(i), batch.gradient(i) + D);
  });
  std::vector<size_t> order(rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) { return rows[i]; });
  CoalescedRows result{{}, Tensor({static_cast<int64_t>(rows.size()), D})};
  for (const size_t i : order) {
    std::copy_n(sums.data() + i * static_cast<size_t>(D), D,
                result.gradients.data() + static_cast<int64_t>(result.rows.size()) * D);
    result.rows.push_back(rows[i]);
  }
  return result;
}

namespace {

/// Two lookups of one table of `rows` rows, and the gradient they should give by plain loops.
struct Lookups {
  ParameterStore params;
  Parameter& table;
  std::vector<double> want;

  Lookups(int64_t rows, int64_t D, int64_t bags)
      : table(params.add({.name = "t", .shape = {rows, D}, .initializer = random_normal_initializer(), .table = true})),
        want(static_cast<size_t>(rows * D)) {
    for (uint64_t column = 0; column < 2; ++column) {
      Ids ids;
      for (int64_t bag = 0; bag < bags; ++bag) {
        for (int64_t i = 0; i < (bag * 5 + 3) % 9; ++i) {
          ids.ids.push_back(static_cast<int64_t>(RandomStream{1, column}.below(ids.ids.size(), rows)));
        }
        ids.offsets.push_back(static_cast<int64_t>(ids.ids.size()));
      }
      Tensor dout({bags, D});
      random_normal_initializer()(dout.values(), 0, dout.shape(), {3, column});
      for (int64_t bag = 0; bag < bags; ++bag) {
        for (int64_t i = ids.offsets[static_cast<size_t>(bag)]; i < ids.offsets[static_cast<size_t>(bag) + 1]; ++i) {
          for (int64_t k = 0; k < D; ++k) {
            want[static_cast<size_t>(ids.ids[static_cast<size_t>(i)] * D + k)] += dout[bag * D + k];
          }
        }
      }
      Tape tape;
      tape.backward(embedding_lookup(tape, table, ids, {.combiner = Combiner::sum}), dout);
    }
  }
};

}  // namespace

TEST_CASE("coalesce: sums small and large gradients of two columns as plain loops do, the same bits for any threads") {
  for (const auto& [rows, D, bags] : {std::array<int64_t, 3>{7, 3, 20},
                                      {1000, 10, 300},
                                      {100000, 10, 300},
                                      {500, 64, 2000},
                                      {200000, 16, 3000},
                                      {3, 40, 3000}}) {
    std::vector<float> first;
    for (const int threads : {1, 2, 5}) {
      const ThreadLimit limit(threads);
      Lookups lookups(rows, D, bags);
      const CoalescedRows got = coalesced(lookups.table);
      for (size_t i = 0; i < got.rows.size(); ++i) {
        for (int64_t k = 0; k < D; ++k) {
          CHECK(got.gradients[static_cast<int64_t>(i) * D + k] ==
                doctest::Approx(lookups.want[static_cast<size_t>(got.rows[i] * D + k)]).epsilon(1e-4).scale(10));
        }
      }
      CHECK(std::ranges::count_if(got.rows, [](int64_t row) { return row == 0; }) <= 1);
      const std::vector<float> numbers(got.gradients.values().begin(), got.gradients.values().end());
      if (threads == 1) first = numbers;
      CHECK(numbers == first);
      // A second walk finds nothing of the first.
      CHECK(coalesced(lookups.table).rows == got.rows);
    }
  }
}

TEST_CASE("coalesce: the gradient of a table is its shares: no rows are made, however many ids") {
  Lookups lookups(100, 4, 50);
  CHECK(lookups.table.row_gradient().shares.size() == 2);
  CHECK(lookups.table.dense_gradient() == nullptr);
  lookups.table.clear_gradient();
  coalesce(lookups.table, [](const RowBatch&) { FAIL("nothing was added"); });
}

}  // namespace weft
