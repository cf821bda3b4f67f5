// Records: record files, whole and damaged.
#include "records.h"

#include <fmt/format.h>
#include <weft/io/crc32c.h>
#include <weft/io/tfrecord.h>

#include "errors.h"

namespace weft::reference {
namespace {

// Reads to the end, or to the error; both are noted.
struct Reading {
  std::vector<std::string> records;
  std::exception_ptr error;
};

Reading read_all(const std::string& path, const std::string& compression) {
  Reading out;
  try {
    RecordReader reader(path, compression_of(compression));
    for (std::string_view record; reader.read(record);) out.records.emplace_back(record);
  } catch (const std::exception&) {
    out.error = std::current_exception();
  }
  return out;
}

}  // namespace

void run_records(const Fixture& fixture, Report& report) {
  const Json& config = fixture.config();
  const Reading got = read_all(fixture.path(config.at("file")), config.at("compression"));
  const std::vector<std::string> want = fixture.array("records").strings;
  report.check("records_before_end", static_cast<int64_t>(got.records.size()) == config.at("records_before_end"),
               fmt::format("got {}, expected {}", got.records.size(), config.at("records_before_end").dump()));
  for (size_t i = 0; i < std::min(got.records.size(), want.size()); ++i) {
    report.check(fmt::format("record {}", i), got.records[i] == want[i], "other bytes");
  }
  compare_error(report, "error", {config.at("error")}, [&] {
    if (got.error) std::rethrow_exception(got.error);
  });
}

void run_record_errors(const Fixture& fixture, Report& report) {
  const Json& config = fixture.config();
  compare_error(report, "missing_file", {config.at("missing_file")}, [] { RecordReader("no/such/file"); });
  // TensorFlow reads a file of an unknown compression as plain; weft refuses the name, so that a typing mistake is
  // seen.
  report.check("unknown_compression", config.at("unknown_compression").is_null(), "TensorFlow refuses it too");
  const Json refused = {{"type", "ValueError"}, {"message", "LZ4"}};
  compare_error(report, "unknown_compression", {refused}, [] { compression_of("LZ4"); });
}

void run_check_sums(const Fixture& fixture, Report& report) {
  const std::vector<std::string> data = fixture.array("data").strings;
  std::vector<int64_t> plain, masked;
  for (const std::string& bytes : data) {
    plain.push_back(crc32c(bytes));
    masked.push_back(masked_crc32c(bytes));
  }
  report.equal("crc", plain, fixture.config().at("crc").get<std::vector<int64_t>>());
  report.equal("masked", masked, fixture.config().at("masked").get<std::vector<int64_t>>());
}

}  // namespace weft::reference
