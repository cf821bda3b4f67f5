// Hdf5Headers: object headers of both versions, walked message by message.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/hdf5_headers.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace weft::hdf5 {
namespace {

constexpr unsigned kContinuation = 0x10, kSymbolTable = 0x11, kAttribute = 0x0c;
constexpr unsigned kShared = 2;            // of a message's flags: it lies elsewhere
constexpr uint64_t kMostBytes = 64 << 20;  // of a piece of a header, and of a heap
constexpr int kDeepest = 32;

/// Numbers from front to back; `ended` is true once more was asked for than there is.
struct Cursor {
  std::string_view rest;
  bool ended = false;

  std::string_view take(uint64_t size) {
    if (size > rest.size()) ended = true;
    const std::string_view taken = rest.substr(0, ended ? 0 : size);
    rest.remove_prefix(taken.size());
    return taken;
  }
  uint64_t number(int bytes) {
    const std::string_view taken = take(static_cast<uint64_t>(bytes));
    uint64_t value = 0;
    std::memcpy(&value, taken.data(), taken.size());  // little-endian, as the machines that weft runs on
    return value;
  }
};

uint64_t padded(uint64_t size) {
  return (size + 7) / 8 * 8;
}

struct AttributeMessage {
  std::string_view name;
  std::string_view data;
};

/// Nothing if it is cut short, or its name has no end.
std::optional<AttributeMessage> parse_attribute(std::string_view message) {
  Cursor in{message};
  const uint64_t version = in.number(1);
  in.take(1);
  uint64_t sizes[3];  // of the name, the type, the extents
  for (uint64_t& size : sizes) size = in.number(2);
  if (version == 3) in.take(1);
  if (version < 1 || version > 3) return {};
  std::string_view parts[3];
  for (int i = 0; i < 3; ++i) parts[i] = in.take(version == 1 ? padded(sizes[i]) : sizes[i]);
  const size_t end = parts[0].substr(0, sizes[0]).find('\0');
  if (in.ended || end == std::string_view::npos) return {};
  return AttributeMessage{.name = parts[0].substr(0, end), .data = in.rest};
}

}  // namespace

void Headers::fail(const std::string& object, const std::string& what) const {
  throw DataError(
      fmt::format("[hdf5] {}: {}: {}. The file is damaged or was not made for this.", file_.path(), object, what));
}

std::string Headers::read(uint64_t place, uint64_t size, const std::string& object) const {
  const uint64_t whole = file_.size();
  if (size > kMostBytes || base_ > whole || place > whole - base_ || size > whole - base_ - place) {
    fail(object, fmt::format("a part of its header claims to be at {}, {} bytes, of a file of {}", place, size, whole));
  }
  return file_.read(base_ + place, size);
}

std::string Headers::read(uint64_t place, uint64_t size, Budget& budget, const std::string& object) const {
  std::string bytes = read(place, size, object);
  if (size > budget.left) fail(object, "parts of its header hold each other");
  budget.left -= size;
  return bytes;
}

void Headers::for_each_message(uint64_t header, const std::string& object, const Visit& visit) const {
  Budget budget{file_.size()};
  const std::string start = read(header, 16, object);
  const bool newer = start.starts_with("OHDR");
  std::vector<std::pair<uint64_t, uint64_t>> pieces;  // place and size
  uint64_t order_bytes = 0;
  Cursor head{start};
  if (newer) {
    head.take(5);
    const uint64_t flags = head.number(1);
    order_bytes = (flags & 4) != 0 ? 2 : 0;
    const uint64_t before = 6 + ((flags & 0x20) != 0 ? 16 : 0) + ((flags & 0x10) != 0 ? 4 : 0);
    const int size_bytes = 1 << (flags & 3);
    const std::string size = read(header + before, static_cast<uint64_t>(size_bytes), object);
    pieces.emplace_back(header + before + static_cast<uint64_t>(size_bytes), Cursor{size}.number(size_bytes));
  } else {
    head.take(8);
    pieces.emplace_back(header + 16, head.number(4));
  }
  for (size_t i = 0; i < pieces.size(); ++i) {
    const std::string piece = read(pieces[i].first, std::max<uint64_t>(pieces[i].second, 1), budget, object);
    Cursor in{piece};
    if (newer && i > 0) in.take(4);  // "OCHK"
    const uint64_t least = newer ? 4 + order_bytes : 8;
    const uint64_t sum = newer && i > 0 ? 4 : 0;  // the first part's check sum follows it
    while (in.rest.size() >= least + sum) {
      const auto type = static_cast<unsigned>(in.number(newer ? 1 : 2));
      const uint64_t size = in.number(2);
      const auto flags = static_cast<unsigned>(in.number(1));
      in.take(newer ? order_bytes : 3);
      const std::string_view message = in.take(size);
      if (in.ended) fail(object, "a message of its header is cut short");
      if (type == kContinuation && message.size() >= 16) {
        Cursor next{message};
        const uint64_t place = next.number(8);
        pieces.emplace_back(place, next.number(8));
      }
      visit(type, flags, message);
    }
  }
}

void Headers::check_group(uint64_t header, const std::string& object) const {
  for_each_message(header, object, [&](unsigned type, unsigned, std::string_view message) {
    if (type == kSymbolTable) check_table(message, object);
  });
}

