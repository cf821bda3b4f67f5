// The losses of retrieval: one right candidate among the batch's, or among a few sampled ones.
#pragma once
#include <weft/core/candidate_sampler.h>
#include <weft/core/ops/losses.h>
#include <weft/core/parameter.h>
#include <weft/core/tape.h>

#include <cstdint>
#include <span>

namespace weft {

struct InBatchSoftmaxOptions {
  /// ln of the probability that a row's candidate is in a batch, [batch]: taken from the scores, so that frequent
  /// candidates are not pushed down for being negatives often. Empty: none.
  std::span<const float> log_q = {};
  /// What the candidates are, [batch]: the same one in another row is no negative. Empty: all are.
  std::span<const int64_t> candidate_ids = {};
  /// The scores are divided by it.
  float temperature = 1.0f;
  std::span<const float> weights = {};
  Reduction reduction = Reduction::sum;
};
/// The softmax loss of retrieval: row b's query and candidate belong together, the batch's other candidates are its
/// negatives. queries, candidates [batch, width] -> a scalar; the scores are their dot products. Yi et al.,
/// "Sampling-bias-corrected neural modeling for large corpus item recommendations" (RecSys 2019). Throws ValueError on
/// other shapes.
Var in_batch_softmax_loss(Var queries, Var candidates, const InBatchSoftmaxOptions& options = {});

struct SampledSoftmaxOptions {
  /// A sampled class that is a row's label is none of its negatives.
  bool remove_accidental_hits = true;
  std::span<const float> weights = {};
  Reduction reduction = Reduction::sum;
};
/// The softmax loss over many classes by a few sampled ones (tf.nn.sampled_softmax_loss), reduced: inputs [batch,
/// width], tables weights [classes, width] and biases [classes, 1], labels [batch]. The tables' gradients are rows.
/// Throws ValueError on other shapes and for a sample that was not made for these labels.
Var sampled_softmax_loss(Var inputs, Parameter& weights, Parameter& biases, std::span<const int64_t> labels,
                         const CandidateSample& sample, const SampledSoftmaxOptions& options = {});

}  // namespace weft
