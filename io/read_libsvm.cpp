// read_libsvm, read_libffm: lines of a list of files, parsed by all threads.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>
#include <weft/core/error.h>
#include <weft/core/random.h>
#include <weft/core/test_directory.h>
#include <weft/io/file_feed.h>
#include <weft/io/libsvm_parser.h>
#include <weft/io/line_reader.h>
#include <weft/io/read_libsvm.h>

#include <memory>

namespace weft {
namespace {

template <class Options>
Dataset read_lines(const Options& options, LibsvmFormat format) {
  const std::string where = format.where;
  const ShardedFiles files = sharded_files(options, where);
  // Shared, because functions are copied.
  const auto parser = std::make_shared<const LibsvmParser>(std::move(format));
  const auto reader = std::make_shared<LineReader>(LineFormat{.comment = '#', .where = where});
  RecordFeed feed = feed_of_files(files, {.open = [reader](const std::string& path, int32_t) { reader->open(path); },
                                          .next = [reader](RecordReader::Record& line) { return reader->next(line); }});
  const auto make = [parser, paths = feed.files](PendingBatch& pending, DrawnRecords& drawn) {
    parser->parse(drawn, paths, pending.batch);
  };
  return batches_of_records(std::move(feed),
                            {.batch_size = options.batch_size,
                             .shuffle_buffer = options.shuffle_buffer,
                             .seed = options.seed,
                             .repeat = options.repeat,
                             .drop_remainder = options.drop_remainder,
                             .where = where,
                             .feed_description = where + " " + files.description()},
                            make);
}

std::vector<LibsvmFormat::Field> fields_of(const ReadLibffmOptions& options) {
  const auto count = options.fields.empty() ? options.num_fields : std::ssize(options.fields);
  if (count < 1 || (options.num_fields != 0 && options.num_fields != count)) {
    throw ValueError(
        fmt::format("[read_libffm] fields: got {} keys and num_fields = {}, expected one of the two. Name "
                    "the fields, or say how many there are.",
                    options.fields.size(), options.num_fields));
  }
  std::vector<LibsvmFormat::Field> fields;
  for (int64_t i = 0; i < count; ++i) {
    const std::string key =
        options.fields.empty() ? fmt::format("field_{}", i) : options.fields[static_cast<size_t>(i)];
    fields.push_back({key, key.empty() ? "" : key + "_weight"});
  }
  return fields;
}

}  // namespace

Dataset read_libsvm(const ReadLibsvmOptions& options) {
  return read_lines(options, {.fields = {{options.key, options.weight_key}},
                              .first_index = options.zero_based ? 0 : 1,
                              .signed_labels = options.signed_labels,
                              .label_type = options.label_type,
                              .qid_key = options.qid_key,
                              .where = "read_libsvm"});
}

Dataset read_libffm(const ReadLibffmOptions& options) {
  return read_lines(options, {.fields = fields_of(options),
                              .has_fields = true,
                              .first_index = options.zero_based ? 0 : 1,
                              .signed_labels = options.signed_labels,
                              .label_type = options.label_type,
                              .where = "read_libffm"});
}

#ifndef DOCTEST_CONFIG_DISABLE
namespace {

Dataset read(const ReadLibsvmOptions& options) {
  return read_libsvm(options);
}
Dataset read(const ReadLibffmOptions& options) {
  return read_libffm(options);
}

/// The text of the error, reading all.
template <class Options>
std::string refusal(std::string_view bytes, Options options) {
  const TestFile file(bytes);
  options.files = file.path;
  try {
    Dataset dataset = read(options);
    while (dataset.next() != nullptr) continue;
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("read_libsvm: indices become ids, values their weights") {
  const TestFile file(
      "# a comment\n"
      "+1 1:0.5 3:-2e1 # the first\r\n"
      "-1\t 7:1  \n"
      "\n"
      "0.0#nothing\n");
  Dataset dataset = read_libsvm({.files = file.path});
  const Batch& batch = *dataset.next();
  CHECK(batch.size == 3);
  CHECK(batch.labels.floats == std::vector<float>{1, -1, 0});
  CHECK(batch.labels.shape == std::vector<int64_t>{3, 1});
  CHECK(batch.features.at("features").integers == std::vector<int64_t>{0, 2, 6});
  CHECK(batch.features.at("features").offsets == std::vector<int64_t>{0, 2, 3, 3});
  CHECK(batch.features.at("features").shape == std::vector<int64_t>{3, 2});
  CHECK(batch.features.at("features_weight").floats == std::vector<float>{0.5f, -20, 1});
  CHECK(batch.features.at("features_weight").offsets == std::vector<int64_t>{0, 2, 3, 3});
  CHECK(dataset.next() == nullptr);
}

TEST_CASE("read_libsvm: zero-based indices, signed labels, queries") {
  const TestFile file("-1 qid:7 0:1\n1 qid:8\n0 qid:-8 2:1\n");
  Dataset dataset = read_libsvm({.files = file.path,
                                 .key = "ids",
                                 .weight_key = "values",
                                 .zero_based = true,
                                 .signed_labels = true,
                                 .label_type = DataType::int64,
                                 .qid_key = "query"});
  const Batch& batch = *dataset.next();
  CHECK(batch.labels.integers == std::vector<int64_t>{0, 1, 0});
  CHECK(batch.features.at("query").integers == std::vector<int64_t>{7, 8, -8});
  CHECK(batch.features.at("query").shape == std::vector<int64_t>{3, 1});
  CHECK(batch.features.at("ids").integers == std::vector<int64_t>{0, 2});
  CHECK(batch.features.at("values").offsets == std::vector<int64_t>{0, 1, 1, 2});
}

TEST_CASE("read_libffm: every field has features of its own") {
  const TestFile file("1 0:5:1 1:2:0.5 0:6:2\n0 1:3:1\n");
  for (const bool named : {false, true}) {
    ReadLibffmOptions options{.files = file.path};
    if (named) options.fields = {"user", "ad"};
    if (!named) options.num_fields = 2;
    Dataset dataset = read_libffm(options);
    const Batch& batch = *dataset.next();
    CHECK(batch.labels.floats == std::vector<float>{1, 0});
    const Features& features = batch.features;
    CHECK(features.at(named ? "user" : "field_0").integers == std::vector<int64_t>{5, 6});
    CHECK(features.at(named ? "user" : "field_0").offsets == std::vector<int64_t>{0, 2, 2});
    CHECK(features.at(named ? "user_weight" : "field_0_weight").floats == std::vector<float>{1, 2});
    CHECK(features.at(named ? "ad" : "field_1").integers == std::vector<int64_t>{2, 3});
    CHECK(features.at(named ? "ad_weight" : "field_1_weight").floats == std::vector<float>{0.5f, 1});
    CHECK(features.size() == 4);
  }
  ReadLibffmOptions options{.files = file.path, .num_fields = 2, .zero_based = false};
  Dataset dataset = read_libffm(options);
  CHECK(dataset.next()->features.at("field_0").integers == std::vector<int64_t>{4, 5});
}

TEST_CASE("read_libsvm: wrong lines are named") {
  const auto contains = [](const std::string& text, std::string_view part) {
    INFO(text);
    return text.find(part) != std::string::npos;
  };
  const ReadLibsvmOptions svm;
  CHECK(contains(refusal("1 1:1\n\n1 1\n", svm), ", line 3: got \"1\", expected index:value, an int64 and a float32."));
  CHECK(contains(refusal("1 1:x\n", svm), "got \"1:x\", expected index:value"));
  CHECK(contains(refusal("1 1:\n", svm), "got \"1:\", expected index:value"));
  CHECK(contains(refusal("1 1:2:3\n", svm), "got \"1:2:3\", expected index:value"));
  CHECK(contains(refusal("1 0:1\n", svm), "got the index 0 in \"0:1\", expected at least 1. Set zero_based = true"));
  CHECK(contains(refusal("1 -9223372036854775808:1\n", svm), "expected at least 1. Correct it."));
  CHECK(contains(refusal("1:1\n", svm), "got the label \"1:1\", expected a float32"));
  CHECK(contains(refusal("1,2 1:1\n", svm), "got the label \"1,2\""));
  CHECK(contains(refusal("1 qid:3 1:1\n", svm), "got \"qid:3\", expected no query. Name a key for it"));
  CHECK(contains(refusal("1 1:1\n", ReadLibsvmOptions{.qid_key = "q"}), "got \"1:1\" after the label, expected qid:"));
  CHECK(contains(refusal("2 1:1\n", ReadLibsvmOptions{.signed_labels = true}), "expected -1, 0 or 1"));
  CHECK(contains(refusal("0.5 1:1\n", ReadLibsvmOptions{.label_type = DataType::int64}), "expected an int64"));
  const ReadLibffmOptions ffm{.num_fields = 2};
  CHECK(contains(refusal("1 0:1:1 1:1\n", ffm), "got \"1:1\", expected field:index:value"));
  CHECK(contains(refusal("1 2:1:1\n", ffm), "got the field 2 in \"2:1:1\", expected 0 to 1."));
  CHECK(contains(refusal("1 -1:1:1\n", ffm), "got the field -1 in"));
  CHECK_THROWS_AS(refusal("", ReadLibffmOptions{}), ValueError);
  CHECK_THROWS_AS(refusal("", ReadLibffmOptions{.fields = {"a", "b"}, .num_fields = 3}), ValueError);
  CHECK_THROWS_AS(refusal("", ReadLibffmOptions{.fields = {"a", "a"}}), ValueError);
  CHECK_THROWS_AS(refusal("", ReadLibsvmOptions{.weight_key = "features"}), ValueError);
  CHECK_THROWS_AS(refusal("", ReadLibsvmOptions{.label_type = DataType::string}), ValueError);
}

TEST_CASE("read_libsvm: it goes on from every position, on any threads") {
  std::string text;
  for (int64_t i = 0; i < 23; ++i) text += fmt::format("{} {}:1\n", i, i + 1);
  const TestFile file(text);
  const ReadLibsvmOptions options{.files = file.path, .batch_size = 5, .shuffle_buffer = 7, .repeat = 2};
  const auto rest = [](Dataset dataset) {
    std::vector<float> labels;
    for (const Batch& batch : dataset) {
      labels.insert(labels.end(), batch.labels.floats.begin(), batch.labels.floats.end());
      for (size_t i = 0; i < batch.labels.floats.size(); ++i)
        CHECK(static_cast<float>(batch.features.at("features").integers[i]) == batch.labels.floats[i]);
    }
    return labels;
  };
  const std::vector<float> whole = rest(read_libsvm(options));
  CHECK(whole.size() == 46);
  for (size_t taken = 0; taken <= 10; ++taken) {
    Dataset first = read_libsvm(options).prefetch(static_cast<int>(taken % 3));
    size_t examples = 0;
    for (size_t i = 0; i < taken; ++i) examples += static_cast<size_t>(first.next()->size);
    Dataset second = read_libsvm(options).prefetch(static_cast<int>(taken % 2));
    REQUIRE(second.seek(first.position()));
    CHECK(rest(std::move(second)) ==
          std::vector<float>(whole.begin() + static_cast<std::ptrdiff_t>(examples), whole.end()));
  }
}

TEST_CASE("read_libffm: no bytes break it") {
  const RandomStream random{.seed = 6, .stream = 1};
  const std::string_view alphabet("011:: \t\n\r#-.q\0\xff", 15);
  int accepted = 0;
  for (uint64_t i = 0, draw = 0; i < 400; ++i) {
    std::string bytes;
    for (uint64_t n = random.below(draw++, 20); n > 0; --n) bytes += alphabet[random.below(draw++, alphabet.size())];
    accepted += refusal(bytes, ReadLibffmOptions{.num_fields = 3, .batch_size = 2}) == "accepted";
  }
  CHECK(accepted > 10);
  CHECK(accepted < 390);
}
#endif

}  // namespace weft
