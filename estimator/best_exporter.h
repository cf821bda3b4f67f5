// BestExporter: keeps a copy of the checkpoints that were the best so far (tf.estimator.BestExporter).
#pragma once
#include <weft/estimator/metrics/metrics.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace weft {

/// Whether `current` is better than `best`.
using CompareFn = std::function<bool(const Metrics& best, const Metrics& current)>;
/// The smaller `loss` is the better.
bool loss_smaller(const Metrics& best, const Metrics& current);
/// The smaller, or larger, metric of this name is the better.
CompareFn metric_smaller(std::string name);
CompareFn metric_larger(std::string name);

struct BestExporterOptions {
  /// Copies go to "<model_dir>/export/<name>".
  std::string name = "best_exporter";
  CompareFn compare_fn = loss_smaller;
  /// The newest, which are the best; 0 keeps all.
  int exports_to_keep = 5;
};

/// A value. The copies make a model directory: its newest checkpoint is the best, to be restored, warm-started from or
/// predicted with. Beside it a file `best_metrics` has the numbers of that checkpoint, so that a run which is resumed
/// goes on comparing with them.
class BestExporter {
 public:
  /// Throws ValueError for a name that is no single folder's, no compare_fn, or exports_to_keep below 0.
  explicit BestExporter(BestExporterOptions options = {});
  const BestExporterOptions& options() const { return options_; }
  std::string directory(const std::string& model_dir) const;
  /// The metrics of the best so far; nothing if there is none. Throws DataError if they can't be understood.
  std::optional<Metrics> best(const std::string& model_dir) const;
  /// Copies a checkpoint of this global step if its metrics are better than the best so far, or the first. The copy
  /// appears whole or not at all. Returns its path. Throws IoError, what compare_fn throws.
  std::optional<std::string> export_if_better(const std::string& model_dir, const std::string& checkpoint, int64_t step,
                                              const Metrics& metrics) const;

 private:
  BestExporterOptions options_;
};

}  // namespace weft
