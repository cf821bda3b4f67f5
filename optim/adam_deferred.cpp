// Adam's deferred rows. A step without a gradient decays a row's m and v and still moves its value, by rate * m /
// (sqrt(v) + epsilon). A row that nobody reads gets these steps when it is read: the same operations in the same order
// as if every row were updated in every step, with the same bits.
//
// What makes that cheap:
// - m and v after any number of steps are one multiplication, exactly (decay_clock.h).
// - Between gradients m and v only decay, by the same factors in every row. So a chunk of steps takes m / (sqrt(v) +
//   epsilon) once, at its start; the steps of the chunk differ by factors that a step has for all rows (AdamChunk, and
//   AdamReplayArgs::Step's pull). The rule does the same for a row with a gradient: m and v as they would have been.
// - Updates shrink by beta1 / sqrt(beta2) a step, 0.9 by default. Once `bound` is no less than any update to come, and
//   value + bound and value - bound both round to value, no later update changes it, since rounding is monotonic: the
//   replay of the value ends. With the default rates that takes about 150 steps, however long the row was left alone.
//   The bound is the present update, and an eighth, at the largest of the remembered rates (rates grow with step's
//   correction, and by schedules). Where beta1 is not well below sqrt(beta2) updates needn't shrink, and all missed
//   steps are replayed.
// - With weight decay a value goes on shrinking after that, one multiplication and one subtraction a step. An update of
// less than 2^-27 of a value that keeps at least half its size is lost in its rounding.
#include <doctest/doctest.h>
#include <weft/core/kernels.h>
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>
#include <weft/optim/adam_deferred.h>
#include <weft/optim/decay_clock.h>
#include <weft/optim/for_rows.h>
#include <weft/optim/optimizer.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace weft {
namespace {

static_assert(sizeof(DeferredRows::Step) == sizeof(kernels::AdamReplayArgs::Step));

/// decay_clock(beta, step), remembered by the thread: rows that are replayed one after another stand at few steps.
DecayClock remembered_clock(float beta, int64_t step) {
  struct Known {
    float beta = -1.0f;
    int64_t step = -1;
    DecayClock clock;
  };
  constexpr size_t kKnown = 256;
  thread_local std::array<std::array<Known, 2>, kKnown> table;  // two: of both means
  auto& place = table[static_cast<size_t>(step) % kKnown];
  Known& known = place[0].step == step && place[0].beta != beta ? place[1] : place[0];
  if (known.step != step || known.beta != beta) known = {beta, step, decay_clock(beta, step)};
  return known.clock;
}

bool settles(const AdamNumbers& n) {
  return n.beta1 <= 0.9999f * std::sqrt(n.beta2) && n.epsilon >= 1e-15f;
}

}  // namespace

AdamChunk adam_chunk(const AdamNumbers& numbers) {
  AdamChunk chunk;
  const double root = std::sqrt(static_cast<double>(numbers.beta2));
  const auto fallen = [root](int64_t i) { return 1.0 - std::pow(root, static_cast<double>(i)); };
  for (int64_t i = 0; i < AdamChunk::kMost; ++i) {
    const double half = 1.0 / (1.0 - fallen(i) / 2), one = 1.0 / (1.0 - fallen(i));
    chunk.bend[i] = static_cast<float>(4 * half - one - 3);
    chunk.curve[i] = static_cast<float>(2 - 4 * half + 2 * one);
  }
  // Where epsilon doesn't hide a v that has fallen to 0, the root is that of each step.
  if (numbers.epsilon < 1e-10f) return chunk;
  // m, too, is taken at the start: it falls by 2^8 at most.
  const double digits = -std::log2(static_cast<double>(numbers.beta1));
  while (chunk.length < AdamChunk::kMost && fallen(2 * chunk.length - 1) < 0.016 &&
         digits * static_cast<double>(2 * chunk.length) <= 8.0) {
    chunk.length *= 2;
  }
  return chunk;
}

