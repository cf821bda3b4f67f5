// Feeds of the records of a list of files, or of one shard of them.
#pragma once
#include <weft/io/file_list.h>
#include <weft/io/record_batches.h>

#include <functional>
#include <string>
#include <vector>

namespace weft {

/// Which files, and which of their records.
struct ShardedFiles {
  std::vector<DataFile> files;
  int64_t shard_count = 1;
  int64_t shard_index = 0;

  /// Every shard_count-th file; with fewer files than shards every shard_count-th record of all files.
  bool by_file() const { return std::ssize(files) >= shard_count; }
  /// The files that this shard reads.
  std::vector<std::string> paths() const;
  /// For fingerprints: names without their folders, so that a position survives a move of the data, and sizes.
  std::string description() const;
};

/// The files of options.files and options.more_files. Throws IoError as list_files does, ValueError for a shard that
/// can't be.
ShardedFiles sharded_files(const std::string& files, const std::vector<std::string>& more_files, int64_t shard_count,
                           int64_t shard_index, const std::string& where);
template <class Options>
ShardedFiles sharded_files(const Options& options, const std::string& where) {
  return sharded_files(options.files, options.more_files, options.shard_count, options.shard_index, where);
}

/// How records are read from one file after another.
struct RecordFormat {
  /// Goes to the start of a file, number `file` of the feed.
  std::function<void(const std::string& path, int32_t file)> open;
  /// As RecordReader::next.
  std::function<bool(RecordReader::Record&)> next;
};

RecordFeed feed_of_files(const ShardedFiles& files, RecordFormat format);

}  // namespace weft
