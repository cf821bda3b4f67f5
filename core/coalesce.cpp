// coalesce: every use of a row is put with the row's other uses, by a table of a number a row if that is small, by a
// hash of the row otherwise; no sorting, and no gradient but the sums of the rows touched. Small gradients are summed
// in one go, large ones in partitions by row, whose sums and hash tables stay in cache.
#include <weft/core/coalesce.h>
#include <weft/core/kernels.h>
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>
#include <weft/core/row_partitions.h>
#include <weft/core/stage_timer.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <mutex>
#include <numeric>
#include <optional>

namespace weft {

struct CoalesceWorkspace {
  Buffer places;  ///< kernels::RowSums::places of every row of a small table; all 0 between walks
  RowPartitions partitions;
};

namespace {

/// Sums up to this size are made in one go.
constexpr int64_t kWholeBytes = 192 << 10;
/// Rows of a table whose places, a number each, stay in cache.
constexpr int64_t kSmallTable = 1 << 16;

void make_workspace(Parameter& table) {
  if (table.workspace) return;
  table.workspace = std::make_shared<CoalesceWorkspace>();
  const int64_t rows = table.stored().rows;
  if (rows <= kSmallTable) table.workspace->places = Buffer::zeros(static_cast<size_t>(rows) * sizeof(uint32_t));
}

/// Sums of up to `uses` rows of `width` numbers, found by the table's own places or, where it has none, by a hash.
class Sums : public kernels::RowSums {
 public:
  Sums(int64_t row_width, size_t uses, const Buffer& of_table = {})
      : touched_(uses * sizeof(int32_t)),
        sums_(uses * static_cast<size_t>(kernels::sums_stride(row_width)) * sizeof(float)) {
    if (of_table) {
      places = of_table.as<uint32_t>();
      shift = 0;
    } else {
      const size_t room = std::bit_ceil(2 * uses);
      hash_table_ = Buffer(room * sizeof(uint32_t));
      places = hash_table_.as<uint32_t>();
      std::fill_n(places, room, 0u);
      shift = 32 - std::countr_zero(room);
    }
    touched = touched_.as<int32_t>();
    sums = sums_.as<float>();
    width = row_width;
    count = 0;
  }
  Sums(const Sums&) = delete;
  Sums& operator=(const Sums&) = delete;
  /// The table's places are 0 again however the walk ends.
  ~Sums() {
    if (hash_table_) return;
    for (uint32_t i = 0; i < count; ++i) places[touched[i]] = 0;
  }

 private:
  Buffer hash_table_, touched_, sums_;
};

/// d x of y = x * max_norm / |x| for rows that were clipped (|x| >= max_norm): max_norm / |x| * (d y - x (x . d y) /
/// |x|^2).
void through_clip(const Sums& rows, const RowsView& values, float max_norm) {
  const int64_t D = values.width;
  for (uint32_t i = 0; i < rows.count; ++i) {
    const float* x = values.row(rows.touched[i]).data();
    float* d = rows.sums + i * kernels::sums_stride(D);
    const float squares = kernels::best().dot(x, x, D);
    const float norm = std::sqrt(squares);
    if (!(norm >= max_norm) || norm == 0.0f) continue;
    const float along = kernels::best().dot(x, d, D) / squares;
    for (int64_t k = 0; k < D; ++k) d[k] = max_norm / norm * (d[k] - along * x[k]);
  }
}

void finish(const Parameter& table, const Sums& rows, int64_t part, const RowBatchVisitor& visit) {
  const std::optional<float>& max_norm = table.row_gradient().max_norm;
  if (max_norm) through_clip(rows, table.stored(), *max_norm);
  visit({rows.touched, rows.sums, kernels::sums_stride(rows.width), rows.count, rows.width, part});
}

void coalesce_whole(const Parameter& table, int64_t uses, const RowBatchVisitor& visit) {
  Sums rows(table.stored().width, static_cast<size_t>(uses), table.workspace->places);
  for (const Share& share : table.row_gradient().shares) {
    kernels::best().add_bags({share.ids.as<int32_t>(), share.offsets.as<int32_t>(), share.scales.as<float>(),
                              share.per_bag, share.bags, share.dout, share.dout_stride},
                             rows);
  }
  finish(table, rows, 0, visit);
}

void coalesce_partition(const Parameter& table, const RowPartitions& parts, int64_t k, const RowBatchVisitor& visit) {
  const SparseRows& gradient = table.row_gradient();
  const std::span<const kernels::Use> uses = parts.uses(k);
  if (uses.empty()) return;
  Sums rows(table.stored().width, uses.size());
  for (size_t s = 0; s < gradient.shares.size(); ++s) {
    const Share& share = gradient.shares[s];
    const std::span<const kernels::Use> part = parts.uses(k, s);
    kernels::best().add_uses({part.data(), static_cast<int64_t>(part.size()), share.dout, share.dout_stride}, rows);
  }
  finish(table, rows, k, visit);
}

}  // namespace

void coalesce(Parameter& table, const RowBatchVisitor& visit) {
  const StageTimer timer(Stage::coalesce);
  const SparseRows& gradient = table.row_gradient();
  int64_t uses = 0;
  for (const Share& share : gradient.shares) uses += share.count();
  if (uses == 0) return;
  const int64_t bytes = uses * table.stored().width * static_cast<int64_t>(sizeof(float));
  make_workspace(table);
  if (bytes <= kWholeBytes) return coalesce_whole(table, uses, visit);
  RowPartitions& parts = table.workspace->partitions;
  parts.distribute(gradient, uses, bytes);
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
      // A second walk finds the places cleared.
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
