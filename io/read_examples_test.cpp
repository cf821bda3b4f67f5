// Tests of read_examples: files, shards, positions, damage.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/io/dataset.h>
#include <weft/io/example.h>
#include <weft/io/tfrecord.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace weft {
namespace {

/// Record files of examples with one integer feature "x", in a directory that goes away with the test.
struct ExampleFiles {
  std::filesystem::path directory =
      std::filesystem::temp_directory_path() / fmt::format("weft_read_examples_{}", ::getpid());
  ExampleFiles() { std::filesystem::create_directories(directory); }
  ~ExampleFiles() { std::filesystem::remove_all(directory); }
  std::string path(std::string_view name) const { return directory / name; }

  /// x = first, first + 1, ..., first + count - 1; records of different lengths.
  std::string write(std::string_view name, int64_t first, int64_t count,
                    Compression compression = Compression::none) const {
    RecordWriter writer(path(name), compression);
    ExampleWriter example;
    for (int64_t x = first; x < first + count; ++x) {
      const std::string text(static_cast<size_t>(x * 7 % 60), 'a');
      writer.write(example.clear().add("x", x).add("text", std::string_view(text)).serialized());
    }
    writer.close();
    return path(name);
  }
  /// Three files of 10, 0 and 13 examples.
  std::string write_three(Compression compression = Compression::none) const {
    write("three-0", 0, 10, compression);
    write("three-1", 10, 0, compression);
    write("three-2", 10, 13, compression);
    return path("three-*");
  }
  void damage(const std::string& file, int64_t offset) const {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(offset);
    stream.put('\xff');
  }
};

const ParseSpec kSpec = {{"x", FixedLenFeature{.shape = {}, .type = DataType::int64}}, {"text", VarLenFeature{}}};

/// The numbers of all batches, a list a batch; the strings must fit them.
std::vector<std::vector<int64_t>> batches_of(Dataset dataset, size_t most = 1000) {
  std::vector<std::vector<int64_t>> batches;
  while (batches.size() < most) {
    const Batch* batch = dataset.next();
    if (batch == nullptr) break;
    batches.push_back(batch->labels.integers);
    const Feature& text = batch->features.at("text");
    REQUIRE(batch->size == std::ssize(batches.back()));
    REQUIRE(text.batch() == batch->size);
    for (size_t i = 0; i < batches.back().size(); ++i) {
      CHECK(text.strings.at(i) == std::string(static_cast<size_t>(batches.back()[i] * 7 % 60), 'a'));
    }
  }
  return batches;
}

std::vector<int64_t> joined(const std::vector<std::vector<int64_t>>& batches) {
  std::vector<int64_t> all;
  for (const auto& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
  return all;
}

std::vector<int64_t> numbers(int64_t begin, int64_t end) {
  std::vector<int64_t> all;
  while (begin < end) all.push_back(begin++);
  return all;
}

}  // namespace

TEST_CASE("read_examples: files in order, batches across files, a short last batch") {
  const ExampleFiles files;
  for (const auto& [name, compression] :
       {std::pair("", Compression::none), std::pair("GZIP", Compression::gzip), std::pair("ZLIB", Compression::zlib)}) {
    const ReadExamplesOptions options{
        .files = files.write_three(compression), .spec = kSpec, .label = "x", .batch_size = 8, .compression = name};
    for (const int threads : {0, 2}) {
      const auto batches = batches_of(read_examples(options).prefetch(threads));
      CHECK(batches == std::vector<std::vector<int64_t>>{numbers(0, 8), numbers(8, 16), numbers(16, 23)});
    }
  }
}

TEST_CASE("read_examples: shards are disjoint and cover everything, by file or by record") {
  const ExampleFiles files;
  files.write_three();
  for (const int64_t shards : {1, 2, 3, 4, 7}) {
    std::vector<int64_t> all;
    for (int64_t shard = 0; shard < shards; ++shard) {
      const auto part = joined(batches_of(read_examples({.files = files.path("three-*"),
                                                         .spec = kSpec,
                                                         .label = "x",
                                                         .batch_size = 4,
                                                         .shard_count = shards,
                                                         .shard_index = shard})));
      if (shards == 2) CHECK(part == (shard == 0 ? numbers(0, 23) : numbers(0, 0)));  // files 0 and 2, file 1
      if (shards == 7) CHECK(part.front() == shard);
      all.insert(all.end(), part.begin(), part.end());
    }
    std::sort(all.begin(), all.end());
    CHECK(all == numbers(0, 23));
  }
}

TEST_CASE("read_examples: it goes on from every position, whatever the compression, order and threads") {
  const ExampleFiles files;
  for (const auto& [name, compression] : {std::pair("", Compression::none), std::pair("GZIP", Compression::gzip)}) {
    for (const int64_t shuffle_buffer : {0, 6, 100}) {
      const ReadExamplesOptions options{.files = files.write_three(compression),
                                        .spec = kSpec,
                                        .label = "x",
                                        .batch_size = 5,
                                        .shuffle_buffer = shuffle_buffer,
                                        .repeat = 3,
                                        .compression = name};
      const auto whole = batches_of(read_examples(options));
      CHECK(whole.size() == 15);
      for (size_t taken = 0; taken <= whole.size(); ++taken) {
        Dataset first = read_examples(options).prefetch(static_cast<int>(taken % 3));
        for (size_t i = 0; i < taken; ++i) REQUIRE(first.next() != nullptr);
        Dataset second = read_examples(options).prefetch(static_cast<int>(taken % 4));
        REQUIRE(second.seek(first.position()));
        CHECK(second.position() == first.position());
        CHECK(batches_of(std::move(second)) ==
              std::vector(whole.begin() + static_cast<std::ptrdiff_t>(taken), whole.end()));
      }
    }
  }
}

TEST_CASE("read_examples: a position belongs to its files and options, not to their folder") {
  const ExampleFiles files;
  files.write("a", 0, 20);
  std::filesystem::create_directories(files.directory / "moved");
  std::filesystem::copy(files.path("a"), files.path("moved/a"));
  const auto options = [&](std::string_view name, int64_t batch_size) {
    return ReadExamplesOptions{.files = files.path(name), .spec = kSpec, .label = "x", .batch_size = batch_size};
  };
  Dataset dataset = read_examples(options("a", 4));
  dataset.next();
  CHECK(read_examples(options("moved/a", 4)).seek(dataset.position()));
  CHECK_FALSE(read_examples(options("a", 5)).seek(dataset.position()));
  files.write("moved/a", 0, 19);
  CHECK_FALSE(read_examples(options("moved/a", 4)).seek(dataset.position()));
}

TEST_CASE("read_examples: damage is reported with its place, after the batches before it") {
  const ExampleFiles files;
  const std::string whole = files.write("a", 0, 12);
  RecordReader reader(whole);
  RecordReader::Record record;
  for (int i = 0; i < 10; ++i) reader.next(record);
  const std::string path = files.write("b", 0, 12);
  for (const int64_t place : {int64_t{14}, int64_t{3}}) {  // in the data, in the length
    std::filesystem::copy_file(whole, path, std::filesystem::copy_options::overwrite_existing);
    files.damage(path, record.offset + place);
    for (const int threads : {0, 1, 3}) {
      Dataset dataset = read_examples({.files = path, .spec = kSpec, .label = "x", .batch_size = 4}).prefetch(threads);
      REQUIRE(dataset.next() != nullptr);
      REQUIRE(dataset.next() != nullptr);
      for (int again = 0; again < 2; ++again) {
        CHECK_THROWS_WITH_AS(dataset.next(), doctest::Contains(path.c_str()), DataError);
        CHECK_THROWS_WITH_AS(dataset.next(), doctest::Contains("record 9"), DataError);
        CHECK_THROWS_WITH_AS(dataset.next(), doctest::Contains(std::to_string(record.offset).c_str()), DataError);
      }
    }
  }
}

TEST_CASE("read_examples: an example that does not fit the spec is named by file, record and offset") {
  const ExampleFiles files;
  const std::string path = files.write("a", 0, 12);
  ParseSpec spec = kSpec;
  spec["y"] = FixedLenFeature{};
  Dataset dataset = read_examples({.files = path, .spec = spec, .batch_size = 4});
  CHECK_THROWS_WITH_AS(dataset.next(), doctest::Contains((path + ", record 0, offset 0").c_str()), DataError);
}

TEST_CASE("read_examples: no data is an end, also for ever") {
  const ExampleFiles files;
  const std::string path = files.write("empty", 0, 0);
  CHECK(read_examples({.files = path, .spec = kSpec}).next() == nullptr);
  CHECK(read_examples({.files = path, .spec = kSpec, .repeat = std::nullopt}).next() == nullptr);
}

TEST_CASE("read_examples: options that can't be are refused") {
  const ExampleFiles files;
  const std::string path = files.write("a", 0, 3);
  CHECK_THROWS_AS(read_examples({.files = files.path("b*"), .spec = kSpec}), IoError);
  CHECK_THROWS_AS(read_examples({.files = path, .more_files = {files.path("b")}, .spec = kSpec}), IoError);
  CHECK_THROWS_AS(read_examples({.files = "", .spec = kSpec}), IoError);
  CHECK_THROWS_AS(read_examples({.files = path, .spec = kSpec, .batch_size = 0}), ValueError);
  CHECK_THROWS_AS(read_examples({.files = path, .spec = kSpec, .shuffle_buffer = -1}), ValueError);
  CHECK_THROWS_AS(read_examples({.files = path, .spec = kSpec, .repeat = -1}), ValueError);
  CHECK_THROWS_AS(read_examples({.files = path, .spec = kSpec, .label = "y"}), ValueError);
  CHECK_THROWS_AS(read_examples({.files = path, .spec = kSpec, .label = "text"}), ValueError);
  CHECK_THROWS_AS(read_examples({.files = path, .spec = kSpec, .shard_count = 0}), ValueError);
  CHECK_THROWS_AS(read_examples({.files = path, .spec = kSpec, .shard_count = 2, .shard_index = 2}), ValueError);
  CHECK_THROWS_AS(read_examples({.files = path, .spec = kSpec, .compression = "LZ4"}), ValueError);
  CHECK(joined(batches_of(read_examples({.files = "", .more_files = {path}, .spec = kSpec, .label = "x"}))) ==
        numbers(0, 3));
}

}  // namespace weft
