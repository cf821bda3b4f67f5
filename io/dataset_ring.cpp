// BatchRing: draws in turn, makes in parallel, delivers in order.
#include <weft/core/parallel.h>
#include <weft/io/dataset_ring.h>

#include <algorithm>

namespace weft {
namespace {

/// Drops the values of an earlier batch and keeps its memory.
void clear(PendingBatch& pending) {
  pending.batch.features.clear_values();
  pending.batch.labels.clear();
  pending.batch.size = 0;
  pending.records.clear();
  pending.owners.clear();
}

}  // namespace

BatchRing::BatchRing(Dataset::Source source, Maps maps, int threads, int batches)
    : source_(std::move(source)), maps_(std::move(maps)), places_(threads == 0 ? 1 : static_cast<size_t>(batches) + 1) {
  // Whoever begins at once waits until all is there.
  const std::lock_guard lock(mutex_);
  if (threads > 0) ahead_.emplace(threads, [this] { return work(); });
}

BatchRing::~BatchRing() {
  {
    const std::lock_guard lock(mutex_);
    end();
  }
  ahead_.reset();  // waits for the batches in work
}

void BatchRing::end() {
  ended_ = true;
  ready_.notify_one();
}

/// With half the ring free one wake-up pays for several batches.
void BatchRing::wake_worker() {
  if (ended_) return;  // then ahead_ may be on its way out
  if (ahead_ && 2 * free_places() >= static_cast<int64_t>(places_.size())) ahead_->wake();
}

/// A batch ahead, by a thread beside the consumer's; false if there is no room.
bool BatchRing::work() {
  const ThreadLimit one(1);
  const StageRecording recording(stages_);
  std::unique_lock lock(mutex_);
  if (!can_produce()) return false;
  produce(lock);
  return true;
}

/// Draws the next batch and makes it; unlocks meanwhile.
void BatchRing::produce(std::unique_lock<std::mutex>& lock) {
  const int64_t number = drawn_;
  Place& mine = place(number);
  drawing_ = true;
  lock.unlock();
  const bool more = draw(mine);
  lock.lock();
  drawing_ = false;
  mine.done = !more;
  if (more || mine.error) ++drawn_;
  if (!more) return end();
  wake_worker();
  ready_.notify_one();  // the consumer may draw now

  lock.unlock();
  make(mine);
  lock.lock();
  mine.done = true;
  if (mine.error) end();
  if (number == taken_) ready_.notify_one();
}

bool BatchRing::draw(Place& place) {
  const StageTimer timer(Stage::read);
  try {
    place.error = nullptr;
    clear(place.pending);
    return source_.draw(place.pending);
  } catch (...) {
    place.error = std::current_exception();
    return false;
  }
}

void BatchRing::make(Place& place) {
  try {
    if (source_.make) source_.make(place.pending);
    for (const auto& f : maps_) f(place.pending.batch);
  } catch (...) {
    place.error = std::current_exception();
  }
}

const PendingBatch* BatchRing::next() {
  const StageTimer timer(Stage::wait);
  std::unique_lock lock(mutex_);
  released_ = taken_;
  wake_worker();
  while (!(taken_ < drawn_ ? place(taken_).done : ended_)) {
    // Rather than wait for others, the consumer makes what nobody is at: this batch or one after it.
    if (can_produce()) {
      produce(lock);
    } else {
      ready_.wait(lock);
    }
  }
  if (taken_ == drawn_) return nullptr;
  Place& ready = place(taken_);
  // The error's place is never released, so it is found again by every further call.
  if (ready.error) std::rethrow_exception(ready.error);
  ++taken_;
  return &ready.pending;
}

}  // namespace weft
