// Serialized tf.train.Examples as JSON.
#include "example_json.h"

#include <fmt/format.h>
#include <weft/io/example_wire.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

using namespace weft;
using Json = nlohmann::ordered_json;
using wire::Bytes;

namespace {

std::string_view text_of(const Bytes& bytes) {
  return {bytes.at, bytes.size()};
}

/// A text if it is UTF-8, which the JSON library knows.
Json json_of(std::string_view bytes) {
  const Json text = std::string(bytes);
  try {
    text.dump();
    return text;
  } catch (const Json::type_error&) {
    std::string hex;
    for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return {{"hex", hex}};
  }
}

/// Calls visit(tag, content of a delimited field) for every field; others are passed over. False for damage.
template <class Visit>
bool walk(Bytes in, const Visit& visit) {
  while (!in.empty()) {
    uint64_t tag;
    Bytes content;
    if (!wire::read_varint(in, tag)) return false;
    if ((tag & 7) == wire::kDelimited) {
      if (!wire::read_delimited(in, content) || !visit(tag, content)) return false;
    } else if (!wire::skip_field(in, tag)) {
      return false;
    }
  }
  return true;
}

/// FloatList or Int64List: packed values, or a field each.
template <class Value>
bool append_numbers(Bytes in, wire::WireType single, const Value& value, Json& out) {
  while (!in.empty()) {
    uint64_t tag;
    Bytes content;
    if (!wire::read_varint(in, tag)) return false;
    if (tag == wire::tag(1, single)) {
      if (!value(in, out)) return false;
    } else if (tag == wire::tag(1, wire::kDelimited)) {
      if (!wire::read_delimited(in, content)) return false;
      while (!content.empty()) {
        if (!value(content, out)) return false;
      }
    } else if (!wire::skip_field(in, tag)) {
      return false;
    }
  }
  return true;
}

bool append_float(Bytes& in, Json& out) {
  if (in.size() < sizeof(float)) return false;
  out.push_back(wire::load<float>(in.at));
  in.at += sizeof(float);
  return true;
}

bool append_integer(Bytes& in, Json& out) {
  uint64_t value;
  if (!wire::read_varint(in, value)) return false;
  out.push_back(static_cast<int64_t>(value));
  return true;
}

bool append_feature(const Bytes& feature, Json& out) {
  return walk(feature, [&](uint64_t tag, const Bytes& list) {
    if (tag == wire::tag(2, wire::kDelimited)) return append_numbers(list, wire::kFixed32, append_float, out);
    if (tag == wire::tag(3, wire::kDelimited)) return append_numbers(list, wire::kVarint, append_integer, out);
    if (tag != wire::tag(1, wire::kDelimited)) return true;
    return walk(list, [&](uint64_t, const Bytes& value) {
      out.push_back(json_of(text_of(value)));
      return true;
    });
  });
}

bool append_entry(const Bytes& entry, Json& features) {
  std::string key;
  Json values = Json::array();
  const bool whole = walk(entry, [&](uint64_t tag, const Bytes& content) {
    if (tag == wire::tag(1, wire::kDelimited)) key = std::string(text_of(content));
    return tag != wire::tag(2, wire::kDelimited) || append_feature(content, values);
  });
  features[key] = std::move(values);
  return whole;
}

}  // namespace

Json example_json(std::string_view serialized) {
  Json features = Json::object();
  const bool whole = walk(Bytes(serialized), [&](uint64_t tag, const Bytes& list) {
    if (tag != wire::tag(1, wire::kDelimited)) return true;
    return walk(list, [&](uint64_t entry_tag, const Bytes& entry) {
      return entry_tag != wire::tag(1, wire::kDelimited) || append_entry(entry, features);
    });
  });
  return whole ? features : Json();
}
