// BatchRing: makes a source's batches in order, on threads of its own, in a ring of batches that are used again.
#pragma once
#include <weft/core/parallel.h>
#include <weft/core/stage_timer.h>
#include <weft/io/dataset.h>

#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>

namespace weft {

/// The machine behind Dataset::next. A thread that finds a free place of the ring draws the next batch into it, one
/// thread at a time, and then makes it while others draw; the consumer takes the places in order. The threads are those
/// of the parallel loops, between loops, and the consumer's itself when the batch that it wants is not ready. A thread
/// that found no room is woken when half the ring is free, so that it makes several batches a wake-up.
class BatchRing {
 public:
  using Maps = std::vector<std::function<void(Batch&)>>;
  /// `batches` is how many may stand ready beside the one that the consumer holds. Without threads next() does the
  /// work.
  BatchRing(Dataset::Source source, Maps maps, int threads, int batches);
  BatchRing(const BatchRing&) = delete;
  BatchRing& operator=(const BatchRing&) = delete;
  ~BatchRing();

  /// The next batch, valid until the next call, or null at the end. Rethrows what draw, make or a map threw.
  const PendingBatch* next();

 private:
  struct Place {
    PendingBatch pending;
    std::exception_ptr error;
    bool done = false;
  };

  Place& place(int64_t number) { return places_[static_cast<size_t>(number) % places_.size()]; }
  int64_t free_places() const { return static_cast<int64_t>(places_.size()) - (drawn_ - released_); }
  bool can_produce() const { return !ended_ && !drawing_ && free_places() > 0; }
  bool work();
  void produce(std::unique_lock<std::mutex>& lock);
  bool draw(Place& place);
  void make(Place& place);
  void end();
  void wake_worker();

  const Dataset::Source source_;
  const Maps maps_;
  StageTimes* const stages_ = recorded_stages();  ///< of who reads first: what the workers' stages are added to
  std::vector<Place> places_;                     ///< batch number n stands in place n mod size

  std::mutex mutex_;               ///< guards what follows, and Place::done
  std::condition_variable ready_;  ///< the consumer waits for the batch that is next, or for room to make one
  int64_t drawn_ = 0;              ///< batches drawn so far
  int64_t taken_ = 0;              ///< batches given to the consumer
  int64_t released_ = 0;           ///< batches that the consumer is done with
  bool drawing_ = false;
  bool ended_ = false;                   ///< nothing more is to be drawn
  std::optional<BackgroundWork> ahead_;  ///< makes batches; none if next() does it
};

}  // namespace weft
