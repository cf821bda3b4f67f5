// weft records and vocab.
#include "run_weft.h"

#include <doctest/doctest.h>
#include <weft/core/test_directory.h>
#include <weft/io/example.h>
#include <weft/io/tfrecord.h>

#include <nlohmann/json.hpp>
#include <sstream>

using namespace weft;
using Json = nlohmann::json;

namespace {

/// Five examples: id = 0 ..., a word, numbers, bytes that are no text; the last record is no example.
void write_records(const std::string& path, Compression compression = Compression::none) {
  RecordWriter writer(path, compression);
  ExampleWriter example;
  for (int64_t id = 0; id < 5; ++id) {
    const float numbers[] = {0.5f, -2};
    example.clear().add("id", id).add("word", id < 3 ? "red" : "blue").add("bytes", "\xff\x01");
    writer.write(example.add("numbers", numbers).serialized());
  }
  writer.write("\xff\xff no example");
  writer.close();
}

}  // namespace

TEST_CASE("records count and verify: whole and damaged files") {
  const TestDirectory test;
  write_records(test.file("a.tfrecord"));
  write_records(test.file("b.tfrecord.gz"), Compression::gzip);
  const CommandResult count =
      run_weft({"records", "count", test.file("a.tfrecord"), test.file("b.tfrecord.gz"), "--json"});
  CHECK(count.exit_code == 0);
  CHECK(Json::parse(count.out)["records"] == 12);
  CHECK(run_weft({"records", "verify", test.file("*.tfrecord*")}).exit_code == 0);
  std::string bytes = test.text("a.tfrecord");
  bytes[bytes.find("red")] = 'b';
  test.put("a.tfrecord", bytes);
  CHECK(run_weft({"records", "count", test.file("a.tfrecord")}).exit_code == 0);
  const CommandResult damaged = run_weft({"records", "verify", test.file("a.tfrecord"), "--json"});
  CHECK(damaged.exit_code == 1);
  CHECK(Json::parse(damaged.out)["files"][0]["damages"].size() == 1);
  CHECK(Json::parse(damaged.out)["records"] == 6);
  CHECK(run_weft({"records", "count", test.file("none*")}).exit_code == 2);
}

TEST_CASE("records head: Examples as JSON, a line each; what is none has no features") {
  const TestDirectory test;
  write_records(test.file("a.tfrecord"));
  const CommandResult head = run_weft({"records", "head", "-n", "9", test.file("a.tfrecord")});
  CHECK(head.exit_code == 0);
  std::istringstream lines(head.out);
  std::vector<Json> records;
  for (std::string line; std::getline(lines, line);) records.push_back(Json::parse(line));
  REQUIRE(records.size() == 6);
  const Json features = {{"id", {3}}, {"word", {"blue"}}, {"bytes", {{{"hex", "ff01"}}}}, {"numbers", {0.5, -2.0}}};
  CHECK(records[3]["features"] == features);
  CHECK(records[3]["record"] == 3);
  CHECK(!records[5].contains("features"));
  CHECK(run_weft({"records", "head", "-n", "0", test.file("a.tfrecord")}).out.empty());
}

TEST_CASE("records shard: every record once, in turn") {
  const TestDirectory test;
  write_records(test.file("a.tfrecord"));
  const CommandResult result = run_weft({"records", "shard", test.file("a.tfrecord"), "--output", test.file("s"),
                                         "--shards", "4", "--output-compression", "GZIP"});
  CHECK(result.exit_code == 0);
  const CommandResult head = run_weft({"records", "head", test.file("s-00001-of-00004.tfrecord.gz")});
  const size_t end = head.out.find('\n');
  CHECK(Json::parse(head.out.substr(0, end))["features"]["id"] == Json::array({1}));
  CHECK(Json::parse(run_weft({"records", "count", "--json", test.file("s-*")}).out)["records"] == 6);
}

TEST_CASE("vocab build and merge") {
  const TestDirectory test;
  RecordWriter writer(test.file("a.tfrecord"));
  ExampleWriter example;
  for (const char* word : {"blue", "red", "red"}) writer.write(example.clear().add("word", word).serialized());
  writer.close();
  const CommandResult built = run_weft({"vocab", "build", test.file("a.tfrecord"), "--key", "word", "--output",
                                        test.file("words.txt"), "--counts", test.file("counts.txt"), "--json"});
  CHECK(built.exit_code == 0);
  CHECK(test.text("words.txt") == "red\nblue\n");
  CHECK(test.text("counts.txt") == "2\n1\n");
  CHECK(Json::parse(built.out)["size"] == 2);
  test.put("more.txt", "green\nred\n");
  CHECK(run_weft({"vocab", "merge", test.file("words.txt"), test.file("more.txt"), "--output", test.file("all.txt")})
            .exit_code == 0);
  CHECK(test.text("all.txt") == "red\nblue\ngreen\n");
  CHECK(run_weft({"vocab", "build", test.file("a.tfrecord"), "--key", "none", "--output", test.file("x")}).exit_code ==
        2);
  CHECK(!test.has("x"));
}
