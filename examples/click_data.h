// The demo's data set on disk: TFRecord shards of clicks and a vocabulary file.
#pragma once
#include "click_model.h"

#include <cstdint>
#include <string>

struct ClickDataOptions {
  std::string directory;
  int64_t train_examples = 200'000;
  int64_t eval_examples = 20'000;
  int64_t videos = 2'000;
  int64_t train_shards = 8;
  uint64_t seed = 1;
};

struct ClickData {
  int64_t train_examples = 0;
  int64_t eval_examples = 0;
  double bytes = 0.0;     ///< of all shards
  double best_auc = 0.0;  ///< of the planted model's own logit on the held-out examples: nothing can do better
};

/// Writes <directory>/videos.txt (names by falling popularity), train-0000N.tfrecord and eval-00000.tfrecord with the
/// features watched_video_id and impression_video_id (names) and clicked (0 or 1).
ClickData write_click_data(const ClickModel& model, const ClickDataOptions& options);
