// Stage timers: how long the stages of reading and training take, for whoever asks.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft {

/// The stages of a batch, from its bytes to the updated parameters.
enum class Stage {
  read,      ///< bytes from files, records located
  crc,       ///< checksums of records
  parse,     ///< examples to features
  lookup,    ///< values to ids: vocabularies, hashes, buckets
  wait,      ///< the training thread waits for a batch
  gather,    ///< embedding rows to pooled activations
  forward,   ///< products of layers, bias and relu
  backward,  ///< their gradients
  coalesce,  ///< gradients of a table summed by row
  update,    ///< the optimizer's rule
  other,     ///< what a caller measures around these
};
inline constexpr size_t kStages = 11;
/// The stage's name above.
std::string_view to_string(Stage stage);

/// Time by stage; several threads may add at once.
class StageTimes {
 public:
  void add(Stage stage, int64_t nanoseconds) { of(stage).fetch_add(nanoseconds, std::memory_order_relaxed); }
  int64_t nanoseconds(Stage stage) const { return times_[static_cast<size_t>(stage)].load(std::memory_order_relaxed); }
  void clear();

 private:
  std::atomic<int64_t>& of(Stage stage) { return times_[static_cast<size_t>(stage)]; }
  std::array<std::atomic<int64_t>, kStages> times_{};
};

/// While it lives, the stages of this thread, and of the threads that make batches for a Dataset first read by it, are
/// added to `times` (null: to nothing), which must outlive that Dataset. A loop on several threads counts as the time
/// that its caller takes for it. As ThreadLimit, it belongs to a thread: two models on two threads don't meet.
class StageRecording {
 public:
  explicit StageRecording(StageTimes* times);
  StageRecording(const StageRecording&) = delete;
  StageRecording& operator=(const StageRecording&) = delete;
  ~StageRecording();

 private:
  StageTimes* previous_;
};

/// What this thread's stages are added to; null: nothing.
StageTimes* recorded_stages();

/// Measures a stage from here to its end, less the timers within it. Without a StageRecording it is one test of a
/// pointer; use it once a batch, never once an example.
class StageTimer {
 public:
  explicit StageTimer(Stage stage);
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;
  ~StageTimer();

 private:
  StageTimes* times_;
  StageTimer* outer_ = nullptr;
  Stage stage_;
  int64_t start_ = 0;
  int64_t within_ = 0;  ///< nanoseconds of timers inside this one
};

}  // namespace weft
