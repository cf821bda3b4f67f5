// in_batch_softmax_loss: softmax_cross_entropy of Q C^T / temperature - log_q with row b's label b: every other row's
// candidate is a negative.
#include <weft/core/error.h>
#include <weft/core/ops/function_check.h>
#include <weft/core/ops/ops.h>

#include <doctest/doctest.h>
#include <array>
#include <cmath>
#include <numeric>
#include <string>

namespace weft {
namespace {

/// What a candidate that is no negative has added to its score: no share in the softmax is left of it.
constexpr float kExcluded = -1e30f;

void check(const Var& queries, const Var& candidates, const InBatchSoftmaxOptions& options) {
  const auto refuse = [](const std::string& what) { throw ValueError("[in_batch_softmax_loss] " + what); };
  if (queries.shape().rank() != 2 || !(queries.shape() == candidates.shape())) {
    refuse("shapes: got " + to_string(queries.shape()) + " and " + to_string(candidates.shape()) +
           ", expected [batch, width] twice.");
  }
  const auto batch = static_cast<size_t>(queries.shape()[0]);
  for (const size_t count : {options.log_q.size(), options.candidate_ids.size()}) {
    if (count != 0 && count != batch) {
      refuse("got " + std::to_string(count) +
             " numbers of log_q or candidate_ids, expected one a row: " + std::to_string(batch) + ".");
    }
  }
  if (!(options.temperature > 0.0f)) {
    refuse("temperature: got " + std::to_string(options.temperature) + ", expected a number above 0.");
  }
}

/// [batch] with -log_q.
Tensor corrections(std::span<const float> log_q) {
  Tensor row({static_cast<int64_t>(log_q.size())});
  for (int64_t j = 0; j < row.size(); ++j) row[j] = -log_q[static_cast<size_t>(j)];
  return row;
}

/// [batch, batch] with kExcluded where another row has the same candidate.
Tensor exclusions(std::span<const int64_t> ids) {
  const auto B = static_cast<int64_t>(ids.size());
  Tensor mask({B, B});
  for (int64_t b = 0; b < B; ++b) {
    const int64_t own = ids[static_cast<size_t>(b)];
    for (int64_t j = 0; j < B; ++j) mask[b * B + j] = j != b && ids[static_cast<size_t>(j)] == own ? kExcluded : 0.0f;
  }
  return mask;
}

}  // namespace

Var in_batch_softmax_loss(Var queries, Var candidates, const InBatchSoftmaxOptions& options) {
  check(queries, candidates, options);
  Tape& tape = queries.tape();
  Var scores = matmul(queries, candidates, {.transpose_b = true});
  if (options.temperature != 1.0f) scores = mul(scores, 1.0f / options.temperature);
  if (!options.log_q.empty()) scores = add(scores, tape.constant(corrections(options.log_q)));
  if (!options.candidate_ids.empty()) scores = add(scores, tape.constant(exclusions(options.candidate_ids)));
  const auto batch = static_cast<size_t>(queries.shape()[0]);
  const Buffer own(batch * sizeof(int64_t));
  const std::span labels(own.as<int64_t>(), batch);
  std::iota(labels.begin(), labels.end(), int64_t{0});
  return softmax_cross_entropy(scores, labels, {.weights = options.weights, .reduction = options.reduction});
}

TEST_CASE("in_batch_softmax_loss: by hand, plain, corrected, with a candidate twice") {
  Tape tape;
  const Var q = tape.leaf(Tensor({2, 1}, {1, 2})), c = tape.leaf(Tensor({2, 1}, {3, 1}));
  const auto row = [](double own, double other) { return std::log(std::exp(own) + std::exp(other)) - own; };
  CHECK(in_batch_softmax_loss(q, c).item() == doctest::Approx(row(3, 1) + row(2, 6)));
  CHECK(in_batch_softmax_loss(q, c, {.temperature = 2}).item() == doctest::Approx(row(1.5, 0.5) + row(1, 3)));
  const float log_q[] = {-1, -2}, weights[] = {1, 3};
  CHECK(in_batch_softmax_loss(q, c, {.log_q = log_q, .weights = weights, .reduction = Reduction::mean}).item() ==
        doctest::Approx((row(4, 3) + 3 * row(4, 7)) / 4));
  const int64_t same[] = {5, 5}, different[] = {5, 6};
  CHECK(in_batch_softmax_loss(q, c, {.candidate_ids = same}).item() == 0);
  CHECK(in_batch_softmax_loss(q, c, {.candidate_ids = different}).item() == in_batch_softmax_loss(q, c).item());
}

TEST_CASE("in_batch_softmax_loss: gradients of both towers against finite differences, the same bits for any threads") {
  Tensor q({4, 3}), c({4, 3});
  random_normal_initializer()(q.values(), 0, q.shape(), {1, 2});
  random_normal_initializer()(c.values(), 0, c.shape(), {1, 3});
  const int64_t ids[] = {1, 2, 1, 3};
  const float log_q[] = {-1, -2, -1, -3};
  const InBatchSoftmaxOptions options{.log_q = log_q, .candidate_ids = ids, .temperature = 0.7f};
  CHECK(gradient_error([&](Var x) { return in_batch_softmax_loss(x, x.tape().constant(c), options); }, q) < 2e-3);
  CHECK(gradient_error([&](Var x) { return in_batch_softmax_loss(x.tape().constant(q), x, options); }, c) < 2e-3);
  Tensor large({300, 16});
  random_normal_initializer()(large.values(), 0, large.shape(), {1, 2});
  CHECK(same_for_threads([](Var x) { return in_batch_softmax_loss(x, x); }, large));
}

TEST_CASE("in_batch_softmax_loss: what doesn't fit") {
  Tape tape;
  const Var q = tape.leaf(Tensor::zeros({2, 3}));
  const float one[] = {1};
  CHECK_THROWS_AS(in_batch_softmax_loss(q, tape.leaf(Tensor::zeros({3, 3}))), ValueError);
  CHECK_THROWS_AS(in_batch_softmax_loss(q, q, {.log_q = one}), ValueError);
  CHECK_THROWS_AS(in_batch_softmax_loss(q, q, {.temperature = 0}), ValueError);
  const Var none = tape.leaf(Tensor(Shape{0, 3}));
  CHECK(in_batch_softmax_loss(none, none).item() == 0);
}

}  // namespace weft
