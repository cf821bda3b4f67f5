// softmax_cross_entropy: l = log(sum of exp(x)) - x[label]; dl/dx = softmax(x) - onehot(label).
#include <weft/core/error.h>
#include <weft/core/ops/gradient_check.h>
#include <weft/core/ops/loss.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <string>

namespace weft {
namespace {

void check(const Var& logits, std::span<const int64_t> labels) {
  const Shape& shape = logits.shape();
  if (shape.rank() != 2 || shape[0] != static_cast<int64_t>(labels.size())) {
    throw ValueError("[softmax_cross_entropy] logits and labels don't fit: got " + to_string(shape) + " and [" +
                     std::to_string(labels.size()) + "], expected [batch, classes] and [batch].");
  }
  for (const int64_t label : labels) {
    if (label < 0 || label >= shape[1]) {
      throw ValueError("[softmax_cross_entropy] a label is out of range: got " + std::to_string(label) +
                       ", expected [0, " + std::to_string(shape[1]) + ").");
    }
  }
}

/// The loss of one row of C logits; writes softmax(x) - onehot(label).
double row_loss(const float* x, int64_t C, int64_t label, float* dx) {
  const float largest = *std::max_element(x, x + C);
  double total = 0.0;
  for (int64_t c = 0; c < C; ++c) total += dx[c] = std::exp(x[c] - largest);
  for (int64_t c = 0; c < C; ++c) dx[c] = static_cast<float>(dx[c] / total);
  dx[label] -= 1.0f;
  return std::log(total) + largest - x[label];
}

}  // namespace

Var softmax_cross_entropy(Var logits, std::span<const int64_t> labels, const LossOptions& options) {
  check(logits, labels);
  const int64_t B = logits.shape()[0], C = logits.shape()[1];
  const Buffer factors = detail::loss_weights("softmax_cross_entropy", B, options).factors;
  Var out = logits.tape().make({});
  Tensor dlogits({B, C});
  double total = 0.0;
  for (int64_t b = 0; b < B; ++b) {
    float* dx = dlogits.data() + b * C;
    const float factor = factors.as<float>()[b];
    total += factor * row_loss(logits.value().data() + b * C, C, labels[static_cast<size_t>(b)], dx);
    for (int64_t c = 0; c < C; ++c) dx[c] *= factor;
  }
  out.value()[0] = static_cast<float>(total);
  if (logits.needs_gradient()) {
    logits.tape().record(out, [logits, out, dlogits = dlogits.buffer()] {
      const float dy = out.gradient()->item();
      float* dx = logits.gradient_sum();
      for (int64_t i = 0; i < logits.value().size(); ++i) dx[i] += dy * dlogits.as<float>()[i];
    });
  }
  return out;
}

Var softmax_cross_entropy(Var logits, const Feature& labels, const LossOptions& options) {
  const int64_t B = logits.shape().rank() > 0 ? logits.shape()[0] : 0;
  if (!is_integer(labels.type)) {
    throw ValueError("[softmax_cross_entropy] labels: got " + std::string(to_string(labels.type)) +
                     ", expected integers: the number of the class.");
  }
  detail::label_values("softmax_cross_entropy", labels, B);
  return softmax_cross_entropy(logits, labels.integers, options);
}

TEST_CASE("softmax_cross_entropy: values by hand, large logits stay finite") {
  Tape tape;
  const Var x = tape.leaf(Tensor({2, 3}, {1, 1, 1, 1000, 0, 0}));
  const int64_t labels[] = {2, 0};
  CHECK(softmax_cross_entropy(x, labels).item() == doctest::Approx(std::log(3.0)));
}

TEST_CASE("softmax_cross_entropy: gradient against finite differences") {
  const Tensor x({2, 3}, {0.3f, -1.2f, 2.0f, 0.0f, 0.5f, 0.1f});
  const int64_t labels[] = {2, 0};
  const float weights[] = {0.5f, 3};
  const LossOptions options{.weights = weights, .reduction = Reduction::mean};
  CHECK(gradient_error([&](Var v) { return softmax_cross_entropy(v, labels, options); }, x) < 1e-3);
}

TEST_CASE("softmax_cross_entropy: labels out of range or of another type are refused") {
  Tape tape;
  const Var x = tape.leaf(Tensor({1, 3}, {1, 2, 3}));
  const int64_t below[] = {-1}, above[] = {3};
  CHECK_THROWS_AS(softmax_cross_entropy(x, below), ValueError);
  CHECK_THROWS_AS(softmax_cross_entropy(x, above), ValueError);
  CHECK_THROWS_AS(softmax_cross_entropy(x, dense_feature(std::vector<float>{1})), ValueError);
  CHECK(softmax_cross_entropy(x, dense_feature(std::vector<int64_t>{2})).item() == doctest::Approx(0.407606));
}

}  // namespace weft
