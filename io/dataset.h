// Dataset: a stream of batches, made ahead by other threads, with a position that can be saved.
#pragma once
#include <weft/core/features.h>
#include <weft/core/parse_spec.h>

#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft {

/// Where a data set is: enough to go on with the next batch in another process.
struct DatasetPosition {
  /// What the position belongs to: files with their sizes, batch size, shuffling, seed. Another fingerprint: another data set.
  uint64_t fingerprint = 0;
  int64_t epoch = 0;
  int64_t examples = 0;  ///< taken in this epoch
  bool operator==(const DatasetPosition&) const = default;
};

/// A batch on its way: the raw records that draw() put there, then what make() made of them.
struct PendingBatch {
  Batch batch;
  std::vector<std::string_view> records;                ///< serialized examples
  std::vector<std::shared_ptr<const void>> owners;      ///< keep the records' bytes
  std::shared_ptr<void> context;                        ///< whatever draw() must hand to make(), as where the records stood
  DatasetPosition after;                                ///< the position once this batch is taken
};

/// A stream of batches, as a value that is moved. Iterate it with a range-for, or call next().
class Dataset {
 public:
  /// The two halves of a source. draw() is called by one thread at a time, in order, and is cheap: it says which examples make the next batch and
  /// returns false at the end. make() does the work on them; several threads call it at once on different batches.
  struct Source {
    std::function<bool(PendingBatch&)> draw;
    std::function<void(PendingBatch&)> make;
    /// Goes to a position this source gave out earlier; absent: can't.
    std::function<void(const DatasetPosition&)> seek;
    DatasetPosition start;
  };
  explicit Dataset(Source source);
  /// From a function that fills a batch and returns false at the end: the user's own generator.
  explicit Dataset(std::function<bool(Batch&)> next);
  Dataset(Dataset&&) noexcept;
  Dataset& operator=(Dataset&&) noexcept;
  ~Dataset();

  /// Runs f on every batch after it is made, where it is made: by several threads at once. Only before the first next().
  Dataset& map(std::function<void(Batch&)> f);
  /// Makes up to `batches` batches ahead on `threads` threads of its own; 0 threads: next() makes each when asked.
  /// Only before the first next(). The batches and their order are the same.
  Dataset& prefetch(int threads, int batches = 4);

  /// The next batch, or null at the end. It is valid until the next call of next().
  const Batch* next();

  /// The position after the batch that next() gave last.
  const DatasetPosition& position() const;
  /// Goes on after a saved position. False, and nothing happens, if it belongs to another data set. Only before the first next().
  bool seek(const DatasetPosition& position);

  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;
    iterator(Dataset* dataset, const Batch* batch) : dataset_(dataset), batch_(batch) {}
    const Batch& operator*() const { return *batch_; }
    iterator& operator++() {
      batch_ = dataset_->next();
      return *this;
    }
    bool operator!=(const iterator& other) const { return batch_ != other.batch_; }

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

/// tf.data.TFRecordDataset and tf.io.parse_example in one.
struct ReadExamplesOptions {
  /// File names or globs ('*', '?', '[...]'); a glob's matches come in ASCII order. A list may be given in `more_files`.
  std::string files;
  std::vector<std::string> more_files = {};
  ParseSpec spec;
  /// A key of the spec that becomes Batch::labels; empty: no label.
  std::string label = {};
  int64_t batch_size = 128;
  /// Examples to draw from at random; 0: in file order. Every epoch is drawn anew.
  int64_t shuffle_buffer = 0;
  uint64_t seed = 1;
  /// Epochs; absent: for ever.
  std::optional<int64_t> repeat = 1;
  bool drop_remainder = false;
  /// Reads files shard_index, shard_index + shard_count, ... only (records instead if there are fewer files than shards).
  int64_t shard_count = 1;
  int64_t shard_index = 0;
  /// "", "GZIP" or "ZLIB".
  std::string compression = {};
};
/// Batches of parsed examples. Throws IoError if no file matches; the batches throw DataError (path, record number, offset)
/// when their bytes are wrong.
Dataset read_examples(const ReadExamplesOptions& options);

}  // namespace weft
