// Tests of parse_example: TensorFlow's rules by hand-made bytes, errors, and the fast pass against the plain one.
#include <weft/core/error.h>
#include <weft/io/example.h>
#include <weft/io/example_passes.h>

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

std::string varint(uint64_t value) {
  std::string out;
  for (; value > 127; value >>= 7) out += static_cast<char>(value | 128);
  return out + static_cast<char>(value);
}
std::string field(int number, const std::string& content) {
  return varint(static_cast<uint64_t>(number << 3 | 2)) + varint(content.size()) + content;
}
std::string entry(const std::string& key, const std::string& feature) {
  return field(1, field(1, key) + field(2, feature));
}
std::string n(const std::string& feature) {
  return field(1, entry("n", feature));
}
std::string integers(const std::string& packed) {
  return field(3, field(1, packed));
}
const std::string kFloat = field(2, field(1, std::string("\0\0\x80\x3f", 4)));

const ParseSpec kFixed = {{"n", FixedLenFeature{.shape = {}, .type = DataType::int64}}};
const ParseSpec kDefault = {{"n", FixedLenFeature{.type = DataType::int64, .default_value = {{.integers = {9}}}}}};
const ParseSpec kVar = {{"n", VarLenFeature{DataType::int64}}};
const ParseSpec kAll = {
    {"n", VarLenFeature{DataType::int64}}, {"s", VarLenFeature{}}, {"x", VarLenFeature{DataType::float32}}};

using Values = std::vector<int64_t>;
// The values of "n", or {-99} and the error's text.
Values values(const ParseSpec& spec, const std::string& example, std::string* error = nullptr) {
  const std::string_view serialized[] = {example};
  try {
    return parse_example(serialized, spec).at("n").integers;
  } catch (const DataError& e) {
    if (error) *error = e.what();
    return {-99};
  }
}
const Values kError = {-99};

void check_error(const ParseSpec& spec, const std::string& example, const char* text) {
  std::string error;
  CHECK(values(spec, example, &error) == kError);
  CHECK_MESSAGE(error.find(text) != std::string::npos, error);
}

}  // namespace

TEST_CASE("example: fixed, ragged and missing values of every type") {
  const ParseSpec spec = {{"d", FixedLenFeature{.shape = {2}, .default_value = {{.floats = {7, 8}}}}},
                          {"l", FixedLenFeature{.shape = {1}, .type = DataType::int64}},
                          {"t", FixedLenFeature{.type = DataType::string, .default_value = {{.strings = {"none"}}}}},
                          {"s", VarLenFeature{}}};
  ExampleWriter first, second;
  const std::string_view words[] = {"a", "", "ccc"};
  const float floats[] = {1.5f, -2.0f};
  first.add("s", words).add("other", 1.0f).add("l", int64_t{4});
  second.add("t", "text").add("l", int64_t{-1}).add("d", floats);
  const std::string_view serialized[] = {first.serialized(), second.serialized()};
  Features features;
  {
    const ExampleParser parser(spec);
    parser.parse(serialized, features);
  }
  CHECK(features.size() == 4);
  CHECK(features.begin()->first == "d");
  CHECK(features.at("d").floats == std::vector<float>{7, 8, 1.5f, -2.0f});
  CHECK(features.at("d").shape == Values{2, 2});
  CHECK(features.at("l").integers == Values{4, -1});
  CHECK(features.at("l").shape == Values{2, 1});
  CHECK(features.at("t").strings == std::vector<std::string_view>{"none", "text"});
  CHECK(features.at("t").shape == Values{2});
  CHECK(features.at("s").strings == std::vector<std::string_view>{"a", "", "ccc"});
  CHECK(features.at("s").offsets == Values{0, 3, 3});
  CHECK(features.at("s").shape == Values{2, 3});
  CHECK(features.at("s").strings[2].data() > serialized[0].data());
  CHECK(features.at("s").strings[2].data() < serialized[0].data() + serialized[0].size());
}

TEST_CASE("example: the next batch replaces the last, in its memory") {
  const ExampleParser parser(kVar);
  const std::string large = n(integers("\x01\x02\x03")), small = n(integers("\x04")), none = field(1, "");
  Features features;
  const std::string_view three[] = {large, large, large}, two[] = {none, small};
  parser.parse(three, features);
  const int64_t* memory = features.at("n").integers.data();
  parser.parse(two, features);
  CHECK(features.at("n").integers == Values{4});
  CHECK(features.at("n").offsets == Values{0, 0, 1});
  CHECK(features.at("n").shape == Values{2, 1});
  parser.parse(three, features);
  CHECK(features.at("n").integers.data() == memory);
  CHECK(features.at("n").shape == Values{3, 3});
  parser.parse({}, features);
  CHECK(features.at("n").shape == Values{0, 0});
  CHECK(features.at("n").offsets == Values{0});
  CHECK(features.at("n").integers.empty());
}

