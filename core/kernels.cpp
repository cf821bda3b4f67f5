// Choice of the kernels at run time.
#include <weft/core/kernels.h>

#include <doctest/doctest.h>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace weft::kernels {

using std::size_t;

namespace baseline {
extern const Kernels kTable;
}
#if defined(__x86_64__)
namespace avx2 {
extern const Kernels kTable;
}
namespace avx512 {
extern const Kernels kTable;
}
#endif

namespace {

/// The sets that this processor has, the best one last.
std::vector<const Kernels*> sets() {
  std::vector<const Kernels*> sets = {&baseline::kTable};
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return sets;
  sets.push_back(&avx2::kTable);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw")) {
    sets.push_back(&avx512::kTable);
  }
#endif
  return sets;
}

}  // namespace

const Kernels& best() {
  static const Kernels& chosen = *sets().back();
  return chosen;
}

const Kernels& plain() {
  return baseline::kTable;
}

namespace {

/// Numbers without a pattern in a small range.
std::vector<float> numbers(size_t n, uint32_t seed) {
  std::vector<float> out(n);
  for (float& x : out) {
    seed = seed * 1664525 + 1013904223;
    x = static_cast<float>(seed >> 8) * 0x1p-23f - 1.0f;
  }
  return out;
}

}  // namespace

TEST_CASE("kernels: every set does what the plain loop says, for every width") {
  const std::vector<int32_t> ids = {3, 0, 3, 2, 5, 1, 4}, offsets = {0, 3, 3, 4, 7};
  for (int64_t width = 1; width < 300; width = width < 40 ? width + 1 : width * 3 / 2) {
    const auto n = static_cast<size_t>(width);
    const int64_t stride = width + 3;
    const auto padded = static_cast<size_t>(sums_stride(width));
    const auto table = numbers(6 * static_cast<size_t>(stride), 1), dout = numbers(4 * n, 2), scales = numbers(7, 3);
    for (const bool per_bag : {true, false}) {
      std::vector<float> plain_out, plain_sums;
      for (const Kernels* set : sets()) {
        CAPTURE(width);
        std::vector<float> out(4 * n, 9.0f), sums(6 * padded, 1.0f), sums_of_uses(6 * padded, 1.0f);
        set->lookup({table.data(), stride, width, ids.data(), offsets.data(), scales.data(), per_bag, 4, 0, 4,
                     out.data(), width});
        set->add_bags({ids.data(), offsets.data(), scales.data(), per_bag, 4, dout.data(), width}, sums.data(), width);
        std::vector<Use> uses;
        for (int32_t bag = 0; bag < 4; ++bag) {
          for (auto i = static_cast<size_t>(offsets[static_cast<size_t>(bag)]);
               i < static_cast<size_t>(offsets[static_cast<size_t>(bag) + 1]); ++i) {
            uses.push_back({ids[i], bag, scales[per_bag ? static_cast<size_t>(bag) : i]});
          }
        }
        set->add_uses({uses.data(), 7, dout.data(), width}, sums_of_uses.data(), width);
        std::vector<double> want_out(4 * n, 0.0), want_sums(6 * padded, 1.0);
        for (const Use& use : uses) {
          for (size_t k = 0; k < n; ++k) {
            want_out[static_cast<size_t>(use.bag) * n + k] +=
                use.scale * table[static_cast<size_t>(use.row * stride) + k];
            want_sums[static_cast<size_t>(use.row) * padded + k] +=
                use.scale * dout[static_cast<size_t>(use.bag) * n + k];
          }
        }
        for (size_t i = 0; i < want_out.size(); ++i) CHECK(out[i] == doctest::Approx(want_out[i]).epsilon(1e-5));
        // What lies between the sums of short rows is nobody's.
        for (size_t i = 0; i < want_sums.size(); ++i) {
          if (i % padded >= n) sums[i] = sums_of_uses[i] = 1.0f;
          CHECK(sums[i] == doctest::Approx(want_sums[i]).epsilon(1e-5));
        }
        CHECK(sums == sums_of_uses);
        if (set == &plain()) {
          plain_out = out;
          plain_sums = sums;
        }
        // Each number is summed in the order of the ids, whatever the width of a vector: the same bits.
        CHECK(out == plain_out);
        CHECK(sums == plain_sums);
      }
    }
  }
}

