// read_examples: the records of a list of TFRecord files, or of one shard of them, as batches of examples.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/dataset_examples.h>
#include <weft/io/file_list.h>
#include <weft/io/tfrecord.h>

#include <filesystem>

namespace weft {
namespace {

/// The records of all files in order, or every shard_count-th of them.
class RecordSequence {
 public:
  struct Shard {
    int64_t count = 1;  ///< of records; 1: all
    int64_t index = 0;
  };
  RecordSequence(std::vector<std::string> paths, Compression compression, const Shard& shard)
      : paths_(std::move(paths)), compression_(compression), shard_(shard) {}

  void restart() {
    open_ = false;
    file_ = -1;
    until_mine_ = shard_.index;
  }

  bool next(FiledRecord& record) {
    while (true) {
      if (!open_ && !open_next()) return false;
      if (!reader_->next(record.record)) {
        open_ = false;
      } else if (until_mine_-- == 0) {
        until_mine_ = shard_.count - 1;
        record.file = file_;
        return true;
      }
    }
  }

 private:
  bool open_next() {
    if (file_ + 1 >= std::ssize(paths_)) return false;
    const std::string& path = paths_[static_cast<size_t>(++file_)];
    if (reader_) {
      reader_->open(path, compression_);
    } else {
      reader_.emplace(path, compression_);
    }
    return open_ = true;
  }

  std::vector<std::string> paths_;
  Compression compression_;
  Shard shard_;
  std::optional<RecordReader> reader_;  ///< its memory serves all files
  bool open_ = false;
  int32_t file_ = -1;
  int64_t until_mine_ = 0;
};

std::vector<DataFile> files_of(const ReadExamplesOptions& options) {
  std::vector<std::string> patterns = options.more_files;
  if (!options.files.empty() || patterns.empty()) patterns.insert(patterns.begin(), options.files);
  return list_files(patterns, "read_examples");
}

void check_shard(const ReadExamplesOptions& options) {
  if (options.shard_count >= 1 && options.shard_index >= 0 && options.shard_index < options.shard_count) return;
  throw ValueError(
      fmt::format("[read_examples] no such shard: got shard_index {} of shard_count {}, expected 0 <= shard_index "
                  "< shard_count. Give every reader an index of its own.",
                  options.shard_index, options.shard_count));
}

/// The names without their folders, so that a position survives a move of the data.
std::string description_of(const std::vector<DataFile>& files, const ReadExamplesOptions& options) {
  std::string text = fmt::format("{} {} {}\n", options.compression, options.shard_count, options.shard_index);
  for (const DataFile& file : files) {
    text += fmt::format("{} {}\n", std::filesystem::path(file.path).filename().string(), file.bytes);
  }
  return text;
}

}  // namespace

Dataset read_examples(const ReadExamplesOptions& options) {
  check_shard(options);
  const Compression compression = compression_of(options.compression);
  const std::vector<DataFile> files = files_of(options);
  const bool by_file = std::ssize(files) >= options.shard_count;
  std::vector<std::string> mine;
  for (int64_t i = by_file ? options.shard_index : 0; i < std::ssize(files); i += by_file ? options.shard_count : 1) {
    mine.push_back(files[static_cast<size_t>(i)].path);
  }
  const auto shard =
      by_file ? RecordSequence::Shard{} : RecordSequence::Shard{options.shard_count, options.shard_index};
  const auto records = std::make_shared<RecordSequence>(mine, compression, shard);  // shared by two functions
  RecordFeed feed{.restart = [records] { records->restart(); },
                  .next = [records](FiledRecord& record) { return records->next(record); },
                  .files = std::move(mine)};
  return batches_of_examples(std::move(feed), {.spec = options.spec,
                                               .label = options.label,
                                               .batch_size = options.batch_size,
                                               .shuffle_buffer = options.shuffle_buffer,
                                               .seed = options.seed,
                                               .repeat = options.repeat,
                                               .drop_remainder = options.drop_remainder,
                                               .where = "read_examples",
                                               .feed_description = description_of(files, options)});
}

}  // namespace weft