TEST_CASE("example: of a key that comes twice the last entry counts") {
  const auto both = [](const std::string& first, const std::string& second) {
    return field(1, entry("n", first) + entry("n", second));
  };
  for (const auto& spec : {kFixed, kVar}) {
    CHECK(values(spec, both(integers("\x01"), integers("\x02"))) == Values{2});
    CHECK(values(spec, both(kFloat, integers("\x02"))) == Values{2});
    CHECK(values(spec, both("\x1a\x05\x0a", integers("\x02"))) == Values{2});
    CHECK(values(spec, both(integers("\x02"), kFloat)) == kError);
    CHECK(values(spec, both("\x08\x01", integers("\x02"))) == kError);
  }
  CHECK(values(kFixed, both(integers("\x01"), "")) == Values{1});
  CHECK(values(kVar, both(integers("\x01"), "")) == Values{});
  CHECK(values(kVar, n(integers("\x01")) + n(integers("\x02"))) == Values{2});
}

TEST_CASE("example: of several lists or kinds the first counts") {
  CHECK(values(kVar, n(integers("\x01\x02") + integers("\x03"))) == Values{1, 2});
  CHECK(values(kVar, n(integers("\x01") + kFloat)) == Values{1});
  CHECK(values(kVar, n(kFloat + integers("\x01"))) == kError);
  CHECK(values(kVar, n(field(3, "\x08\x01\x08\xac\x02"))) == Values{1, 300});
  CHECK(values(kVar, n(field(3, field(1, "\x01\x02") + "\x08\x03"))) == Values{1, 2});
  CHECK(values(kVar, n(field(3, "\x08\x03" + field(1, "\x01")))) == kError);
}

TEST_CASE("example: an empty list is no default, a missing kind is") {
  for (const std::string& list : {field(3, ""), integers("")}) {
    CHECK(values(kVar, n(list)) == Values{});
    check_error(kDefault, n(list), "Number of int64 values != expected.  Values size: 0 but output shape: []");
  }
  CHECK(values(kDefault, n("")) == Values{9});
  CHECK(values(kDefault, "") == Values{9});
  check_error(kFixed, n(""), "Feature: n (data type: int64) is required but could not be found.");
}

TEST_CASE("example: fields that nobody knows") {
  const std::string unknown[] = {"\x78\x03",
                                 "\x79"
                                 "12345678",
                                 "\x7a\x02zz",
                                 "\x7d"
                                 "abcd"};
  const std::string list = integers("\x04");
  for (const auto& junk : unknown) {
    CHECK(values(kFixed, junk + n(list)) == Values{4});
    CHECK(values(kFixed, n(list) + junk) == Values{4});
    CHECK(values(kFixed, n(list + junk)) == Values{4});
    CHECK(values(kFixed, n(field(3, field(1, "\x04") + junk))) == Values{4});
    CHECK(values(kFixed, field(1, junk + entry("n", list))) == kError);
    CHECK(values(kFixed, field(1, field(1, field(1, "n") + field(2, list) + junk))) == kError);
    check_error(kFixed, n(junk + list), "Unsupported datatype.");
    CHECK(values(kFixed, n(field(3, junk + field(1, "\x04")))) == kError);
  }
}

TEST_CASE("example: entries in another order, incomplete or too long") {
  CHECK(values(kFixed, field(1, field(1, field(2, integers("\x04")) + field(1, "n")))) == Values{4});
  CHECK(values(kFixed, field(1, field(1, field(1, "n")))) == kError);
  CHECK(values(kFixed, field(1, field(1, ""))) == kError);
  // Twice the key: the value is missing.
  CHECK(values(kVar, field(1, field(1, field(1, "n") + field(1, "n")))) == Values{});
  // A tag of two bytes.
  CHECK(values(kFixed, field(1, field(1, "\x8a" + std::string(1, '\0') + "\x01n" + field(2, integers("\x04"))))) ==
        Values{4});
  // Bytes within a feature that nobody reads don't matter.
  CHECK(values(kFixed, field(1, entry("n", integers("\x04")) + entry("zz", "\x12\x7f"))) == Values{4});
  CHECK(values({{"", FixedLenFeature{.type = DataType::int64}}, {"n", VarLenFeature{DataType::int64}}},
               field(1, entry("", integers("\x05")) + entry("n", integers("\x04")))) == Values{4});
}