TEST_CASE("kernels: adagrad does what its formula says, for rows of every width, the same bits in every set") {
  const std::vector<int32_t> rows = {3, 0, 2};
  const float settings[] = {0.5f, 1e-3f};
  for (size_t n = 1; n < 200; n = n < 40 ? n + 1 : n * 3 / 2) {
    const auto gradients = numbers(3 * n, 6);
    const size_t stride = 2 * n + 1;
    std::vector<float> plain_table;
    for (const Kernels* set : sets()) {
      // A row: its value, its accumulator, a number that stays.
      auto table = numbers(4 * stride, 7);
      for (float& x : table) x += 1.5f;
      const auto before = table;
      const auto width = static_cast<int64_t>(n);
      const auto step = static_cast<int64_t>(stride);
      set->rules.adagrad(
          {{table.data(), table.data() + n}, {step, step}, rows.data(), gradients.data(), width, 3, width, settings});
      std::vector<double> want(before.begin(), before.end());
      for (size_t i = 0; i < 3; ++i) {
        for (size_t k = 0; k < n; ++k) {
          const size_t at = static_cast<size_t>(rows[i]) * stride + k;
          const double g = gradients[i * n + k];
          want[at + n] += g * g;
          want[at] -= 0.5 * g / (std::sqrt(want[at + n]) + 1e-3);
        }
      }
      for (size_t i = 0; i < table.size(); ++i) CHECK(table[i] == doctest::Approx(want[i]).epsilon(1e-5));
      if (set == &plain()) plain_table = table;
      CHECK(table == plain_table);
    }
  }
}

TEST_CASE("kernels: the optimizers' rules have the same bits in every set, for every width") {
  using R = Rules;
  constexpr Rule R::*rules[] = {&R::gradient_descent,
                                &R::momentum,
                                &R::nesterov,
                                &R::keras_momentum,
                                &R::keras_nesterov,
                                &R::rmsprop,
                                &R::centered_rmsprop,
                                &R::keras_rmsprop,
                                &R::keras_centered_rmsprop,
                                &R::adadelta,
                                &R::adagrad_da,
                                &R::proximal_adagrad,
                                &R::proximal_gradient_descent,
                                &R::ftrl,
                                &R::rowwise_adagrad,
                                &R::adam,
                                &R::adamw,
                                &R::amsgrad,
                                &R::lazy_adam};
  // Whatever a rule takes them for: small positive numbers.
  float settings[24];
  for (int i = 0; i < 24; ++i) settings[i] = 0.5f + 0.01f * static_cast<float>(i);
  for (const auto rule : rules) {
    for (size_t n = 1; n < 100; n = n < 20 ? n + 1 : n * 3 / 2) {
      const auto gradient = numbers(n, 11);
      std::vector<std::vector<float>> first;
      for (const Kernels* set : sets()) {
        std::vector<std::vector<float>> arrays = {numbers(n, 12)};
        // Squares' means are positive, and larger than those of the numbers themselves.
        for (int slot = 0; slot < 4; ++slot) arrays.emplace_back(n, 2.0f - 0.4f * static_cast<float>(slot));
        RuleArgs args{{}, {}, nullptr, gradient.data(), 0, 1, static_cast<int64_t>(n), settings};
        for (size_t i = 0; i < arrays.size(); ++i) args.arrays[i] = arrays[i].data();
        const auto before = arrays[0];
        (set->rules.*rule)(args);
        CHECK(arrays[0] != before);
        for (const float x : arrays[0]) CHECK(std::isfinite(x));
        if (set == &plain()) first = arrays;
        CHECK(arrays == first);
      }
    }
  }
}

TEST_CASE("kernels: a fused multiplication and addition is rounded once, in every set") {
  // Adam's rule ends with value - pull * (m / (sqrt(v) + epsilon)), fused; here v is 0, epsilon 1 and m exact.
  const auto value = numbers(4096, 20), gradient = numbers(4096, 21);
  for (const float pull : {1.0f / 3.0f, 0.7f, 1.0f + 0x1p-23f, 0x1p-23f / 3.0f}) {
    float settings[24] = {};
    settings[0] = pull;
    settings[7] = 1.0f;                                 // epsilon
    settings[8] = settings[10] = settings[11] = 1.0f;   // m's scale, its inverse
    settings[12] = settings[13] = settings[16] = 1.0f;  // m's new number, v's scale, its inverse
    for (const Kernels* set : sets()) {
      auto x = value, m = std::vector<float>(4096), v = m;
      RuleArgs args{{x.data(), m.data(), v.data()}, {}, nullptr, gradient.data(), 0, 1, 4096, settings};
      set->rules.adam(args);
      for (size_t i = 0; i < x.size(); ++i) CHECK(x[i] == std::fma(-pull, m[i], value[i]));
    }
  }
}

