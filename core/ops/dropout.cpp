// dropout: y = x / (1 - rate) where a random number is at least rate, else 0; dx = dy / (1 - rate) there, else 0.
#include <weft/core/error.h>
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>
#include <weft/core/parallel.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <string>

namespace weft {
namespace {

/// Numbers that a thread handles at once, and random numbers drawn at once.
constexpr int64_t kGrain = 1 << 13;
constexpr int64_t kDraw = 256;

/// keep[i] = 1 where stream.uniform(begin + i) >= rate. Uniform numbers are 24 bits times 2^-24.
void draw(const RandomStream& stream, float rate, int64_t begin, int64_t end, uint8_t* keep) {
  const auto least = static_cast<uint32_t>(std::ceil(static_cast<double>(rate) * 0x1p24));
  uint32_t bits[kDraw];
  for (int64_t first = begin; first < end; first += kDraw) {
    const int64_t count = std::min(kDraw, end - first);
    stream.fill_bits(static_cast<uint64_t>(first), {bits, static_cast<size_t>(count)});
    for (int64_t i = 0; i < count; ++i) keep[first + i] = (bits[i] >> 8) >= least ? 1 : 0;
  }
}

void forward(const Tensor& x, const DropoutOptions& options, float scale, uint8_t* keep, Tensor& out) {
  const float* in = x.data();
  float* y = out.data();
  parallel_for(x.size(), kGrain, [&](int64_t begin, int64_t end) {
    draw(options.stream, options.rate, begin, end, keep);
    for (int64_t i = begin; i < end; ++i) y[i] = keep[i] ? in[i] * scale : 0.0f;
  });
}

}  // namespace

Var dropout(Var x, const DropoutOptions& options) {
  if (!(options.rate >= 0.0f && options.rate < 1.0f)) {
    throw ValueError("[dropout] rate must be a scalar tensor or a float in the range [0, 1): got " +
                     std::to_string(options.rate) + ". Give the share that is dropped.");
  }
  if (!x.tape().training() || options.rate == 0.0f) return x;
  Var out = x.tape().make(x.shape());
  const Buffer keep(static_cast<size_t>(x.value().size()));
  const float scale = 1.0f / (1.0f - options.rate);
  forward(x.value(), options, scale, keep.as<uint8_t>(), out.value());
  if (x.needs_gradient()) {
    x.tape().record(out, [x, out, keep, scale] {
      const float* dy = out.gradient()->data();
      const uint8_t* kept = keep.as<uint8_t>();
      float* dx = x.gradient_sum();
      parallel_for(x.value().size(), kGrain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) dx[i] += kept[i] ? dy[i] * scale : 0.0f;
      });
    });
  }
  return out;
}

TEST_CASE("dropout: places by the stream, the kept scaled up, the gradient likewise") {
  const RandomStream stream{3, 4};
  Tape tape;
  const Var x = tape.leaf(Tensor::full({1001}, 3.0f));
  const Var y = dropout(x, {.rate = 0.25f, .stream = stream});
  tape.backward(y, Tensor::full({1001}, 0.75f));
  int64_t dropped = 0;
  for (int64_t i = 0; i < 1001; ++i) {
    const bool keep = stream.uniform(static_cast<uint64_t>(i)) >= 0.25f;
    dropped += keep ? 0 : 1;
    CHECK(y.value()[i] == (keep ? 4.0f : 0.0f));
    CHECK((*x.gradient())[i] == (keep ? 1.0f : 0.0f));
  }
  CHECK(dropped > 200);
  CHECK(dropped < 300);
}

TEST_CASE("dropout: nothing happens outside training and for rate 0") {
  Tape silent({.record = false});
  const Var x = silent.leaf(Tensor({2}, {1, 2}));
  CHECK(&dropout(x, {.rate = 0.9f}).value() == &x.value());
  Tape tape;
  const Var z = tape.leaf(Tensor({2}, {1, 2}));
  CHECK(&dropout(z, {.rate = 0.0f}).value() == &z.value());
  CHECK_THROWS_AS(dropout(z, {.rate = 1.0f}), ValueError);
  CHECK_THROWS_AS(dropout(z, {.rate = -0.1f}), ValueError);
  CHECK_THROWS_AS(dropout(z, {.rate = NAN}), ValueError);
}

TEST_CASE("dropout: gradient against finite differences, the same bits for any threads") {
  const auto op = [](Var x) { return dropout(x, {.rate = 0.4f, .stream = {1, 2}}); };
  CHECK(gradient_error([&](Var x) { return sum(square(op(x))); }, between(-1, 1, 20)) < 1e-3);
  CHECK(same_for_threads(op));
}

}  // namespace weft
