// read_csv: lines of a list of files, framed by one thread and parsed by all.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/csv_parser.h>
#include <weft/io/file_feed.h>
#include <weft/io/line_reader.h>
#include <weft/io/read_csv.h>

#include <memory>

namespace weft {
namespace {

CsvFormat format_of(const ReadCsvOptions& options) {
  return {.delimiter = options.delimiter,
          .value_separator = options.value_separator,
          .quote = options.quote,
          .missing = options.missing};
}

LineReader reader_of(const ReadCsvOptions& options) {
  return LineReader({.quote = options.quote, .delimiter = options.delimiter, .where = "read_csv"});
}

/// The header in the first file that has one.
std::vector<std::string> read_header(const ShardedFiles& files, const ReadCsvOptions& options, std::string& path) {
  LineReader reader = reader_of(options);
  RecordReader::Record line;
  for (const DataFile& file : files.files) {
    reader.open(file.path);
    path = file.path;
    if (reader.next(line)) return csv_cells(line.data, format_of(options), file.path);
  }
  throw DataError(
      fmt::format("[read_csv] {}: got a file without lines, expected a header. Write the columns' names in "
                  "the first line, or name them in the option header.",
                  files.files.front().path));
}

/// Files that begin with a header, if `header` is not empty.
struct CsvFiles {
  LineReader reader;
  CsvFormat format;
  std::vector<std::string> header;

  void open(const std::string& path) {
    reader.open(path);
    RecordReader::Record line;
    if (header.empty() || !reader.next(line)) return;
    const std::vector<std::string> found = csv_cells(line.data, format, path);
    if (found == header) return;
    throw DataError(
        fmt::format("[read_csv] {}, line 1: got the header [{}], expected that of the first file, [{}]. Read "
                    "files of different columns as different data sets.",
                    path, fmt::join(found, ", "), fmt::join(header, ", ")));
  }
};

std::string description_of(const ShardedFiles& files, const ReadCsvOptions& options) {
  return fmt::format("csv {} {} {}\n{}", static_cast<int>(options.delimiter), static_cast<int>(options.quote),
                     options.header.empty(), files.description());
}

}  // namespace

Dataset read_csv(const ReadCsvOptions& options) {
  check_label(options.spec, options.label, "read_csv");
  const ShardedFiles files = sharded_files(options, "read_csv");
  std::string place = "the option header";
  const auto header = options.header.empty() ? read_header(files, options, place) : options.header;
  // Shared, because functions are copied.
  const auto parser = std::make_shared<const CsvParser>(options.spec, format_of(options), header, place);
  const auto csv = std::make_shared<CsvFiles>(
      CsvFiles{reader_of(options), format_of(options), options.header.empty() ? header : std::vector<std::string>{}});
  RecordFeed feed =
      feed_of_files(files, {.open = [csv](const std::string& path, int32_t) { csv->open(path); },
                            .next = [csv](RecordReader::Record& line) { return csv->reader.next(line); }});
  const auto make = [parser, paths = feed.files](PendingBatch& pending, DrawnRecords& drawn) {
    parser->parse(drawn, paths, pending.batch.features);
  };
  return batches_of_records(std::move(feed),
                            {.label = options.label,
                             .batch_size = options.batch_size,
                             .shuffle_buffer = options.shuffle_buffer,
                             .seed = options.seed,
                             .repeat = options.repeat,
                             .drop_remainder = options.drop_remainder,
                             .where = "read_csv",
                             .feed_description = description_of(files, options)},
                            make);
}

}  // namespace weft