TEST_CASE("example: errors say where, which key, what") {
  check_error(kFixed, n(kFloat),
              "[parse_example] example 0, key 'n': Data types don't match. Data type: float but expected type: int64");
  check_error(kVar, n(kFloat), "Data types don't match. Expected type: int64, Actual type: float");
  check_error(kVar, n(field(3, field(1, "\x80"))), "key 'n': Can't parse serialized Example.");
  check_error(kVar, "not a proto\x01",
              "example 0: Could not parse example input, value: 'not a proto\\x01' (12 bytes)");
  const ExampleParser parser({{"s", FixedLenFeature{.shape = {2}, .type = DataType::string}}});
  ExampleWriter good, bad;
  const std::string_view two[] = {"a", "b"};
  const std::string_view serialized[] = {good.add("s", two).serialized(), bad.add("s", "a").serialized()};
  Features features;
  CHECK_THROWS_WITH_AS(
      parser.parse(serialized, features, [](size_t i) { return "a.tfrecord, record " + std::to_string(i + 7); }),
      doctest::Contains("a.tfrecord, record 8, key 's': Can't parse serialized Example. Number of string values != "
                        "expected.  Values size: 1 but output shape: [2]"),
      DataError);
  CHECK(features.at("s").size() == 0);
}

namespace {

// Every byte that a walk may see: built from valid pieces, then damaged.
std::string random_example(std::mt19937& random) {
  const auto below = [&](size_t bound) { return random() % bound; };
  const char* keys[] = {"n", "s", "x", "other", "n"};
  std::string entries;
  for (size_t left = below(6); left > 0; --left) {
    const size_t which = below(5);
    std::string list;
    for (size_t values = below(7); values > 0; --values)
      list += which == 1   ? field(1, std::string(below(4), 'w'))
              : which == 2 ? std::string(4, static_cast<char>(random()))
                           : varint(random() >> below(32));
    const int kind = which == 1 ? 1 : which == 2 ? 2 : 3;
    entries += entry(keys[which], field(kind, kind == 1 || below(20) == 0 ? list : field(1, list)));
  }
  std::string example = field(1, entries);
  for (size_t damages = below(3); damages > 0 && !example.empty(); --damages) {
    const size_t at = below(example.size());
    if (below(4) == 0)
      example.resize(at);
    else
      example[at] = static_cast<char>(below(2) ? random() : example[at] ^ (1 << below(8)));
  }
  return example;
}

}  // namespace

TEST_CASE("example: what the fast pass takes, the plain pass takes, with the same values") {
  std::mt19937 random(3);
  const ExamplePlan plan(kAll);
  const auto where = [] { return std::string("here"); };
  int fast_ones = 0, plain_ones = 0;
  for (int round = 0; round < 20'000; ++round) {
    const std::string text = random_example(random);
    const std::vector<char> example(text.begin(), text.end());  // of exactly this size, so that sanitizers see the end
    const std::string_view view(example.data(), example.size());
    ExampleOutput fast, plain;
    Features fast_features, plain_features;
    fast.begin(plan, 1, fast_features);
    plain.begin(plan, 1, plain_features);
    const bool fast_ok = parse_fast(plan, view, 0, fast);
    bool plain_ok = true;
    try {
      parse_plain(plan, view, 0, plain, where);
    } catch (const DataError&) {
      plain_ok = false;
    }
    fast_ones += fast_ok;
    plain_ones += plain_ok;
    if (!fast_ok) continue;
    REQUIRE(plain_ok);
    fast.finish(plan, 1, {});
    plain.finish(plan, 1, {});
    for (const auto& [key, feature] : plain_features) {
      CHECK(fast_features.at(key).integers == feature->integers);
      CHECK(fast_features.at(key).strings == feature->strings);
      CHECK(fast_features.at(key).floats.size() == feature->floats.size());
      CHECK(fast_features.at(key).offsets == feature->offsets);
    }
  }
  CHECK(fast_ones > 4'000);
  CHECK(plain_ones > fast_ones + 1'000);
  CHECK(plain_ones < 19'000);
}

TEST_CASE("example: an unusual example between usual ones leaves no trace") {
  const std::string usual = field(1, entry("n", integers("\x05")) + entry("s", field(1, field(1, "a"))));
  const std::string twice = field(
      1, entry("n", integers("\x01\x02\x03")) + entry("s", field(1, field(1, "b"))) + entry("n", integers("\x07")));
  const std::string_view serialized[] = {usual, twice, usual};
  const Features features = parse_example(serialized, kAll);
  CHECK(features.at("n").integers == Values{5, 7, 5});
  CHECK(features.at("n").offsets == Values{0, 1, 2, 3});
  CHECK(features.at("s").strings == std::vector<std::string_view>{"a", "b", "a"});
  CHECK(features.at("x").offsets == Values{0, 0, 0, 0});
}

}  // namespace weft
#endif
