// concat: y = [x0, x1, ...] side by side; dx_i = its columns of dy.
#include <weft/core/error.h>
#include <weft/core/ops/ops.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <string>

namespace weft {
namespace {

void check(std::span<const Var> parts) {
  if (parts.empty())
    throw ValueError("[concat] there is nothing to put side by side: got no parts, expected at least one.");
  for (const Var& part : parts) {
    if (part.shape().rank() != 2 || part.shape()[0] != parts[0].shape()[0]) {
      throw ValueError("[concat] parts don't fit: got " + to_string(part.shape()) + " beside " +
                       to_string(parts[0].shape()) + ", expected [batch, width] of one batch size.");
    }
  }
}

}  // namespace

Var concat(std::span<const Var> parts) {
  check(parts);
  Tape& tape = parts[0].tape();
  int64_t width = 0;
  for (const Var& part : parts) width += part.shape()[1];
  const int64_t batch = parts[0].shape()[0];
  Var out = tape.make({batch, width});
  int64_t first = 0;
  for (const Var part : parts) {
    const int64_t w = part.shape()[1];
    for (int64_t b = 0; b < batch; ++b) {
      std::copy_n(part.value().data() + b * w, w, out.value().data() + b * width + first);
    }
    if (part.needs_gradient()) {
      tape.record(out, [part, out, first, w, width, batch] {
        const float* dy = out.gradient()->data() + first;
        float* dx = part.gradient_sum();
        for (int64_t b = 0; b < batch; ++b) {
          for (int64_t k = 0; k < w; ++k) dx[b * w + k] += dy[b * width + k];
        }
      });
    }
    first += w;
  }
  return out;
}

TEST_CASE("concat: values and gradients by hand, a part used twice") {
  Tape tape;
  const Var a = tape.leaf(Tensor({2, 1}, {1, 2})), b = tape.leaf(Tensor({2, 2}, {3, 4, 5, 6}));
  const Var parts[] = {a, b, a};
  const Var y = concat(parts);
  CHECK(y.shape() == Shape{2, 4});
  const float want[] = {1, 3, 4, 1, 2, 5, 6, 2};
  CHECK(std::ranges::equal(y.value().values(), want));
  tape.backward(y, Tensor({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}));
  CHECK((*a.gradient())[0] == 5);
  CHECK((*a.gradient())[1] == 13);
  CHECK((*b.gradient())[3] == 7);
}

TEST_CASE("concat: parts of different batches are refused") {
  Tape tape;
  const Var parts[] = {tape.leaf(Tensor::zeros({2, 1})), tape.leaf(Tensor::zeros({3, 1}))};
  CHECK_THROWS_AS(concat(parts), ValueError);
  CHECK_THROWS_AS(concat({}), ValueError);
}

}  // namespace weft
