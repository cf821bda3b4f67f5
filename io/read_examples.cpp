// read_examples: the records of a list of TFRecord files, or of one shard of them, as batches of examples.
#include <weft/io/dataset_examples.h>
#include <weft/io/file_feed.h>
#include <weft/io/tfrecord.h>

#include <memory>
#include <optional>

namespace weft {
namespace {

RecordFormat record_files(Compression compression) {
  const auto reader = std::make_shared<std::optional<RecordReader>>();  // its memory serves all files
  return {.open =
              [reader, compression](const std::string& path, int32_t) {
                if (*reader) {
                  (*reader)->open(path, compression);
                } else {
                  reader->emplace(path, compression);
                }
              },
          .next = [reader](RecordReader::Record& record) { return (*reader)->next(record); }};
}

}  // namespace

Dataset read_examples(const ReadExamplesOptions& options) {
  const Compression compression = compression_of(options.compression);
  const ShardedFiles files = sharded_files(options, "read_examples");
  return batches_of_examples(feed_of_files(files, record_files(compression)), options.spec,
                             {.label = options.label,
                              .batch_size = options.batch_size,
                              .shuffle_buffer = options.shuffle_buffer,
                              .seed = options.seed,
                              .repeat = options.repeat,
                              .drop_remainder = options.drop_remainder,
                              .where = "read_examples",
                              .feed_description = options.compression + " " + files.description()});
}

}  // namespace weft
