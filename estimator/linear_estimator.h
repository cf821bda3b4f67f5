// LinearEstimator: a weighted sum of feature columns under any head (tf.estimator.LinearEstimator).
#pragma once
#include <weft/estimator/estimator.h>
#include <weft/estimator/heads/head.h>
#include <weft/estimator/naming.h>
#include <weft/layers/feature_column.h>
#include <weft/layers/linear_model.h>

#include <memory>
#include <optional>
#include <string>

namespace weft {

struct LinearEstimatorOptions {
  Head head;
  /// Categorical columns as they are: each id has a weight. Dense ones too.
  FeatureColumns feature_columns;
  /// Where checkpoints are saved and found again. Empty: nothing is saved, the model lives in this object.
  std::string model_dir = {};
  /// Absent: Ftrl with a learning rate of min(0.2, 1 / sqrt(number of columns)).
  std::optional<Optimizer> optimizer = {};
  /// How the weights of several ids of one categorical column are combined.
  Combiner sparse_combiner = Combiner::sum;
  RunConfig config = {};
  /// A checkpoint of another model to start from, where model_dir has none.
  WarmStartSettings warm_start_from = {};
  /// How variables and slots are called in checkpoints.
  NamingScheme names = NamingScheme::v1;
};

/// An Estimator whose weights can be asked for. It may be moved into an Estimator, which goes on with the same model.
class LinearEstimator : public Estimator {
 public:
  /// Makes the parameters. Throws ValueError for options and columns, IoError and DataError for vocabularies and
  /// model_dir.
  explicit LinearEstimator(LinearEstimatorOptions options);

  /// The logits of a batch on a tape, [batch, head().logits_dimension()].
  Var logits(Tape& tape, const Features& features) const;
  const Head& head() const;
  const LinearModel& linear_model() const;

 private:
  struct Parts;
  LinearEstimator(const std::shared_ptr<Parts>& parts, LinearEstimatorOptions options);

  std::shared_ptr<const Parts> parts_;  // shared with the model's functions, which the base keeps
};

/// Ftrl with a learning rate of min(`most`, 1 / sqrt(number of columns)): what linear models are trained with by
/// default.
Optimizer default_linear_optimizer(const FeatureColumns& columns, float most = 0.2f);

}  // namespace weft
