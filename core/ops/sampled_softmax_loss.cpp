// sampled_softmax_loss: softmax_cross_entropy of [x . w_label + b_label - ln q_label, x . w_s + b_s - ln q_s ...] with
// label 0: a few sampled classes s stand for all others.
#include <weft/core/error.h>
#include <weft/core/ops/gradient_check.h>
#include <weft/core/ops/ops.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

namespace weft {
namespace {

/// What is added to the score of a sampled class that is the row's own.
constexpr float kExcluded = -1e30f;

void check(const Var& inputs, const Parameter& weights, const Parameter& biases, std::span<const int64_t> labels,
           const CandidateSample& sample) {
  const Shape &x = inputs.shape(), &w = weights.shape(), &b = biases.shape();
  const bool fits = x.rank() == 2 && w.rank() == 2 && x[1] == w[1] && b == Shape{w[0], 1} && weights.table() &&
                    biases.table() && labels.size() == static_cast<size_t>(x[0]);
  if (!fits) {
    throw ValueError("[sampled_softmax_loss] got inputs " + to_string(x) + ", weights " + to_string(w) + ", biases " +
                     to_string(b) + " and " + std::to_string(labels.size()) +
                     " labels, expected [batch, width], tables [classes, width] and [classes, 1], and [batch].");
  }
  if (sample.ids.empty() || sample.expected_counts.size() != sample.ids.size() ||
      sample.true_expected_counts.size() != labels.size()) {
    throw ValueError("[sampled_softmax_loss] sample: got " + std::to_string(sample.ids.size()) + " ids, " +
                     std::to_string(sample.expected_counts.size()) + " expected_counts and " +
                     std::to_string(sample.true_expected_counts.size()) +
                     " true_expected_counts, expected at least one id, a count each, and one a label. Use "
                     "sample_candidates with the labels.");
  }
}

/// Rows of a table, one an id: [ids, width].
Var rows(Tape& tape, Parameter& table, std::span<const int64_t> ids) {
  thread_local Ids bags;
  bags.ids.assign(ids.begin(), ids.end());
  bags.offsets.resize(ids.size() + 1);
  std::iota(bags.offsets.begin(), bags.offsets.end(), int64_t{0});
  return embedding_lookup(tape, table, bags,
                          {.combiner = Combiner::sum, .safe = false, .name = "sampled_softmax_loss"});
}

/// -ln of each count.
Tensor corrections(std::span<const float> counts, const Shape& shape) {
  Tensor out(shape);
  std::ranges::transform(counts, out.data(), [](float count) { return -std::log(count); });
  return out;
}

/// [batch, sampled] with kExcluded where a sampled class is the row's label.
Tensor exclusions(std::span<const int64_t> labels, std::span<const int64_t> sampled) {
  Tensor mask({static_cast<int64_t>(labels.size()), static_cast<int64_t>(sampled.size())});
  float* place = mask.data();
  for (const int64_t label : labels) {
    for (const int64_t id : sampled) *place++ = id == label ? kExcluded : 0.0f;
  }
  return mask;
}

}  // namespace

Var sampled_softmax_loss(Var inputs, Parameter& weights, Parameter& biases, std::span<const int64_t> labels,
                         const CandidateSample& sample, const SampledSoftmaxOptions& options) {
  check(inputs, weights, biases, labels, sample);
  Tape& tape = inputs.tape();
  const int64_t B = inputs.shape()[0], S = static_cast<int64_t>(sample.ids.size());
  Var own = add(row_dot(inputs, rows(tape, weights, labels)), rows(tape, biases, labels));
  own = add(own, tape.constant(corrections(sample.true_expected_counts, {B, 1})));
  Var others = matmul(inputs, rows(tape, weights, sample.ids), {.transpose_b = true});
  others = add(others, reshape(rows(tape, biases, sample.ids), {1, S}));
  others = add(others, tape.constant(corrections(sample.expected_counts, {1, S})));
  if (options.remove_accidental_hits) others = add(others, tape.constant(exclusions(labels, sample.ids)));
  const Var parts[] = {own, others};
  const Buffer first(labels.size_bytes());
  std::fill_n(first.as<int64_t>(), labels.size(), 0);
  return softmax_cross_entropy(concat(parts), std::span<const int64_t>(first.as<int64_t>(), labels.size()),
                               {.weights = options.weights, .reduction = options.reduction});
}

namespace {

Initializer numbers(std::vector<float> values) {
  return [values = std::move(values)](std::span<float> out, int64_t first, const Shape&, const RandomStream&) {
    std::copy_n(values.begin() + first, out.size(), out.begin());
  };
}

/// The model that TensorFlow 2.15 was asked about (tf.nn.sampled_softmax_loss with these sampled_values).
struct Model {
  ParameterStore params;
  Parameter& weights = params.add({.name = "weights",
                                   .shape = {5, 2},
                                   .initializer = numbers({.1f, .2f, .3f, -.1f, -.2f, .4f, .5f, .6f, -.3f, .1f}),
                                   .table = true});
  Parameter& biases = params.add(
      {.name = "biases", .shape = {5, 1}, .initializer = numbers({.01f, .02f, .03f, .04f, .05f}), .table = true});
  Tensor x{{3, 2}, {1, 2, -1, .5f, .3f, .7f}};
  std::vector<int64_t> labels{3, 1, 0};
  CandidateSample sample{{1, 4, 0}, {.9f, .5f, 1.3f}, {.4f, .9f, 1.3f}};
};

}  // namespace

TEST_CASE("sampled_softmax_loss: TensorFlow's losses and gradients, with accidental hits and without") {
  for (const bool remove : {true, false}) {
    Model m;
    Tape tape;
    const Var x = tape.leaf(m.x);
    const Var loss =
        sampled_softmax_loss(x, m.weights, m.biases, m.labels, m.sample, {.remove_accidental_hits = remove});
    CHECK(loss.item() == doctest::Approx(remove ? 3.515624 : 3.877992).epsilon(1e-6));
    tape.backward(loss);
    CHECK((*x.gradient())[0] == doctest::Approx(-0.12232174).epsilon(1e-5));
    CHECK((*x.gradient())[2] == doctest::Approx(remove ? -0.42671746 : -0.36310235).epsilon(1e-5));
    // Own and sampled rows of the table: two shares, never a dense gradient.
    CHECK(m.weights.row_gradient().shares.size() == 2);
    CHECK(m.weights.dense_gradient() == nullptr);
  }
}

TEST_CASE("sampled_softmax_loss: the table's rows receive TensorFlow's gradients") {
  Model m;
  Tape tape;
  tape.backward(sampled_softmax_loss(tape.leaf(m.x), m.weights, m.biases, m.labels, m.sample));
  const auto summed = [](const Parameter& table) {
    std::vector<double> sums(static_cast<size_t>(table.shape().size()));
    const auto width = static_cast<size_t>(table.shape()[1]);
    for (const Share& share : table.row_gradient().shares) {
      for (int64_t i = 0; i < share.count(); ++i) {
        for (size_t k = 0; k < width; ++k) {
          sums[static_cast<size_t>(share.ids.as<int32_t>()[i]) * width + k] +=
              share.dout[i * share.dout_stride + static_cast<int64_t>(k)];
        }
      }
    }
    return sums;
  };
  const double dweights[] = {-0.33506912, -0.3218638,  0.9757033,   -0.08265129, 0,
                             0,           -0.23749065, -0.47498131, -0.40314358, 0.87949632};
  const double dbiases[] = {-0.53847498, -0.47828281, 0, -0.23749065, 1.25424825};
  const auto w = summed(m.weights), b = summed(m.biases);
  for (size_t i = 0; i < w.size(); ++i) CHECK(w[i] == doctest::Approx(dweights[i]).epsilon(1e-5));
  for (size_t i = 0; i < b.size(); ++i) CHECK(b[i] == doctest::Approx(dbiases[i]).epsilon(1e-5));
}

TEST_CASE("sampled_softmax_loss: gradient against finite differences, samples of another batch are refused") {
  Model m;
  const auto loss = [&](Var x) { return sampled_softmax_loss(x, m.weights, m.biases, m.labels, m.sample); };
  CHECK(gradient_error(loss, m.x) < 1e-3);
  Tape tape;
  const Var x = tape.leaf(m.x);
  m.sample.true_expected_counts.pop_back();
  CHECK_THROWS_AS(loss(x), ValueError);
  m.labels.pop_back();
  CHECK_THROWS_AS(loss(x), ValueError);
}

}  // namespace weft
