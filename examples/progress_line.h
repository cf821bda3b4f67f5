// ProgressLine: how far a training run is, in one line that renews itself on a terminal, else in a few plain lines.
#pragma once
#include <weft/estimator/training/training.h>

#include <cstdint>

/// Give show() to TrainOptions::progress.
class ProgressLine {
 public:
  explicit ProgressLine(int64_t batch_size);
  void show(const weft::TrainProgress& progress);
  /// Ends a line that stands on a terminal.
  void finish();

 private:
  double batch_size_;
  bool terminal_;
  double mean_loss_ = 0.0;
  double shown_at_ = 0.0;
};
