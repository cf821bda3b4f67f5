// Batches of records: draw() chooses them, the maker works on them.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/random.h>
#include <weft/io/record_batches.h>

#include <algorithm>

namespace weft {
namespace {

DrawnRecords& drawn_of(PendingBatch& pending) {
  if (pending.context == nullptr) pending.context = std::make_shared<DrawnRecords>();
  return *static_cast<DrawnRecords*>(pending.context.get());
}

class RecordBatches {
 public:
  RecordBatches(RecordFeed feed, const RecordBatching& batching, MakeRecords make);

  bool draw(PendingBatch& pending);
  void make(PendingBatch& pending) const;
  void seek(const DatasetPosition& position);
  DatasetPosition position() const { return position_; }

 private:
  bool shuffled() const { return batching_.shuffle_buffer > 1; }
  bool finished() const { return batching_.repeat && position_.epoch >= *batching_.repeat; }
  void start_epoch(int64_t epoch);
  bool take(FiledRecord& record);
  void collect(PendingBatch& pending, DrawnRecords& drawn);

  RecordFeed feed_;
  RecordBatching batching_;
  MakeRecords make_;
  DatasetPosition position_;
  // Of the epoch in course:
  ShuffleBuffer buffer_;
  bool started_ = false;  ///< the feed has been restarted for it
  bool feed_ended_ = false;
  uint64_t draws_ = 0;
};

uint64_t fingerprint_of(const RecordBatching& batching) {
  const uint64_t seed = batching.shuffle_buffer > 1 ? batching.seed : 0;
  const uint64_t hash = stream_of(fmt::format("{}\n{} {} {} {}", batching.feed_description, batching.batch_size,
                                              batching.shuffle_buffer, seed, batching.drop_remainder));
  return std::max<uint64_t>(hash, 1);  // 0 says that a stream has no positions
}

void check(const RecordBatching& batching) {
  const auto refuse = [&](std::string_view what, int64_t got, int64_t least, std::string_view cure) {
    throw ValueError(
        fmt::format("[{}] {} is too small: got {}, expected at least {}. {}", batching.where, what, got, least, cure));
  };
  if (batching.batch_size < 1) refuse("batch_size", batching.batch_size, 1, "Give the number of examples a batch.");
  if (batching.shuffle_buffer < 0) {
    refuse("shuffle_buffer", batching.shuffle_buffer, 0, "Give 0 to read in file order.");
  }
  if (batching.repeat && *batching.repeat < 0) {
    refuse("repeat", *batching.repeat, 0, "Give std::nullopt to repeat for ever.");
  }
}

RecordBatches::RecordBatches(RecordFeed feed, const RecordBatching& batching, MakeRecords make)
    : feed_(std::move(feed)), batching_(batching), make_(std::move(make)), buffer_(batching.shuffle_buffer) {
  position_.fingerprint = fingerprint_of(batching_);
}

void RecordBatches::start_epoch(int64_t epoch) {
  position_.epoch = epoch;
  position_.examples = 0;
  buffer_.clear();
  started_ = false;
  feed_ended_ = false;
  draws_ = 0;
}

/// The next example of the epoch in its order; false at the epoch's end.
bool RecordBatches::take(FiledRecord& record) {
  if (!started_) feed_.restart();
  started_ = true;
  if (!shuffled()) return feed_.next(record);
  while (!feed_ended_ && !buffer_.full()) {
    if (feed_.next(record)) {
      buffer_.add(record);
    } else {
      feed_ended_ = true;
    }
  }
  if (buffer_.size() == 0) return false;
  const RandomStream random{.seed = batching_.seed, .stream = static_cast<uint64_t>(position_.epoch)};
  buffer_.prefetch(random.below(draws_ + 8, buffer_.size()));  // the right one while the size stays
  record = buffer_.take(random.below(draws_++, buffer_.size()));
  return true;
}

/// Up to batch_size examples of this epoch. Records in file order stay where they were read; shuffled ones are copied.
void RecordBatches::collect(PendingBatch& pending, DrawnRecords& drawn) {
  drawn.records.clear();
  drawn.bytes.clear();
  FiledRecord next;
  while (std::ssize(drawn.records) < batching_.batch_size && take(next)) {
    if (shuffled()) drawn.bytes.insert(drawn.bytes.end(), next.record.data.begin(), next.record.data.end());
    const auto* owner = next.record.owner;
    if (owner != nullptr && (pending.owners.empty() || pending.owners.back() != *owner))
      pending.owners.push_back(*owner);
    next.record.owner = nullptr;  // it points into the reader, which goes on
    drawn.records.push_back(next);
  }
  const char* copy = drawn.bytes.data();
  for (FiledRecord& origin : drawn.records) {
    if (shuffled()) origin.record.data = {copy, origin.record.data.size()};
    copy += shuffled() ? origin.record.data.size() : 0;
    pending.records.push_back(origin.record.data);
  }
}

bool RecordBatches::draw(PendingBatch& pending) {
  DrawnRecords& drawn = drawn_of(pending);
  while (!finished()) {
    pending.records.clear();
    collect(pending, drawn);
    const int64_t count = std::ssize(pending.records);
    const bool whole = count == batching_.batch_size;
    const bool given = whole || (count > 0 && !batching_.drop_remainder);
    if (given) position_.examples += count;
    const bool barren = position_.examples == 0;  // an epoch without a batch: so are all others
    if (!whole) start_epoch(position_.epoch + 1);
    if (given) {
      pending.after = position_;
      return true;
    }
    if (barren) return false;
  }
  return false;
}

void RecordBatches::make(PendingBatch& pending) const {
  make_(pending, drawn_of(pending));
  pending.batch.size = std::ssize(pending.records);
  if (batching_.label.empty()) return;
  std::swap(pending.batch.labels, pending.batch.features[batching_.label]);
  pending.batch.features.remove(batching_.label);
}

void RecordBatches::seek(const DatasetPosition& position) {
  if (position.epoch < 0 || position.examples < 0) {
    throw ValueError(
        fmt::format("[Dataset::seek] no such position: got epoch {}, example {}, expected none below 0. Use "
                    "what position() gave.",
                    position.epoch, position.examples));
  }
  start_epoch(position.epoch);
  if (finished()) return;
  FiledRecord skipped;
  for (; position_.examples < position.examples; ++position_.examples) {
    if (take(skipped)) continue;
    throw DataError(
        fmt::format("[Dataset::seek] the data end before the position: got {} examples, expected at least "
                    "{}. Use the files that the position was saved with.",
                    position_.examples, position.examples));
  }
}

}  // namespace

void check_label(const ParseSpec& spec, const std::string& label, const std::string& where) {
  if (label.empty()) return;
  const auto found = spec.find(label);
  if (found == spec.end()) {
    throw ValueError(
        fmt::format("[{}] the label is not in the spec: got {}, expected one of its {} keys. Add it to the spec.",
                    where, label, spec.size()));
  }
  if (!std::holds_alternative<FixedLenFeature>(found->second)) {
    constexpr const char* kinds[] = {"FixedLenFeature", "VarLenFeature", "FixedLenSequenceFeature", "SparseFeature",
                                     "RaggedFeature"};
    throw ValueError(
        fmt::format("[{}] the label {} must have the same number of values in every example: got a {}, expected a "
                    "FixedLenFeature. Read it as one.",
                    where, label, kinds[found->second.index()]));
  }
}

Dataset batches_of_records(RecordFeed feed, const RecordBatching& batching, MakeRecords make) {
  check(batching);
  // Shared, because functions are copied; the three halves are one source.
  const auto source = std::make_shared<RecordBatches>(std::move(feed), batching, std::move(make));
  return Dataset(Dataset::Source{
      .draw = [source](PendingBatch& pending) { return source->draw(pending); },
      .make = [source](PendingBatch& pending) { source->make(pending); },
      .seek = [source](const DatasetPosition& position) { source->seek(position); },
      .start = source->position(),
  });
}

}  // namespace weft
