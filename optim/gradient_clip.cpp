// Gradient clipping: the norms are summed in a fixed order, whatever the number of threads.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/coalesce.h>
#include <weft/core/error.h>
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>
#include <weft/optim/optimizer.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>
#include <span>
#include <vector>

namespace weft {
namespace {

constexpr int64_t kGrain = 1 << 14;

float limited(float x, float limit) {
  return std::clamp(x, -limit, limit);
}

double sum_of_squares(const float* x, int64_t n, float limit) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; ++i) {
    const double y = limited(x[i], limit);
    sum += y * y;
  }
  return sum;
}

double squares_of_dense(const Parameter& parameter, float limit) {
  const int64_t n = parameter.stored().size();
  std::vector<double> sums(static_cast<size_t>((n + kGrain - 1) / kGrain));
  parallel_for(n, kGrain, [&](int64_t begin, int64_t end) {
    sums[static_cast<size_t>(begin / kGrain)] = sum_of_squares(parameter.dense_gradient() + begin, end - begin, limit);
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

double squares_of_rows(Parameter& table, float limit) {
  std::vector<double> sums;  // by part
  std::mutex mutex;
  coalesce(table, [&](const RowBatch& batch) {
    double sum = 0.0;
    for (int64_t i = 0; i < batch.count; ++i) sum += sum_of_squares(batch.gradient(i), batch.width, limit);
    const std::lock_guard lock(mutex);
    if (const auto part = static_cast<size_t>(batch.part); part >= sums.size()) sums.resize(part + 1);
    sums[static_cast<size_t>(batch.part)] = sum;
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

/// A share that adds these rows' gradients, each once.
Share share_of(CoalescedRows rows) {
  const size_t n = rows.rows.size();
  Share share{.bags = static_cast<int64_t>(n),
              .ids = Buffer(n * sizeof(int32_t)),
              .offsets = Buffer((n + 1) * sizeof(int32_t)),
              .scales = Buffer(n * sizeof(float)),
              .places = {},
              .upstream = rows.gradients.buffer()};
  std::ranges::transform(rows.rows, share.ids.as<int32_t>(), [](int64_t row) { return static_cast<int32_t>(row); });
  std::iota(share.offsets.as<int32_t>(), share.offsets.as<int32_t>() + n + 1, 0);
  std::fill_n(share.scales.as<float>(), n, 1.0f);
  share.dout = share.upstream.as<float>();
  share.dout_stride = n > 0 ? rows.gradients.shape()[1] : 0;
  return share;
}

/// Replaces each lookup's share by its rows, summed within that lookup and limited; gives the squares of them all.
double limit_each_lookup(Parameter& table, float limit) {
  SparseRows& gradient = table.row_gradient();
  const std::vector<Share> shares = std::move(gradient.shares);
  std::vector<Share> limited_shares;
  double sum = 0.0;
  for (const Share& share : shares) {
    gradient.shares = {share};
    CoalescedRows rows = coalesced(table);
    for (float& x : rows.gradients.values()) x = limited(x, limit);
    sum += sum_of_squares(rows.gradients.data(), rows.gradients.size(), limit);
    limited_shares.push_back(share_of(std::move(rows)));
  }
  // The clip of the rows' norms has been gone through.
  gradient.clear();
  gradient.shares = std::move(limited_shares);
  return sum;
}

}  // namespace

void check_clip(const GradientClip& clip, const Regularization& regularization) {
  const auto check = [](const char* name, const std::optional<float>& limit) {
    if (limit && !(*limit >= 0.0f)) {
      throw ValueError(fmt::format("[Optimizer] Expected {} >= 0, received: {}.", name, *limit));
    }
  };
  check("clipvalue", clip.value);
  check("clipnorm", clip.norm);
  check("global_clipnorm", clip.global_norm);
  if (!std::isfinite(regularization.l1) || !std::isfinite(regularization.l2)) {
    throw ValueError(fmt::format("[Optimizer] regularization must be finite: got l1 = {}, l2 = {}.", regularization.l1,
                                 regularization.l2));
  }
}

std::vector<GradientScale> clip_gradients(const GradientClip& clip, std::span<Parameter* const> clipped) {
  const float limit = clip.value.value_or(std::numeric_limits<float>::infinity());
  std::vector<GradientScale> scales(clipped.size(), {limit});
  if (!clip.norm && !clip.global_norm && !clip.per_lookup) return scales;
  double squares_of_all = 0.0;
  for (size_t i = 0; i < clipped.size(); ++i) {
    Parameter& parameter = *clipped[i];
    double squares = 0.0;
    if (parameter.dense_gradient() != nullptr) {
      squares = squares_of_dense(parameter, limit);
    } else if (clip.per_lookup) {
      squares = limit_each_lookup(parameter, limit);
      scales[i].limit = std::numeric_limits<float>::infinity();
    } else {
      squares = squares_of_rows(parameter, limit);
    }
    if (clip.norm) {
      const double norm = std::sqrt(squares), factor = *clip.norm / std::max(norm, static_cast<double>(*clip.norm));
      scales[i].factor = norm == 0.0 ? 1.0f : static_cast<float>(factor);
      squares *= factor * factor;
    }
    squares_of_all += squares;
  }
  if (clip.global_norm && squares_of_all > 0.0) {
    const double norm = std::sqrt(squares_of_all);
    const auto factor = static_cast<float>(*clip.global_norm / std::max(norm, static_cast<double>(*clip.global_norm)));
    for (GradientScale& scale : scales) scale.factor *= factor;
  }
  return scales;
}

void adjust(const GradientScale& scale, const Regularization& regularization, const float* value, float* gradient,
            int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float sign = value[i] > 0.0f ? 1.0f : value[i] < 0.0f ? -1.0f : 0.0f;
    gradient[i] = limited(gradient[i], scale.limit) * scale.factor + regularization.l1 * sign +
                  2.0f * regularization.l2 * value[i];
  }
}

namespace {

/// A table read by two lookups of the same row, and a dense parameter with the gradient (3, 4).
struct Gradients {
  ParameterStore params;
  Parameter& table = params.add({.name = "t", .shape = {4, 2}, .initializer = constant_initializer(1), .table = true});
  Parameter& dense = params.add({.name = "b", .shape = {2}, .initializer = constant_initializer(1)});

  explicit Gradients(const Optimizer& optimizer) {
    const auto sum = dense.add_to_gradient();
    sum.data[0] = 3;
    sum.data[1] = 4;
    for (int i = 0; i < 2; ++i) {
      Tape tape;
      const Var out = embedding_lookup(tape, table, Ids{{0, 1, 2}, {2, 2}, {}}, {.combiner = Combiner::sum});
      tape.backward(out, Tensor({2, 2}, {3, 0, 3, 8}));
    }
    optimizer.step(params);
  }
  /// How far the row moved: with a rate of 1, its gradient.
  float moved(size_t k) const { return 1 - table.value().row(2)[k]; }
};

Optimizer clipped_sgd(const GradientClip& clip) {
  Optimizer optimizer = sgd({.learning_rate = 1});
  optimizer.clip = clip;
  return optimizer;
}

}  // namespace

TEST_CASE("gradient clip: a row is summed before it is limited, or each lookup's sum by itself") {
  const Gradients merged(clipped_sgd({.value = 5.0f}));
  CHECK(merged.moved(0) == 5);  // 2 lookups * 2 uses * 3
  CHECK(merged.moved(1) == 5);
  CHECK(merged.dense.value().data[1] == 1 - 4);
  const Gradients apart(clipped_sgd({.value = 5.0f, .per_lookup = true}));
  CHECK(apart.moved(0) == 10);
  CHECK(apart.moved(1) == 10);
}

TEST_CASE("gradient clip: by norm each parameter by itself, by global norm all together") {
  // The table's row is (12, 16): norm 20; each lookup's is (6, 8).
  const Gradients each(clipped_sgd({.norm = 10.0f}));
  CHECK(each.moved(0) == doctest::Approx(6));
  CHECK(each.dense.value().data[0] == 1 - 3);
  const double all = std::sqrt(20.0 * 20 + 5 * 5);
  const Gradients global(clipped_sgd({.global_norm = 1.0f}));
  CHECK(global.moved(1) == doctest::Approx(16 / all));
  CHECK(1 - global.dense.value().data[1] == doctest::Approx(4 / all));
  const Gradients unmerged(clipped_sgd({.global_norm = 1.0f, .per_lookup = true}));
  CHECK(unmerged.moved(1) == doctest::Approx(16 / std::sqrt(2 * 10.0 * 10 + 5 * 5)));
  const Gradients below(clipped_sgd({.global_norm = 100.0f}));
  CHECK(below.moved(1) == 16);
}

TEST_CASE("gradient clip: penalties move touched rows and dense parameters, and no other row") {
  Optimizer optimizer = sgd({.learning_rate = 1});
  optimizer.regularization = {.l1 = 0.5f, .l2 = 0.25f};
  const Gradients got(optimizer);
  CHECK(got.moved(0) == 12 + 0.5f + 0.5f);
  CHECK(got.table.value().row(1)[0] == 1);
  CHECK(got.dense.value().data[0] == 1 - 4);
  optimizer.clip.norm = -1.0f;
  CHECK_THROWS_WITH_AS(Gradients{optimizer}, doctest::Contains("Expected clipnorm >= 0, received: -1"), ValueError);
}

}  // namespace weft
