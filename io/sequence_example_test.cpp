// Tests of parse_sequence_example by hand-made bytes; every answer is TensorFlow's.
#include <weft/core/error.h>
#include <weft/io/sequence_example.h>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

using Integers = std::vector<int64_t>;
using Floats = std::vector<float>;
using Splits = std::vector<Integers>;
using Entries = std::vector<std::pair<std::string, std::string>>;

std::string field(int number, const std::string& content) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(content.size())} + content;
}
std::string integers(const std::string& varints) {
  return field(3, field(1, varints));
}
std::string floats(const Floats& values) {
  return field(2, field(1, std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float))));
}
std::string words(const std::vector<std::string>& values) {
  std::string list;
  for (const std::string& value : values) list += field(1, value);
  return field(1, list);
}
std::string list(const std::vector<std::string>& steps) {
  std::string out;
  for (const std::string& step : steps) out += field(1, step);
  return out;
}
std::string sequence_example(const Entries& context, const Entries& lists) {
  const auto entries = [](const Entries& all) {
    std::string out;
    for (const auto& [key, value] : all) out += field(1, field(1, key) + field(2, value));
    return out;
  };
  return field(1, entries(context)) + field(2, entries(lists));
}

const std::string kFull =
    sequence_example({{"n", integers("\x07")}}, {{"v", list({integers("\x01\x02"), integers(""), integers("\x03")})},
                                                 {"d", list({floats({1, 2}), floats({3, 4})})}});
const std::string kShort = sequence_example({{"n", integers("\x08")}}, {{"v", list({integers("\x04")})}, {"d", ""}});
const std::string kNone = sequence_example({{"n", integers("\x09")}}, {});

const ParseSpec kContext = {{"n", FixedLenFeature{.type = DataType::int64}}};
FixedLenSequenceFeature pairs(bool allow_missing = true) {
  return {.shape = {2}, .allow_missing = allow_missing};
}

// The features own the examples, which their strings point into.
SequenceFeatures parse(std::vector<std::string> examples, const SequenceExampleSpec& spec) {
  const auto kept = std::make_shared<const std::vector<std::string>>(std::move(examples));
  SequenceFeatures out = parse_sequence_example(std::vector<std::string_view>(kept->begin(), kept->end()), spec);
  out.sequence.own(kept);
  return out;
}
void refuse(const std::string& example, const ParseSpec& sequences, const char* text) {
  CHECK_THROWS_WITH_AS(parse({example}, {.sequence_features = sequences}), doctest::Contains(text), DataError);
}

}  // namespace