void defer_adam(Optimizer& optimizer, const AdamNumbers& numbers) {
  optimizer.identity = std::make_shared<int>();
  optimizer.replay = [n = numbers, settles = settles(numbers), chunk = adam_chunk(numbers)](
                         const DeferredRows::Missed& missed, const UpdateRows& arrays) {
    kernels::AdamReplayArgs args{};
    args.n = arrays.width;
    args.chunk = chunk.length;
    args.bend = chunk.bend;
    args.curve = chunk.curve;
    args.epsilon = n.epsilon;
    args.largest_rate = missed.largest[2];
    args.largest_decay = missed.largest[1];
    args.decays = n.weight_decay > 0.0f;
    args.settles = settles;
    for_behind(missed, arrays, [&](int64_t row, int64_t from, std::span<const DeferredRows::Step> steps) {
      args.value = arrays.value + row * arrays.value_stride;
      args.m = arrays.slots[0] + row * arrays.slot_strides[0];
      args.v = arrays.slots[1] + row * arrays.slot_strides[1];
      args.vhat = arrays.slots[2] != nullptr ? arrays.slots[2] + row * arrays.slot_strides[2] : nullptr;
      args.steps = reinterpret_cast<const kernels::AdamReplayArgs::Step*>(steps.data());
      args.count = std::ssize(steps);
      args.place = (from + 1) % chunk.length;
      args.from1 = remembered_clock(n.beta1, from);
      args.from2 = remembered_clock(n.beta2, from);
      args.chunk1 = remembered_clock(n.beta1, from + 1 - args.place);
      args.chunk2 = remembered_clock(n.beta2, from + 1 - args.place);
      kernels::best().adam_replay(args);
    });
  };
}

namespace {

/// A table whose rows are left behind beside a parameter that is updated whole in every step. Row r of 40 is touched
/// every 1 + r^2 steps or so; the last rows never are.
struct Twins {
  static constexpr int64_t kRows = 40, kWidth = 11;
  ParameterStore deferred, whole;
  Parameter& table = deferred.add(options(true));
  Parameter& dense = whole.add(options(false));
  std::vector<float> gradient = std::vector<float>(kRows * kWidth);

  static ParameterOptions options(bool table) {
    // Values of all sizes, some of them 0.
    const Initializer initializer = [](std::span<float> out, int64_t first, const Shape&, const RandomStream&) {
      for (size_t i = 0; i < out.size(); ++i) {
        const auto k = static_cast<int>(first) + static_cast<int>(i);
        out[i] = k % 17 == 0 ? 0.0f : std::ldexp(static_cast<float>(k * 7919 % 1009 - 500), k % 23 - 20);
      }
    };
    return {.name = "t", .shape = {kRows, kWidth}, .initializer = initializer, .table = table};
  }

  void step(const Optimizer& optimizer, int64_t number) {
    Ids ids{{0}, {}, {}};
    for (int64_t row = 0; row < kRows - 5; ++row) {
      if (number % (1 + row * row) == row % 7) ids.ids.push_back(row);
    }
    if (ids.ids.empty()) ids.ids.push_back(0);
    Tensor dout({std::ssize(ids.ids), kWidth});
    random_normal_initializer()(dout.values(), 0, dout.shape(), {7, static_cast<uint64_t>(number)});
    std::ranges::fill(gradient, 0.0f);
    for (size_t i = 0; i < ids.ids.size(); ++i) {
      ids.offsets.push_back(static_cast<int64_t>(i) + 1);
      std::copy_n(dout.data() + static_cast<int64_t>(i) * kWidth, kWidth, gradient.begin() + ids.ids[i] * kWidth);
    }
    Tape tape;
    const Var read = embedding_lookup(tape, table, ids);
    for (size_t i = 0; i < ids.ids.size(); ++i) {
      for (int64_t k = 0; k < kWidth; ++k) {
        REQUIRE(read.value()[static_cast<int64_t>(i) * kWidth + k] == dense.value().data[ids.ids[i] * kWidth + k]);
      }
    }
    tape.backward(read, dout);
    std::ranges::copy(gradient, dense.add_to_gradient().data);
    optimizer.step(deferred);
    optimizer.step(whole);
  }

  static std::vector<float> state(const Parameter& parameter) {
    std::vector<float> all;
    const auto add = [&](const RowsView& view) {
      for (int64_t row = 0; row < view.rows; ++row) all.insert(all.end(), view.row(row).begin(), view.row(row).end());
    };
    add(parameter.value());
    for (size_t i = 0; i < parameter.slot_count(); ++i) add(parameter.slot(i).view);
    return all;
  }
};

}  // namespace

