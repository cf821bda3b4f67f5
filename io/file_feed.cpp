// feed_of_files: walks the files in order and skips what belongs to other shards.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/file_feed.h>

#include <filesystem>
#include <memory>

namespace weft {
namespace {

/// The records of all files in order, or every `stride`-th of them.
class RecordSequence {
 public:
  RecordSequence(std::vector<std::string> paths, RecordFormat format, int64_t stride, int64_t first)
      : paths_(std::move(paths)), format_(std::move(format)), stride_(stride), first_(first) {}

  void restart() {
    open_ = false;
    file_ = -1;
    until_mine_ = first_;
  }

  bool next(FiledRecord& record) {
    while (true) {
      if (!open_ && !open_next()) return false;
      if (!format_.next(record.record)) {
        open_ = false;
      } else if (until_mine_-- == 0) {
        until_mine_ = stride_ - 1;
        record.file = file_;
        return true;
      }
    }
  }

 private:
  bool open_next() {
    if (file_ + 1 >= std::ssize(paths_)) return false;
    ++file_;
    format_.open(paths_[static_cast<size_t>(file_)], file_);
    return open_ = true;
  }

  std::vector<std::string> paths_;
  RecordFormat format_;
  int64_t stride_;
  int64_t first_;
  bool open_ = false;
  int32_t file_ = -1;
  int64_t until_mine_ = 0;
};

}  // namespace

std::vector<std::string> ShardedFiles::paths() const {
  std::vector<std::string> mine;
  for (int64_t i = by_file() ? shard_index : 0; i < std::ssize(files); i += by_file() ? shard_count : 1) {
    mine.push_back(files[static_cast<size_t>(i)].path);
  }
  return mine;
}

std::string ShardedFiles::description() const {
  std::string text = fmt::format("{} {}\n", shard_count, shard_index);
  for (const DataFile& file : files) {
    text += fmt::format("{} {}\n", std::filesystem::path(file.path).filename().string(), file.bytes);
  }
  return text;
}

ShardedFiles sharded_files(const std::string& files, const std::vector<std::string>& more_files, int64_t shard_count,
                           int64_t shard_index, const std::string& where) {
  if (shard_count < 1 || shard_index < 0 || shard_index >= shard_count) {
    throw ValueError(fmt::format(
        "[{}] no such shard: got shard_index {} of shard_count {}, expected 0 <= shard_index < shard_count. "
        "Give every reader an index of its own.",
        where, shard_index, shard_count));
  }
  std::vector<std::string> patterns = more_files;
  if (!files.empty() || patterns.empty()) patterns.insert(patterns.begin(), files);
  return {.files = list_files(patterns, where), .shard_count = shard_count, .shard_index = shard_index};
}

RecordFeed feed_of_files(const ShardedFiles& files, RecordFormat format) {
  std::vector<std::string> paths = files.paths();
  const bool by_file = files.by_file();
  // Shared by two functions.
  const auto records = std::make_shared<RecordSequence>(paths, std::move(format), by_file ? 1 : files.shard_count,
                                                        by_file ? 0 : files.shard_index);
  return {.restart = [records] { records->restart(); },
          .next = [records](FiledRecord& record) { return records->next(record); },
          .files = std::move(paths)};
}

}  // namespace weft