TEST_CASE("sequence example: a context, dense and sparse lists") {
  const auto got = parse(
      {kFull, kShort, kNone},
      {.context_features = kContext, .sequence_features = {{"v", VarLenFeature{DataType::int64}}, {"d", pairs()}}});
  CHECK(got.context.at("n").integers == Integers{7, 8, 9});
  const Feature &v = got.sequence.at("v"), &d = got.sequence.at("d");
  CHECK(v.sparse);
  CHECK(v.integers == Integers{1, 2, 3, 4});
  CHECK(v.offsets == Integers{0, 3, 4, 4});
  CHECK(v.indices == Integers{0, 0, 0, 1, 2, 0, 0, 0});
  CHECK(v.shape == Integers{3, 3, 2});
  CHECK(v.row_splits.empty());
  CHECK_FALSE(d.sparse);
  CHECK(d.shape == Integers{3, 2, 2});
  CHECK(d.floats == Floats{1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(got.lengths.at("d") == Integers{2, 0, 0});
  CHECK(got.lengths.size() == 1);
}

TEST_CASE("sequence example: ragged lists, and partitions within the steps") {
  const auto got = parse({kFull, kShort, kNone}, {.sequence_features = {{"v", RaggedFeature{}}}});
  CHECK(got.sequence.at("v").row_splits == Splits{{0, 3, 4, 4}, {0, 2, 2, 3, 4}});
  const RaggedFeature cut{.value_key = "v", .partitions = {RaggedFeature::RowLengths{"p"}}};
  const std::string good = sequence_example({}, {{"v", list({integers("\x01\x02"), integers("\x03")})},
                                                 {"p", list({integers("\x01\x01"), integers("\x01")})}});
  const Feature nested = parse({good}, {.sequence_features = {{"x", cut}}}).sequence.at("x");
  CHECK(nested.row_splits == Splits{{0, 2}, {0, 2, 3}, {0, 1, 2, 3}});
  CHECK(nested.indices == Integers{0, 0, 0, 0, 1, 0, 1, 0, 0});
  CHECK(nested.shape == Integers{1, 2, 2, 1});
  refuse(sequence_example({}, {{"v", list({integers("\x01")})}, {"p", list({integers("\x01"), integers("")})}}),
         {{"x", cut}}, "example 0, key 'x': values and partitions are not aligned");
  refuse(sequence_example({}, {{"v", list({integers(""), integers("\x01")})}, {"p", list({"", integers("\x02")})}}),
         {{"x", cut}}, "example 0, step 1, key 'x': Arguments do not form a valid RaggedTensor");
}

TEST_CASE("sequence example: one alone has no batch axis") {
  const auto got = parse_single_sequence_example(
      kFull,
      {.context_features = kContext, .sequence_features = {{"v", VarLenFeature{DataType::int64}}, {"d", pairs()}}});
  CHECK(got.context.at("n").shape.empty());
  CHECK(got.sequence.at("v").shape == Integers{3, 2});
  CHECK(got.sequence.at("v").indices == Integers{0, 0, 0, 1, 2, 0});
  CHECK(got.sequence.at("d").shape == Integers{2, 2});
}

TEST_CASE("sequence example: of a list that comes twice the last counts; strings, unknown fields, no examples") {
  const ParseSpec spec = {{"v", VarLenFeature{DataType::int64}}};
  const std::string twice =
      sequence_example({}, {{"v", list({integers("\x01\x02")})}, {"v", list({integers("\x03")})}});
  CHECK(parse({twice + "\x78\x05"}, {.sequence_features = spec}).sequence.at("v").integers == Integers{3});
  CHECK(parse({}, {.sequence_features = spec}).sequence.at("v").shape == Integers{0, 0, 0});
  const std::string text = sequence_example({}, {{"s", list({words({"a", "bc"}), words({})})}});
  const auto got = parse({text}, {.sequence_features = {{"s", VarLenFeature{}}}});
  CHECK(got.sequence.at("s").strings == std::vector<std::string_view>{"a", "bc"});
}

TEST_CASE("sequence example: what does not fit is refused by example, key and step") {
  refuse(kNone, {{"d", pairs(false)}}, "example 0, key 'd': Feature list is required but could not be found.");
  refuse(kFull, {{"d", FixedLenSequenceFeature{.shape = {3}, .allow_missing = true}}},
         "key 'd': Index: 0. Number of values != expected. values size: 2 but output shape: [3]");
  refuse(kFull, {{"v", VarLenFeature{DataType::float32}}}, "Index: 0. Data types don't match. Expected type: float");
  refuse(sequence_example({}, {{"d", list({floats({1, 2}), ""})}}), {{"d", pairs()}}, "Index: 1. Number of values");
  refuse(kFull.substr(0, kFull.size() - 3), {{"v", VarLenFeature{DataType::int64}}}, "Invalid protocol message input");
  refuse(sequence_example({}, {{"v", list({"\x1a\x02\x0a\x05"})}}), {{"v", VarLenFeature{DataType::int64}}},
         "Index: 0. Can't parse the step");
}

TEST_CASE("sequence example: a specification names what it can read") {
  const auto refuse_spec = [](const SequenceExampleSpec& spec, const char* text) {
    CHECK_THROWS_WITH_AS(parse({}, spec), doctest::Contains(text), ValueError);
  };
  refuse_spec({}, "Both context_features and sequence_features are None");
  refuse_spec({.context_features = {{"n", pairs()}}}, "Unsupported FixedLenSequenceFeature for key 'n'");
  refuse_spec({.sequence_features = {{"n", FixedLenFeature{}}}}, "Unsupported FixedLenFeature for key 'n'");
  refuse_spec({.sequence_features = {{"x", SparseFeature{}}}}, "Unsupported SparseFeature for key 'x'");
  auto filled = pairs();
  filled.default_value = {{.floats = {7}}};
  refuse_spec({.sequence_features = {{"d", filled}}}, "Value feature_list.dense_defaults[d] must be None");
}

}  // namespace weft
#endif
