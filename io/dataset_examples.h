// Batches of examples from any feed of records: shuffled, batched, repeated, parsed.
#pragma once
#include <weft/io/dataset.h>
#include <weft/io/shuffle.h>

namespace weft {

/// The records of one epoch, in order.
struct RecordFeed {
  /// Goes back to the first record.
  std::function<void()> restart;
  /// The next record and the number of its file; false after the last. The record is valid until the next call, its
  /// bytes as long as a copy of *Record::owner or, without one, as long as the feed.
  std::function<bool(FiledRecord&)> next;
  /// The files' names, by which errors name a record. Empty: the records lie in memory and have no CRC.
  std::vector<std::string> files;
};

/// What becomes of the records; the fields are those of ReadExamplesOptions.
struct ExampleBatching {
  ParseSpec spec;
  std::string label;
  int64_t batch_size = 128;
  int64_t shuffle_buffer = 0;
  uint64_t seed = 1;
  std::optional<int64_t> repeat;
  bool drop_remainder = false;
  std::string where;             ///< starts the texts of errors: "read_examples"
  std::string feed_description;  ///< enters the fingerprint of positions
};

/// Throws ValueError for options that can't be.
Dataset batches_of_examples(RecordFeed feed, const ExampleBatching& batching);

}  // namespace weft
