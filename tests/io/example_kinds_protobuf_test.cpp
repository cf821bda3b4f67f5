// Sequences, sparse and ragged features against what follows from protobuf's reading of the same bytes.
#include <weft/core/error.h>
#include <weft/io/example.h>

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "example.pb.h"

namespace {

using namespace weft;
using Random = std::mt19937_64;

constexpr int64_t kSize = 50;  // of the sparse feature
const ParseSpec kKinds = {
    {"q", FixedLenSequenceFeature{.shape = {2}, .type = DataType::int64, .allow_missing = true}},
    {"s", SparseFeature{.index_key = {"i"}, .value_key = "v", .type = DataType::string, .size = {kSize}}},
    {"r", RaggedFeature{.type = DataType::float32, .partitions = {RaggedFeature::RowLengths{"l"}}}}};

/// What one example holds.
struct Values {
  std::vector<int64_t> sequence;
  std::vector<std::pair<int64_t, std::string>> sparse;
  std::vector<std::vector<uint32_t>> ragged;  ///< floats by their bits
  bool operator==(const Values&) const = default;
};

size_t below(Random& random, size_t bound) {
  return random() % bound;
}

oracle::Feature& add(oracle::Example& message, const std::string& key) {
  oracle::Entry& entry = *message.mutable_features()->add_feature();
  entry.set_key(key);
  return *entry.mutable_value();
}

oracle::Example random_message(Random& random) {
  oracle::Example message;
  message.mutable_features();
  if (below(random, 6) > 0) {
    auto& list = *add(message, "q").mutable_int64_list();
    for (size_t left = 2 * below(random, 6); left > 0; --left) list.add_value(static_cast<int64_t>(random()));
  }
  if (below(random, 6) > 0) {
    auto& values = *add(message, "v").mutable_bytes_list();
    auto& indices = *add(message, "i").mutable_int64_list();
    for (size_t left = below(random, 12); left > 0; --left) {
      values.add_value(std::string(below(random, 5), static_cast<char>('a' + below(random, 26))));
      indices.add_value(static_cast<int64_t>(below(random, kSize)));
    }
  }
  if (below(random, 6) > 0) {
    auto& lengths = *add(message, "l").mutable_int64_list();
    auto& values = *add(message, "r").mutable_float_list();
    for (size_t rows = below(random, 5); rows > 0; --rows) {
      const size_t length = below(random, 4);
      lengths.add_value(static_cast<int64_t>(length));
      for (size_t i = 0; i < length; ++i) values.add_value(std::bit_cast<float>(static_cast<uint32_t>(random())));
    }
  }
  return message;
}

const oracle::Feature& find(const oracle::Example& message, const std::string& key) {
  const auto& entries = message.features().feature();
  const auto found =
      std::find_if(entries.rbegin(), entries.rend(), [&](const auto& entry) { return entry.key() == key; });
  return found == entries.rend() ? oracle::Feature::default_instance() : found->value();
}

/// What the specification makes of a message; nothing if its parts don't fit.
std::optional<Values> values_of(const oracle::Example& message) {
  Values out;
  const auto& sequence = find(message, "q").int64_list().value();
  out.sequence.assign(sequence.begin(), sequence.end());
  if (out.sequence.size() % 2 != 0) return {};
  const auto& indices = find(message, "i").int64_list().value();
  const auto& words = find(message, "v").bytes_list().value();
  if (indices.size() != words.size()) return {};
  for (int i = 0; i < words.size(); ++i) {
    if (indices[i] < 0 || indices[i] >= kSize) return {};
    out.sparse.emplace_back(indices[i], words[i]);
  }
  std::stable_sort(out.sparse.begin(), out.sparse.end(), [](auto& a, auto& b) { return a.first < b.first; });
  const auto& floats = find(message, "r").float_list().value();
  int used = 0;
  for (const int64_t length : find(message, "l").int64_list().value()) {
    if (length < 0 || length > floats.size() - used) return {};
    auto& row = out.ragged.emplace_back();
    for (int64_t i = 0; i < length; ++i) row.push_back(std::bit_cast<uint32_t>(floats[used++]));
  }
  if (used < floats.size()) return {};
  return out;
}

/// A row of a batch in the same form. The sequence is filled up with zeros to the longest one.
Values values_of(const Features& features, size_t row) {
  Values out;
  const Feature &sequence = features.at("q"), &sparse = features.at("s"), &ragged = features.at("r");
  const int64_t width = 2 * sequence.shape[1], start = width * static_cast<int64_t>(row);
  out.sequence.assign(sequence.integers.begin() + start, sequence.integers.begin() + start + width);
  for (int64_t i = sparse.offsets[row]; i < sparse.offsets[row + 1]; ++i) {
    const auto at = static_cast<size_t>(i);
    out.sparse.emplace_back(sparse.indices[at], sparse.strings[at]);
  }
  const auto &rows = ragged.row_splits[0], &splits = ragged.row_splits[1];
  for (auto inner = static_cast<size_t>(rows[row]); inner < static_cast<size_t>(rows[row + 1]); ++inner) {
    auto& values = out.ragged.emplace_back();
    for (auto i = splits[inner]; i < splits[inner + 1]; ++i) {
      values.push_back(std::bit_cast<uint32_t>(ragged.floats[static_cast<size_t>(i)]));
    }
  }
  return out;
}

bool agrees(const Features& features, size_t row, Values theirs) {
  theirs.sequence.resize(static_cast<size_t>(2 * features.at("q").shape[1]), 0);
  return values_of(features, row) == theirs;
}

}  // namespace

