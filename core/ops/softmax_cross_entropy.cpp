// softmax_cross_entropy: l = log(sum of exp(x)) - x[label]; dl/dx = softmax(x) - onehot(label).
#include <weft/core/elementwise.h>
#include <weft/core/error.h>
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/loss.h>
#include <weft/core/parallel.h>

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

/// Rows that a thread handles at once.
int64_t grain(int64_t C) {
  constexpr int64_t kNumbers = 1 << 13;
  return std::max<int64_t>(kNumbers / std::max<int64_t>(C, 1), 1);
}

/// The losses of rows of C logits; writes softmax(x) - onehot(label).
void row_losses(const float* x, int64_t rows, int64_t C, const int64_t* labels, double* losses, float* dx) {
  const Buffer shifted(static_cast<size_t>(rows * C) * sizeof(float));
  auto* s = shifted.as<float>();
  for (int64_t r = 0; r < rows; ++r) {
    const float largest = *std::max_element(x + r * C, x + (r + 1) * C);
    for (int64_t c = 0; c < C; ++c) s[r * C + c] = x[r * C + c] - largest;
  }
  kernels::functions().exp.forward(s, dx, rows * C);
  for (int64_t r = 0; r < rows; ++r) {
    float* row = dx + r * C;
    double total = 0.0;
    for (int64_t c = 0; c < C; ++c) total += row[c];
    for (int64_t c = 0; c < C; ++c) row[c] = static_cast<float>(row[c] / total);
    row[labels[r]] -= 1.0f;
    losses[r] = std::log(total) - s[r * C + labels[r]];
  }
}

}  // namespace

Var softmax_cross_entropy(Var logits, std::span<const int64_t> labels, const LossOptions& options) {
  check(logits, labels);
  const int64_t B = logits.shape()[0], C = logits.shape()[1];
  const Buffer factors = detail::loss_weights("softmax_cross_entropy", B, options).factors;
  Var out = logits.tape().make({});
  Tensor dlogits({B, C});
  const Buffer losses(static_cast<size_t>(B) * sizeof(double));
  parallel_for(B, grain(C), [&, x = logits.value().data()](int64_t begin, int64_t end) {
    row_losses(x + begin * C, end - begin, C, labels.data() + begin, losses.as<double>() + begin,
               dlogits.data() + begin * C);
    for (int64_t b = begin; b < end; ++b) {
      for (int64_t c = 0; c < C; ++c) dlogits[b * C + c] *= factors.as<float>()[b];
    }
  });
  double total = 0.0;
  for (int64_t b = 0; b < B; ++b) total += factors.as<float>()[b] * losses.as<double>()[b];
  out.value()[0] = static_cast<float>(total);
  if (logits.needs_gradient()) {
    logits.tape().record(out, [logits, out, B, C, dlogits = dlogits.buffer()] {
      const float dy = out.gradient()->item();
      float* dx = logits.gradient_sum();
      parallel_for(B, grain(C), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin * C; i < end * C; ++i) dx[i] += dy * dlogits.as<float>()[i];
      });
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

TEST_CASE("softmax_cross_entropy: the same bits for any number of threads") {
  Tensor x({700, 40});
  random_normal_initializer()(x.values(), 0, x.shape(), {1, 2});
  std::vector<int64_t> labels(700);
  for (size_t b = 0; b < labels.size(); ++b) labels[b] = static_cast<int64_t>(b % 40);
  CHECK(same_for_threads([&](Var v) { return softmax_cross_entropy(v, labels); }, x));
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