void Headers::check_attributes(uint64_t header, const std::string& object) const {
  for_each_message(header, object, [&](unsigned type, unsigned flags, std::string_view message) {
    if (type == kAttribute && (flags & kShared) == 0 && !parse_attribute(message)) {
      fail(object, "an attribute of it is cut short");
    }
  });
}

void Headers::check_table(std::string_view message, const std::string& object) const {
  Cursor in{message};
  const uint64_t tree = in.number(8), heap = in.number(8);
  if (in.ended) fail(object, "its table of links is cut short");
  const std::string head = read(heap, 32, object);
  Cursor fields{head};
  if (fields.take(4) != "HEAP") fail(object, "its table of links has no heap");
  fields.take(4);
  const uint64_t size = fields.number(8);
  const uint64_t free_block = fields.number(8);
  const std::string names = read(fields.number(8), size, object);
  check_free_blocks(names, free_block, object);
  const size_t last_end = names.rfind('\0');  // a name that begins before it ends in the heap
  Budget budget{file_.size()};
  check_tree(tree, last_end == std::string::npos ? 0 : last_end + 1, 0, budget, object);
}

void Headers::check_free_blocks(std::string_view heap, uint64_t first, const std::string& object) const {
  constexpr uint64_t kNone = 1, kHead = 16;  // of a block: where the next one is, and its size
  uint64_t most = heap.size() / kHead;
  for (uint64_t block = first; block != kNone; --most) {
    if (most == 0 || heap.size() < kHead || block > heap.size() - kHead) {
      fail(object, "the free room in the heap of its links lies beyond it, or is a circle");
    }
    block = Cursor{heap.substr(block)}.number(8);
  }
}

void Headers::check_tree(uint64_t tree, uint64_t names, int depth, Budget& budget, const std::string& object) const {
  if (depth > kDeepest) fail(object, "the tree of its links is too deep, or holds a circle");
  const std::string head = read(tree, 24, budget, object);
  Cursor in{head};
  if (in.take(4) != "TREE" || in.number(1) != 0) fail(object, "its links have no tree");
  const uint64_t level = in.number(1), used = in.number(2);
  const std::string children = read(tree + 24, 8 + used * 16, budget, object);
  Cursor at{children};
  for (uint64_t i = 0; i < used; ++i) {
    at.take(8);  // a key
    const uint64_t child = at.number(8);
    if (level > 0) {
      check_tree(child, names, depth + 1, budget, object);
      continue;
    }
    const std::string node = read(child, 8, budget, object);
    Cursor leaf{node};
    if (leaf.take(4) != "SNOD") fail(object, "a node of its links is none");
    leaf.take(2);
    const uint64_t links = leaf.number(2);
    const std::string entries = read(child + 8, links * 40, budget, object);
    for (uint64_t k = 0; k < links; ++k) {
      if (Cursor{std::string_view(entries).substr(k * 40)}.number(8) >= names) {
        fail(object, "the name of a link lies beyond its heap");
      }
    }
  }
}

void Headers::read_heap(uint64_t place, TextHeap& heap, Budget& budget, const std::string& object) const {
  const std::string head = read(place, 16, object);
  Cursor fields{head};
  if (fields.take(4) != "GCOL") fail(object, "a text lies in no heap");
  fields.take(4);
  heap.bytes = read(place, fields.number(8), budget, object);
  Cursor in{heap.bytes};
  in.take(16);
  while (in.rest.size() >= 16) {
    const uint64_t number = in.number(2);
    in.take(6);
    const uint64_t size = in.number(8);
    const std::string_view text = in.take(size);
    if (number == 0 || in.ended) break;  // the free room at the end
    heap.texts.emplace(number, text);
    in.take(padded(size) - size);
  }
}

std::vector<std::string> Headers::texts(uint64_t header, const std::string& object, const std::string& attribute,
                                        uint64_t count) const {
  const std::string name = object + "@" + attribute;
  std::optional<std::string> data;
  for_each_message(header, name, [&](unsigned type, unsigned flags, std::string_view message) {
    if (type != kAttribute || (flags & kShared) != 0) return;
    const auto parsed = parse_attribute(message);
    if (parsed && parsed->name == attribute) data = parsed->data;
  });
  if (!data) fail(name, "its texts are not in the object's header");
  Budget budget{file_.size()};
  std::map<uint64_t, TextHeap> heaps;  // by their places
  Cursor in{*data};
  std::vector<std::string> values;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t length = in.number(4), place = in.number(8), number = in.number(4);
    if (in.ended) fail(name, "it claims to have more texts than it has");
    if (length == 0) {
      values.emplace_back();
      continue;
    }
    const auto [heap, missing] = heaps.try_emplace(place);
    if (missing) read_heap(place, heap->second, budget, name);
    const auto& texts = heap->second.texts;
    const auto found = texts.find(number);
    if (found == texts.end()) fail(name, "a text is not in its heap");
    if (length > found->second.size()) fail(name, "a text claims to be longer than it is");
    const std::string_view text = found->second.substr(0, length);
    values.emplace_back(text.substr(0, text.find('\0')));
  }
  return values;
}

}  // namespace weft::hdf5