TEST_CASE("example kinds and protobuf: what protobuf writes is read") {
  Random random(11);
  const ExampleParser parser(kKinds);
  Features features;
  for (int round = 0; round < 2000; ++round) {
    std::vector<oracle::Example> messages;
    std::vector<std::string> bytes;
    for (size_t left = below(random, 9); left > 0; --left) {
      messages.push_back(random_message(random));
      bytes.push_back(messages.back().SerializeAsString());
    }
    parser.parse(std::vector<std::string_view>(bytes.begin(), bytes.end()), features);
    for (size_t row = 0; row < messages.size(); ++row) {
      const auto theirs = values_of(messages[row]);
      REQUIRE(theirs.has_value());
      REQUIRE(agrees(features, row, *theirs));
    }
  }
}

// As with features of fixed and variable length, TensorFlow's rules and protobuf's part in few places.
TEST_CASE("example kinds and protobuf: damaged messages") {
  Random random(12);
  const ExampleParser parser(kKinds);
  int both = 0, neither = 0, same = 0, only_ours = 0, only_protobuf = 0;
  for (int round = 0; round < 40'000; ++round) {
    std::string damaged = random_message(random).SerializeAsString();
    if (damaged.empty()) continue;
    const size_t at = below(random, damaged.size());
    if (below(random, 5) == 0)
      damaged.resize(at);
    else
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << below(random, 8)));
    const std::vector<char> exact(damaged.begin(), damaged.end());  // sanitizers see its end
    const std::string_view view(exact.data(), exact.size());
    oracle::Example message;
    std::optional<Values> theirs;
    if (message.ParseFromArray(view.data(), static_cast<int>(view.size()))) theirs = values_of(message);
    Features features;
    bool ours = true;
    try {
      parser.parse({&view, 1}, features);
    } catch (const DataError&) {
      ours = false;
    }
    both += ours && theirs;
    neither += !ours && !theirs;
    only_ours += ours && !theirs;
    only_protobuf += !ours && theirs;
    if (ours && theirs) same += agrees(features, 0, *theirs);
  }
  CAPTURE(only_ours);
  CAPTURE(only_protobuf);
  CHECK(both > 10'000);
  CHECK(neither > 5'000);
  CHECK(both - same <= both / 500);
  CHECK(only_ours < 1'500);
  CHECK(only_protobuf < 2'500);
}
