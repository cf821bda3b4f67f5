// weft records: TFRecord files counted, shown, verified and cut into shards.
#include "command.h"
#include "example_json.h"
#include "output.h"

#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/file_list.h>
#include <weft/io/line_reader.h>
#include <weft/io/tfrecord.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

using namespace weft;
using Json = nlohmann::ordered_json;

namespace {

struct Options {
  std::vector<std::string> files;
  std::string compression;
  std::string output, output_compression;
  int64_t count = 5;
  int shards = 1;
  bool json = false;
};

std::vector<DataFile> files_of(const Options& options) {
  return list_files(options.files, "weft records");
}

Compression compression_of_file(const Options& options, const std::string& path) {
  return options.compression.empty() ? compression_by_name(path) : compression_of(options.compression);
}

struct FileReport {
  std::string path;
  int64_t records = 0;
  int64_t bytes = 0;  ///< of the records' data
  std::vector<std::string> damages;
};

/// Files read one after another; of a compressed one it is only known when it is done.
class FileProgress {
 public:
  explicit FileProgress(const std::vector<DataFile>& files) : bar_(total(files)) {}
  void record(const DataFile& file, Compression compression, size_t bytes) {
    if (compression == Compression::none) {
      bar_.set(done_ + std::min(file.bytes, in_file_ += static_cast<int64_t>(bytes) + kFrameBytes));
    }
  }
  void end(const DataFile& file) {
    done_ += file.bytes;
    in_file_ = 0;
    bar_.set(done_);
  }

 private:
  static constexpr int64_t kFrameBytes = 16;
  static int64_t total(const std::vector<DataFile>& files) {
    int64_t bytes = 0;
    for (const DataFile& file : files) bytes += file.bytes;
    return bytes;
  }
  int64_t done_ = 0, in_file_ = 0;
  Progress bar_;
};

/// All records of a file; with `check`, the bytes of each too. Damaged data is passed over; a damaged frame ends it.
FileReport read_file(const DataFile& file, Compression compression, bool check, FileProgress& progress) {
  const std::string& path = file.path;
  FileReport report{.path = path, .damages = {}};
  RecordReader reader(path, compression);
  RecordReader::Record record;
  try {
    while (reader.next(record)) {
      ++report.records;
      report.bytes += static_cast<int64_t>(record.data.size());
      progress.record(file, compression, record.data.size());
      if (!check) continue;
      try {
        RecordReader::check(record, path);
      } catch (const DataError& error) {
        report.damages.emplace_back(error.what());
      }
    }
  } catch (const DataError& error) {
    report.damages.emplace_back(error.what());
  }
  return report;
}

std::vector<FileReport> read_files(const Options& options, bool check) {
  std::vector<FileReport> reports;
  const std::vector<DataFile> files = files_of(options);
  FileProgress progress(files);
  for (const DataFile& file : files) {
    reports.push_back(read_file(file, compression_of_file(options, file.path), check, progress));
    progress.end(file);
  }
  return reports;
}

void print_reports(const std::vector<FileReport>& reports, bool json) {
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows;
  int64_t records = 0;
  for (const FileReport& report : reports) {
    records += report.records;
    list.push_back(
        {{"path", report.path}, {"records", report.records}, {"bytes", report.bytes}, {"damages", report.damages}});
    rows.push_back({report.path, fmt::to_string(report.records), bytes_text(report.bytes)});
  }
  if (json) return print_json({{"records", records}, {"files", list}});
  print_columns({"file", "records", "data"}, rows);
  std::cout << fmt::format("{} records in {} files\n", records, reports.size());
  for (const FileReport& report : reports) {
    for (const std::string& damage : report.damages) std::cout << "damaged: " << printable(damage) << '\n';
  }
}

int count_or_verify(const Options& options, bool check) {
  const std::vector<FileReport> reports = read_files(options, check);
  print_reports(reports, options.json);
  const bool whole = std::ranges::all_of(reports, [](const FileReport& report) { return report.damages.empty(); });
  return whole ? ExitCode::kOk : ExitCode::kDiffers;
}

/// Each of the first records on a line, whatever --json says.
int head(const Options& options) {
  int64_t left = options.count;
  for (const DataFile& file : files_of(options)) {
    RecordReader reader(file.path, compression_of_file(options, file.path));
    std::string_view data;
    for (int64_t number = 0; left > 0 && reader.read(data); --left, ++number) {
      const Json example = example_json(data);
      Json line = {{"file", file.path}, {"record", number}, {"bytes", data.size()}};
      if (!example.is_null()) line["features"] = example;
      print_json_line(line);
    }
  }
  return ExitCode::kOk;
}

/// Record i of all goes to shard i mod shards: shards of one size, whose order follows the files'.
int shard(const Options& options) {
  const Compression compression = compression_of(options.output_compression);
  const char* ending = compression == Compression::gzip ? ".gz" : "";
  std::vector<std::string> paths;
  std::vector<RecordWriter> writers;
  for (int i = 0; i < options.shards; ++i) {
    paths.push_back(fmt::format("{}-{:05}-of-{:05}.tfrecord{}", options.output, i, options.shards, ending));
    writers.emplace_back(paths.back(), compression);
  }
  std::vector<FileReport> reports(writers.size());
  int64_t records = 0;
  const std::vector<DataFile> files = files_of(options);
  FileProgress progress(files);
  for (const DataFile& file : files) {
    const Compression from = compression_of_file(options, file.path);
    RecordReader reader(file.path, from);
    std::string_view data;
    for (; reader.read(data); ++records) {
      progress.record(file, from, data.size());
      const auto at = static_cast<size_t>(records) % writers.size();
      writers[at].write(data);
      ++reports[at].records;
      reports[at].bytes += static_cast<int64_t>(data.size());
    }
    progress.end(file);
  }
  for (size_t i = 0; i < writers.size(); ++i) {
    writers[i].close();
    reports[i].path = paths[i];
  }
  print_reports(reports, options.json);
  return ExitCode::kOk;
}

CLI::App* add_part(CLI::App& records, const std::shared_ptr<Options>& options, const char* name, const char* text) {
  CLI::App* part = records.add_subcommand(name, text);
  part->add_option("files", options->files, "TFRecord files, or quoted globs of them")->required();
  part->add_option("--compression", options->compression, "GZIP or ZLIB; by default gzip where a name ends in .gz")
      ->check(CLI::IsMember({"GZIP", "ZLIB"}));
  return part;
}

}  // namespace