TEST_CASE("adam: rows left behind for long give the bits of a table updated whole, values and slots") {
  const LearningRate schedule = linear_warmup(
      {.warmup_steps = 50,
       .then = exponential_decay({.initial_learning_rate = 0.02f, .decay_steps = 1000, .decay_rate = 0.5f})});
  const Optimizer optimizers[] = {adam(),
                                  adam({.learning_rate = schedule}),
                                  with_keras_names(adam({.learning_rate = 0.01f, .epsilon = 1e-3f, .amsgrad = true})),
                                  adamw({.learning_rate = 0.01f, .weight_decay = 0.01f}),
                                  adamw({.weight_decay = 2.0f}),
                                  adam({.beta1 = 0.99f, .beta2 = 0.9f}),
                                  adam({.beta1 = 0.0f, .beta2 = 0.99f}),
                                  adam({.learning_rate = 0.1f, .beta1 = 0.95f, .beta2 = 0.0f})};
  for (const Optimizer& optimizer : optimizers) {
    Twins twins;
    for (int64_t number = 0; number < 3000; ++number) twins.step(optimizer, number);
    CHECK(Twins::state(twins.table) == Twins::state(twins.dense));
  }
}

TEST_CASE("adam: looking at a table while it is trained changes nothing, for any number of threads") {
  const Optimizer optimizer = adam({.learning_rate = 0.01f});
  Twins twins;
  for (int64_t number = 0; number < 1500; ++number) {
    const ThreadLimit limit(1 + static_cast<int>(number % 3));
    twins.step(optimizer, number);
    if (number % 97 == 50) CHECK(Twins::state(twins.table) == Twins::state(twins.dense));
  }
}

TEST_CASE("adam: a table without a gradient in a step stays as it is; another optimizer finds it up to date") {
  ParameterStore params;
  Parameter& table = params.add({.name = "t", .shape = {3, 2}, .initializer = constant_initializer(1), .table = true});
  Parameter& other = params.add({.name = "b", .shape = {1}, .initializer = zeros_initializer()});
  const Optimizer optimizer = adam();
  const auto touch = [&](int64_t row) {
    Tape tape;
    tape.backward(embedding_lookup(tape, table, Ids{{0, 1}, {row}, {}}), Tensor({1, 2}, {1, -2}));
    optimizer.step(params);
  };
  touch(1);
  touch(2);
  const float behind = table.stored().row(1)[0], before = table.value().row(1)[0];
  CHECK(before < behind);
  for (int i = 0; i < 5; ++i) {
    other.add_to_gradient().data[0] = 1;
    optimizer.step(params);
  }
  CHECK(table.value().row(1)[0] == before);
  touch(2);
  CHECK(table.stored().row(1)[0] == before);
  CHECK(table.value().row(1)[0] < before);
  touch(2);
  const float stored = table.stored().row(1)[0];
  Tape tape;
  tape.backward(embedding_lookup(tape, table, Ids{{0, 1}, {0}, {}}), Tensor({1, 2}, {1, 1}));
  sgd().step(params);
  CHECK_FALSE(table.deferred);
  CHECK(table.stored().row(1)[0] < stored);
}

TEST_CASE("adam: a row left alone settles where the formula's sum leads, within rounding") {
  ParameterStore params;
  Parameter& table =
      params.add({.name = "t", .shape = {2, 1}, .initializer = constant_initializer(0.125f), .table = true});
  const Optimizer optimizer = adam();
  double value = 0.125, m = 0, v = 0;
  for (int step = 1; step <= 5000; ++step) {
    const double g = step == 1 ? 0.3 : 0.0;
    Tape tape;
    tape.backward(embedding_lookup(tape, table, Ids{{0, 1}, {step == 1 ? 0 : 1}, {}}), Tensor({1, 1}, {0.3f}));
    optimizer.step(params);
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    value -= 0.001 * std::sqrt(1 - std::pow(0.999, step)) / (1 - std::pow(0.9, step)) * m / (std::sqrt(v) + 1e-8);
  }
  const float stored = table.stored().row(0)[0];
  CHECK(table.value().row(0)[0] != stored);
  CHECK(table.value().row(0)[0] == doctest::Approx(value).epsilon(1e-6));
  CHECK(table.slot("Adam_1").view.row(0)[0] == doctest::Approx(v).epsilon(1e-4));
}

}  // namespace weft
