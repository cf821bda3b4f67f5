// Batches of records from any feed: shuffled, batched and repeated, with positions. What a record holds is the maker's.
#pragma once
#include <weft/io/dataset.h>
#include <weft/io/shuffle.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace weft {

/// The records of one epoch, in order.
struct RecordFeed {
  /// Goes back to the first record.
  std::function<void()> restart;
  /// The next record and the number of its file; false after the last. The record is valid until the next call, its
  /// bytes as long as a copy of *Record::owner or, without one, as long as the feed.
  std::function<bool(FiledRecord&)> next;
  /// The files' names, by which errors name a record. Empty: the records lie in memory.
  std::vector<std::string> files;
};

/// What becomes of the records; the fields are those of ReadExamplesOptions.
struct RecordBatching {
  std::string label = {};  ///< the feature that becomes Batch::labels; empty: none
  int64_t batch_size = 128;
  int64_t shuffle_buffer = 0;
  uint64_t seed = 1;
  std::optional<int64_t> repeat = {};
  bool drop_remainder = false;
  std::string where = {};             ///< starts the texts of errors: "read_examples"
  std::string feed_description = {};  ///< enters the fingerprint of positions
};

/// The records of a batch on their way from draw() to make().
struct DrawnRecords {
  std::vector<FiledRecord> records;  ///< without owners; their bytes live as long as the batch
  std::vector<char> bytes;           ///< of a shuffled batch's records, end to end
  std::vector<char> room;            ///< for make(): what the batch must keep and no record holds
  std::vector<Feature*> columns;     ///< for make(): where it writes
};

/// Makes the features of a batch; PendingBatch::records are the views of `drawn.records`. Called by several threads on
/// different batches.
using MakeRecords = std::function<void(PendingBatch& pending, DrawnRecords& drawn)>;

/// Throws ValueError for options that can't be.
Dataset batches_of_records(RecordFeed feed, const RecordBatching& batching, MakeRecords make);

/// Throws ValueError unless the label is empty or a FixedLenFeature of the spec.
void check_label(const ParseSpec& spec, const std::string& label, const std::string& where);

}  // namespace weft
