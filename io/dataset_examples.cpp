// Batches of examples: records that are checked and parsed.
#include <fmt/format.h>
#include <weft/core/stage_timer.h>
#include <weft/io/dataset_examples.h>
#include <weft/io/example.h>

namespace weft {

Dataset batches_of_examples(RecordFeed feed, const ParseSpec& spec, const RecordBatching& batching) {
  check_label(spec, batching.label, batching.where);
  const auto parser = std::make_shared<const ExampleParser>(spec);  // shared: a function must be copyable
  const auto make = [parser, files = feed.files](PendingBatch& pending, DrawnRecords& drawn) {
    if (!files.empty()) {
      const StageTimer timer(Stage::crc);
      for (const FiledRecord& origin : drawn.records) {
        RecordReader::check(origin.record, files[static_cast<size_t>(origin.file)]);
      }
    }
    const StageTimer timer(Stage::parse);
    parser->parse(pending.records, pending.batch.features, [&](size_t example) {
      const FiledRecord& origin = drawn.records[example];
      if (files.empty()) return fmt::format("record {}", origin.record.number);
      return fmt::format("{}, record {}, offset {}", files[static_cast<size_t>(origin.file)], origin.record.number,
                         origin.record.offset);
    });
  };
  return batches_of_records(std::move(feed), batching, make);
}

}  // namespace weft
