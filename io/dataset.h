// Dataset: a stream of batches, made ahead by other threads, with a position that can be saved.
#pragma once
#include <weft/core/features.h>
#include <weft/core/parse_spec.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft {

/// Where a data set is: enough to go on with the next batch in another process.
struct DatasetPosition {
  /// What the position belongs to: files with their sizes, batch size, shuffling, seed. Another fingerprint: another
  /// data set. 0: a stream that can't be sought.
  uint64_t fingerprint = 0;
  int64_t epoch = 0;
  int64_t examples = 0;  ///< taken in this epoch
  bool operator==(const DatasetPosition&) const = default;
};

/// A batch on its way: the raw records that draw() put there, then what make() made of them. It is used again and
/// again: draw() gets it without values, but with the memory (and the context) of an earlier batch.
struct PendingBatch {
  Batch batch;
  std::vector<std::string_view> records;            ///< serialized examples
  std::vector<std::shared_ptr<const void>> owners;  ///< keep the records' bytes
  std::shared_ptr<void> context;                    ///< whatever draw() must hand to make(), as where the records stood
  DatasetPosition after;                            ///< the position once this batch is taken
};

/// A stream of batches, as a value that is moved. Iterate it with a range-for, or call next().
class Dataset {
 public:
  /// The two halves of a source. draw() is called by one thread at a time, in order, and is cheap: it says which
  /// examples make the next batch and returns false at the end. make() does the work on them; several threads call it
  /// at once on different batches. What they throw comes out of next(), after the batches before.
  struct Source {
    std::function<bool(PendingBatch&)> draw;
    /// Absent: nothing is left to do.
    std::function<void(PendingBatch&)> make;
    /// Goes to a position this source gave out earlier; absent: can't.
    std::function<void(const DatasetPosition&)> seek;
    DatasetPosition start;
  };
  explicit Dataset(Source source);
  /// From a function that fills a batch and returns false at the end: the user's own generator. It is called in order,
  /// by one thread at a time. A Batch::size left at 0 is taken from the labels or the first feature. It can't be
  /// sought.
  explicit Dataset(std::function<bool(Batch&)> next);
  Dataset(Dataset&&) noexcept;
  Dataset& operator=(Dataset&&) noexcept;
  /// Waits for the batches that are being made.
  ~Dataset();

  /// Runs f on every batch after it is made, where it is made: by several threads at once. Throws ValueError after the
  /// first next().
  Dataset& map(std::function<void(Batch&)> f) &;
  Dataset map(std::function<void(Batch&)> f) && { return std::move(map(std::move(f))); }
  /// Makes up to `batches` batches ahead on up to `threads` of the threads that parallel loops use too, between loops;
  /// next() itself makes a batch that nobody has begun. 0 threads: next() makes each. The batches and their order are
  /// the same. Throws ValueError after the first next(), for threads < 0 or batches < 1.
  Dataset& prefetch(int threads, int batches = 8) &;
  Dataset prefetch(int threads, int batches = 8) && { return std::move(prefetch(threads, batches)); }

  /// The next batch, or null at the end, however often it is called there. It is valid until the next call of next().
  /// Throws what making the batch threw; after that the stream is over, and every further call throws the same.
  const Batch* next();

  /// The position after the batch that next() gave last.
  const DatasetPosition& position() const;
  /// Goes on after a saved position. False, and nothing happens, if it belongs to another data set or the source can't.
  /// Throws ValueError after the first next(), DataError if the files no longer reach that far.
  bool seek(const DatasetPosition& position);

  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;
    using pointer = const Batch*;
    using reference = const Batch&;
    iterator(Dataset* dataset, const Batch* batch) : dataset_(dataset), batch_(batch) {}
    const Batch& operator*() const { return *batch_; }
    iterator& operator++() {
      batch_ = dataset_->next();
      return *this;
    }
    bool operator==(const iterator& other) const { return batch_ == other.batch_; }

   private:
    Dataset* dataset_;
    const Batch* batch_;
  };
  iterator begin() { return {this, next()}; }
  iterator end() { return {this, nullptr}; }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// tf.data.TFRecordDataset, shuffle, batch, repeat and tf.io.parse_example in one.
struct ReadExamplesOptions {
  /// File names or globs ('*', '?', '[...]'); a glob's matches come in ASCII order. A list may be given in
  /// `more_files`.
  std::string files = {};
  std::vector<std::string> more_files = {};
  ParseSpec spec = {};
  /// A FixedLenFeature of the spec that becomes Batch::labels; empty: no label.
  std::string label = {};
  /// Examples a batch; the last one of every epoch may be shorter.
  int64_t batch_size = 128;
  /// Examples to draw from at random; 0: in file order. Every epoch is drawn anew.
  int64_t shuffle_buffer = 0;
  uint64_t seed = 1;
  /// Epochs; absent: for ever.
  std::optional<int64_t> repeat = 1;
  /// Leaves out the short batch at the end of an epoch.
  bool drop_remainder = false;
  /// Reads files shard_index, shard_index + shard_count, ... only (records instead if there are fewer files than
  /// shards).
  int64_t shard_count = 1;
  int64_t shard_index = 0;
  /// "", "GZIP" or "ZLIB".
  std::string compression = {};
};
/// Batches of parsed examples. Throws ValueError for options that can't be and IoError if no file matches; next()
/// throws DataError (path, record number, offset) when bytes are wrong.
Dataset read_examples(const ReadExamplesOptions& options);

}  // namespace weft
