// Wire: protobuf's encoding, followed strictly: every tag, length and number is whole, no groups, no field 0.
#include "wire.h"

#include <cstdint>
#include <optional>

namespace weft::reference {
namespace {

enum class Message { example, features, entry, feature, bytes_list, float_list, int64_list, none };

// The message that a field with a length holds, none if it holds bytes.
Message inner(Message message, uint64_t field) {
  switch (message) {
    case Message::example:
      return field == 1 ? Message::features : Message::none;
    case Message::features:
      return field == 1 ? Message::entry : Message::none;
    case Message::entry:
      return field == 2 ? Message::feature : Message::none;
    case Message::feature:
      return field == 1   ? Message::bytes_list
             : field == 2 ? Message::float_list
             : field == 3 ? Message::int64_list
                          : Message::none;
    default:
      return Message::none;
  }
}

std::optional<uint64_t> take_varint(std::string_view& bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size() && i < 10; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    value |= static_cast<uint64_t>(byte & 127) << (7 * i);
    if (byte < 128) {
      bytes.remove_prefix(i + 1);
      return value;
    }
  }
  return {};
}

std::optional<std::string_view> take(std::string_view& bytes, uint64_t count) {
  if (count > bytes.size()) return {};
  const std::string_view taken = bytes.substr(0, count);
  bytes.remove_prefix(count);
  return taken;
}

bool well_formed(Message message, std::string_view bytes);

bool well_formed_content(Message message, uint64_t field, std::string_view content) {
  if (message == Message::float_list && field == 1) return content.size() % 4 == 0;
  if (message == Message::int64_list && field == 1) {
    while (!content.empty()) {
      if (!take_varint(content)) return false;
    }
    return true;
  }
  const Message next = inner(message, field);
  return next == Message::none || well_formed(next, content);
}

bool well_formed(Message message, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto tag = take_varint(bytes);
    if (!tag || *tag >> 3 == 0 || *tag >> 32 != 0) return false;
    switch (*tag & 7) {
      case 0:
        if (!take_varint(bytes)) return false;
        break;
      case 1:
        if (!take(bytes, 8)) return false;
        break;
      case 5:
        if (!take(bytes, 4)) return false;
        break;
      case 2: {
        const auto length = take_varint(bytes);
        const auto content = length ? take(bytes, *length) : std::nullopt;
        if (!content || !well_formed_content(message, *tag >> 3, *content)) return false;
        break;
      }
      default:
        return false;
    }
  }
  return true;
}

}  // namespace

bool well_formed_example(std::string_view bytes) {
  return well_formed(Message::example, bytes);
}

}  // namespace weft::reference
