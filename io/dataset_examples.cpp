// Batches of examples: draw() chooses records, make() checks and parses them.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/random.h>
#include <weft/io/dataset_examples.h>
#include <weft/io/example.h>

#include <algorithm>

namespace weft {
namespace {

/// What draw() hands to make() beside the records' bytes.
struct Drawn {
  std::vector<FiledRecord> origins;
  std::vector<char> bytes;  ///< the records of a shuffled batch, end to end
};

Drawn& drawn_of(PendingBatch& pending) {
  if (pending.context == nullptr) pending.context = std::make_shared<Drawn>();
  return *static_cast<Drawn*>(pending.context.get());
}

class ExampleSource {
 public:
  ExampleSource(RecordFeed feed, const ExampleBatching& batching);

  bool draw(PendingBatch& pending);
  void make(PendingBatch& pending) const;
  void seek(const DatasetPosition& position);
  DatasetPosition position() const { return position_; }

 private:
  bool shuffled() const { return batching_.shuffle_buffer > 1; }
  bool finished() const { return batching_.repeat && position_.epoch >= *batching_.repeat; }
  void start_epoch(int64_t epoch);
  bool take(FiledRecord& record);
  void collect(PendingBatch& pending, Drawn& drawn);
  void check_label() const;

  RecordFeed feed_;
  ExampleBatching batching_;
  ExampleParser parser_;
  DatasetPosition position_;
  // Of the epoch in course:
  ShuffleBuffer buffer_;
  bool started_ = false;  ///< the feed has been restarted for it
  bool feed_ended_ = false;
  uint64_t draws_ = 0;
};

uint64_t fingerprint_of(const ExampleBatching& batching) {
  const uint64_t seed = batching.shuffle_buffer > 1 ? batching.seed : 0;
  const uint64_t hash = stream_of(fmt::format("{}\n{} {} {} {}", batching.feed_description, batching.batch_size,
                                              batching.shuffle_buffer, seed, batching.drop_remainder));
  return std::max<uint64_t>(hash, 1);  // 0 says that a stream has no positions
}

void check(const ExampleBatching& batching) {
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

ExampleSource::ExampleSource(RecordFeed feed, const ExampleBatching& batching)
    : feed_(std::move(feed)), batching_(batching), parser_(batching.spec), buffer_(batching.shuffle_buffer) {
  check_label();
  position_.fingerprint = fingerprint_of(batching_);
}

void ExampleSource::check_label() const {
  if (batching_.label.empty()) return;
  const auto found = batching_.spec.find(batching_.label);
  if (found == batching_.spec.end()) {
    throw ValueError(
        fmt::format("[{}] the label is not in the spec: got {}, expected one of its {} keys. Add it to the spec.",
                    batching_.where, batching_.label, batching_.spec.size()));
  }
  if (!std::holds_alternative<FixedLenFeature>(found->second)) {
    throw ValueError(
        fmt::format("[{}] the label {} must be dense: got a VarLenFeature, expected a FixedLenFeature. Change "
                    "the spec.",
                    batching_.where, batching_.label));
  }
}

void ExampleSource::start_epoch(int64_t epoch) {
  position_.epoch = epoch;
  position_.examples = 0;
  buffer_.clear();
  started_ = false;
  feed_ended_ = false;
  draws_ = 0;
}

/// The next example of the epoch in its order; false at the epoch's end.
bool ExampleSource::take(FiledRecord& record) {
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
void ExampleSource::collect(PendingBatch& pending, Drawn& drawn) {
  drawn.origins.clear();
  drawn.bytes.clear();
  FiledRecord next;
  while (std::ssize(drawn.origins) < batching_.batch_size && take(next)) {
    if (shuffled()) drawn.bytes.insert(drawn.bytes.end(), next.record.data.begin(), next.record.data.end());
    const auto* owner = next.record.owner;
    if (owner != nullptr && (pending.owners.empty() || pending.owners.back() != *owner))
      pending.owners.push_back(*owner);
    next.record.owner = nullptr;  // it points into the reader, which goes on
    drawn.origins.push_back(next);
  }
  const char* copy = drawn.bytes.data();
  for (FiledRecord& origin : drawn.origins) {
    if (shuffled()) origin.record.data = {copy, origin.record.data.size()};
    copy += shuffled() ? origin.record.data.size() : 0;
    pending.records.push_back(origin.record.data);
  }
}

bool ExampleSource::draw(PendingBatch& pending) {
  Drawn& drawn = drawn_of(pending);
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

void ExampleSource::make(PendingBatch& pending) const {
  const Drawn& drawn = drawn_of(pending);
  if (!feed_.files.empty()) {
    for (const FiledRecord& origin : drawn.origins) {
      RecordReader::check(origin.record, feed_.files[static_cast<size_t>(origin.file)]);
    }
  }
  parser_.parse(pending.records, pending.batch.features, [this, &drawn](size_t example) {
    const FiledRecord& origin = drawn.origins[example];
    if (feed_.files.empty()) return fmt::format("record {}", origin.record.number);
    return fmt::format("{}, record {}, offset {}", feed_.files[static_cast<size_t>(origin.file)], origin.record.number,
                       origin.record.offset);
  });
  pending.batch.size = std::ssize(pending.records);
  if (batching_.label.empty()) return;
  std::swap(pending.batch.labels, pending.batch.features[batching_.label]);
  pending.batch.features.remove(batching_.label);
}

void ExampleSource::seek(const DatasetPosition& position) {
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

Dataset batches_of_examples(RecordFeed feed, const ExampleBatching& batching) {
  check(batching);
  // Shared, because functions are copied; the three halves are one source.
  const auto source = std::make_shared<ExampleSource>(std::move(feed), batching);
  return Dataset(Dataset::Source{
      .draw = [source](PendingBatch& pending) { return source->draw(pending); },
      .make = [source](PendingBatch& pending) { source->make(pending); },
      .seek = [source](const DatasetPosition& position) { source->seek(position); },
      .start = source->position(),
  });
}

}  // namespace weft