TEST_CASE("kernels: Adam's missed steps have the same bits in every set, for every width") {
  std::vector<std::array<float, 8>> steps;
  std::vector<float> bend(16), curve(16);
  for (int i = 0; i < 16; ++i) {
    bend[static_cast<size_t>(i)] = 0.0005f * static_cast<float>(i);
    curve[static_cast<size_t>(i)] = 0.00001f * static_cast<float>(i);
  }
  // Powers of 2^-0.25, whose scales repeat, and of 2^-0.001 or so.
  for (int i = 1; i <= 100; ++i) {
    const float scale = std::exp2(static_cast<float>(-i & 3) / 4);
    steps.push_back({0.01f * scale, 0.001f, 0.01f, scale, 1.5f, static_cast<float>((-i) >> 2), -1.0f, 0.0f});
  }
  for (size_t n = 1; n < 200; n = n < 40 ? n + 1 : n * 3 / 2) {
    for (const bool decays : {false, true}) {
      for (const bool amsgrad : {false, true}) {
        if (decays && amsgrad) continue;
        std::vector<std::vector<float>> first;
        for (const Kernels* set : sets()) {
          std::vector<std::vector<float>> arrays = {numbers(n, 22), numbers(n, 23), numbers(n, 24), numbers(n, 25)};
          for (float& x : arrays[2]) x = std::abs(x);
          for (float& x : arrays[3]) x = std::abs(x);
          const auto before = arrays;
          AdamReplayArgs args{};
          args.value = arrays[0].data();
          args.m = arrays[1].data();
          args.v = arrays[2].data();
          args.vhat = amsgrad ? arrays[3].data() : nullptr;
          args.n = static_cast<int64_t>(n);
          args.steps = reinterpret_cast<const AdamReplayArgs::Step*>(steps.data());
          args.count = std::ssize(steps);
          args.chunk = 16;
          args.place = 1;
          args.bend = bend.data();
          args.curve = curve.data();
          args.epsilon = 1e-3f;
          args.largest_rate = 0.02f;
          args.largest_decay = decays ? 0.001f : 0.0f;
          args.decays = decays;
          args.settles = true;
          set->adam_replay(args);
          if (set == &plain()) first = arrays;
          CHECK(arrays == first);
          for (size_t i = 0; i < 3; ++i) CHECK(arrays[i] != before[i]);
          CHECK(arrays[3] == before[3]);
        }
      }
    }
  }
}

TEST_CASE("kernels: dot, axpy and column sums") {
  for (const Kernels* set : sets()) {
    for (size_t n : {0, 1, 7, 33, 100}) {
      auto x = numbers(n, 4), y = numbers(n, 5);
      double want = 0;
      for (size_t i = 0; i < n; ++i) want += x[i] * y[i];
      CHECK(set->dot(x.data(), y.data(), static_cast<int64_t>(n)) == doctest::Approx(want).epsilon(1e-5));
      const auto before = y;
      set->axpy(0.5f, x.data(), y.data(), static_cast<int64_t>(n));
      for (size_t i = 0; i < n; ++i) CHECK(y[i] == doctest::Approx(before[i] + 0.5f * x[i]));
    }
    const float x[] = {1, 2, 3, 10, 20, 30};
    float sums[3];
    set->column_sums(x, 2, 3, sums);
    CHECK(sums[0] == 11);
    CHECK(sums[2] == 33);
  }
}

TEST_CASE("kernels: back through relu with column sums, for every width, the same bits in every set") {
  const size_t rows = 5;
  for (size_t width = 1; width < 300; width = width < 40 ? width + 1 : width * 3 / 2) {
    const auto out = numbers(rows * width, 1), before = numbers(rows * width, 2);
    for (const Kernels* set : sets()) {
      auto dout = before;
      std::vector<float> sums(width, 9.0f), again(width), want(width);
      set->relu_column_sums(dout.data(), out.data(), rows, static_cast<int64_t>(width), sums.data());
      for (size_t i = 0; i < dout.size(); ++i) {
        CHECK(dout[i] == (out[i] > 0 ? before[i] : 0.0f));
        want[i % width] += dout[i];
      }
      CHECK(sums == want);
      set->column_sums(dout.data(), rows, static_cast<int64_t>(width), again.data());
      CHECK(again == sums);
    }
  }
}

}  // namespace weft::kernels
