// tf.train.Example against protobuf itself: random messages both ways, and damaged ones.
#include <weft/core/error.h>
#include <weft/io/example.h>

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "example.pb.h"

namespace {

using namespace weft;
using Random = std::mt19937_64;

const ParseSpec kSpec = {{"integers", VarLenFeature{DataType::int64}},
                         {"floats", VarLenFeature{DataType::float32}},
                         {"strings", VarLenFeature{DataType::string}},
                         {"i", VarLenFeature{DataType::int64}}};

size_t below(Random& random, size_t bound) {
  return random() % bound;
}

int64_t random_integer(Random& random) {
  const auto value = static_cast<int64_t>(random() >> below(random, 64));
  return below(random, 4) == 0 ? -value : value;
}

float random_float(Random& random) {
  return std::bit_cast<float>(static_cast<uint32_t>(random()));
}

std::string random_string(Random& random) {
  std::string out(below(random, 30) == 0 ? below(random, 400) : below(random, 12), '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

void fill(oracle::Feature& feature, char kind, Random& random) {
  const size_t values = below(random, 25);
  if (kind == 'i') feature.mutable_int64_list();
  if (kind == 'f') feature.mutable_float_list();
  if (kind == 's') feature.mutable_bytes_list();
  for (size_t i = 0; i < values; ++i) {
    if (kind == 'i') feature.mutable_int64_list()->add_value(random_integer(random));
    if (kind == 'f') feature.mutable_float_list()->add_value(random_float(random));
    if (kind == 's') feature.mutable_bytes_list()->add_value(random_string(random));
  }
}

oracle::Feature& add(oracle::Example& message, const std::string& key) {
  oracle::Entry& entry = *message.mutable_features()->add_feature();
  entry.set_key(key);
  return *entry.mutable_value();
}

oracle::Example random_message(Random& random) {
  oracle::Example message;
  message.mutable_features();
  std::vector<std::string> keys = {"unread"};
  for (const auto& [key, spec] : kSpec) keys.push_back(key);
  std::shuffle(keys.begin(), keys.end(), random);
  for (const auto& key : keys)
    if (below(random, 5) > 0) fill(add(message, key), key == "unread" ? "ifs"[below(random, 3)] : key[0], random);
  if (below(random, 20) == 0) fill(add(message, "floats"), 'f', random);  // again: the last counts
  if (below(random, 20) == 0) add(message, "i");                          // without a kind
  return message;
}

const oracle::Feature& find(const oracle::Example& message, const std::string& key) {
  const auto& entries = message.features().feature();
  const auto found =
      std::find_if(entries.rbegin(), entries.rend(), [&](const auto& entry) { return entry.key() == key; });
  return found == entries.rend() ? oracle::Feature::default_instance() : found->value();
}

// Protobuf's answer in the form of ours, or nothing if it does not take the bytes.
std::optional<oracle::Example> by_protobuf(std::string_view bytes) {
  oracle::Example message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  return message;
}

template <class Ours, class Theirs>
bool equal(const std::vector<Ours>& ours, size_t first, size_t last, const Theirs& theirs) {
  if (last - first != static_cast<size_t>(theirs.size())) return false;
  for (size_t i = first; i < last; ++i) {
    if constexpr (std::is_same_v<Ours, float>) {
      if (std::bit_cast<uint32_t>(ours[i]) != std::bit_cast<uint32_t>(theirs[static_cast<int>(i - first)]))
        return false;
    } else {
      if (ours[i] != theirs[static_cast<int>(i - first)]) return false;
    }
  }
  return true;
}

bool equal(const Features& features, size_t row, const oracle::Example& message) {
  for (const auto& [key, feature] : features) {
    const oracle::Feature& theirs = find(message, key);
    const auto first = static_cast<size_t>(feature->offsets[row]),
               last = static_cast<size_t>(feature->offsets[row + 1]);
    const bool same = key[0] == 'i'   ? equal(feature->integers, first, last, theirs.int64_list().value())
                      : key[0] == 'f' ? equal(feature->floats, first, last, theirs.float_list().value())
                                      : equal(feature->strings, first, last, theirs.bytes_list().value());
    if (!same) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("example and protobuf: what protobuf writes is read") {
  Random random(1);
  const ExampleParser parser(kSpec);
  Features features;
  for (int round = 0; round < 500; ++round) {
    std::vector<oracle::Example> messages;
    std::vector<std::string> bytes;
    for (size_t left = below(random, 9); left > 0; --left) {
      messages.push_back(random_message(random));
      bytes.push_back(messages.back().SerializeAsString());
    }
    const std::vector<std::string_view> views(bytes.begin(), bytes.end());
    parser.parse(views, features);
    for (size_t row = 0; row < messages.size(); ++row) REQUIRE(equal(features, row, messages[row]));
  }
}

TEST_CASE("example and protobuf: what ExampleWriter writes, protobuf reads") {
  Random random(2);
  ExampleWriter writer;
  for (int round = 0; round < 2000; ++round) {
    std::vector<int64_t> integers(below(random, 20));
    std::vector<float> floats(below(random, 20));
    std::vector<std::string> strings(below(random, 20));
    for (auto& value : integers) value = random_integer(random);
    for (auto& value : floats) value = random_float(random);
    for (auto& value : strings) value = random_string(random);
    const std::vector<std::string_view> views(strings.begin(), strings.end());
    const std::string_view bytes =
        writer.clear().add("integers", integers).add("floats", floats).add("strings", views).serialized();
    const auto message = by_protobuf(bytes);
    REQUIRE(message.has_value());
    REQUIRE(message->features().feature_size() == 3);
    CHECK(equal(integers, 0, integers.size(), find(*message, "integers").int64_list().value()));
    CHECK(equal(floats, 0, floats.size(), find(*message, "floats").float_list().value()));
    CHECK(equal(strings, 0, strings.size(), find(*message, "strings").bytes_list().value()));
  }
}

// TensorFlow's rules are not protobuf's where bytes are unusual: of two lists in a Feature the first counts, what is
// not read is not checked, fields that nobody knows are refused in some places. So the two must agree nearly always,
// not always.
TEST_CASE("example and protobuf: damaged messages") {
  Random random(3);
  const ExampleParser parser(kSpec);
  int both = 0, neither = 0, same = 0, only_ours = 0, only_protobuf = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string damaged = random_message(random).SerializeAsString();
    for (size_t left = 1 + below(random, 2); left > 0 && !damaged.empty(); --left) {
      const size_t at = below(random, damaged.size());
      if (below(random, 5) == 0)
        damaged.resize(at);
      else
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << below(random, 8)));
    }
    const std::vector<char> exact(damaged.begin(), damaged.end());  // sanitizers see its end
    const std::string_view view(exact.data(), exact.size());
    const auto message = by_protobuf(view);
    Features features;
    bool ours = true;
    try {
      parser.parse({&view, 1}, features);
    } catch (const DataError&) {
      ours = false;
    }
    both += ours && message;
    neither += !ours && !message;
    only_ours += ours && !message;
    only_protobuf += !ours && message;
    if (!ours || !message) continue;
    same += equal(features, 0, *message);
  }
  CAPTURE(only_ours);
  CAPTURE(only_protobuf);
  CHECK(both > 20'000);
  CHECK(neither > 3'000);
  CHECK(both - same <= both / 1000);
  CHECK(only_ours < 2'000);
  CHECK(only_protobuf < 3'000);
}