void add_records(CLI::App& program, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* records = program.add_subcommand("records", "TFRecord files: count, head, verify, shard");
  records->require_subcommand(1);
  const auto part = [&](const char* name, const char* text, const std::function<int(const Options&)>& work) {
    CLI::App* added = add_part(*records, options, name, text);
    added->callback([options, work, &run] { run = [options, work] { return work(*options); }; });
    return added;
  };
  CLI::App* count = part("count", "Count records by their frames; exit code 1 if one is damaged",
                         [](const Options& o) { return count_or_verify(o, false); });
  CLI::App* verify = part("verify", "Check the check sums of all records; exit code 1 if one is wrong",
                          [](const Options& o) { return count_or_verify(o, true); });
  CLI::App* first = part("head", "Print the first records as JSON, an Example a line", head);
  first->add_option("-n", options->count, "How many")->check(CLI::NonNegativeNumber)->capture_default_str();
  CLI::App* cut = part("shard", "Spread the records over files of one size, in their order", shard);
  cut->add_option("--output", options->output, "PREFIX of PREFIX-00000-of-0000N.tfrecord")->required();
  cut->add_option("--shards", options->shards, "How many files")->required()->check(CLI::Range(1, 1000));
  cut->add_option("--output-compression", options->output_compression, "GZIP or ZLIB; by default none")
      ->check(CLI::IsMember({"GZIP", "ZLIB"}));
  for (CLI::App* each : {count, verify, cut}) each->add_flag("--json", options->json, "Print JSON");
}
