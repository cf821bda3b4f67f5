// safetensors: a JSON header that says where each tensor lies, then their numbers.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/atomic_file.h>
#include <weft/io/formats/random_access_file.h>
#include <weft/io/formats/safetensors.h>
#include <weft/io/formats/tensor_bytes.h>
#include <weft/io/formats/tensor_pieces.h>
#include <weft/io/text_number.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace weft {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kLargestHeader = 100'000'000;  // as the safetensors library has it
constexpr size_t kDeepest = 3;                    // numbers of a shape
constexpr std::string_view kMetadata = "__metadata__";

constexpr std::array<std::pair<std::string_view, TensorType>, 13> kTypes = {{{"F16", TensorType::float16},
                                                                             {"BF16", TensorType::bfloat16},
                                                                             {"F32", TensorType::float32},
                                                                             {"F64", TensorType::float64},
                                                                             {"I8", TensorType::int8},
                                                                             {"U8", TensorType::uint8},
                                                                             {"I16", TensorType::int16},
                                                                             {"U16", TensorType::uint16},
                                                                             {"I32", TensorType::int32},
                                                                             {"U32", TensorType::uint32},
                                                                             {"I64", TensorType::int64},
                                                                             {"U64", TensorType::uint64},
                                                                             {"BOOL", TensorType::boolean}}};

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw DataError(fmt::format("[open_safetensors] {}: {}.", path, what));
}

struct Entry {
  TensorInfo info;
  uint64_t begin = 0, end = 0;  // in the numbers
};

Json parse_header(const std::string& text, const std::string& path) {
  std::array<std::set<std::string>, kDeepest + 1> keys;
  const auto check = [&](int depth, Json::parse_event_t event, Json& parsed) {
    const auto level = static_cast<size_t>(depth);
    if (level > kDeepest) fail(path, "its header is nested deeper than a tensor's shape");
    if (event == Json::parse_event_t::object_start && level < kDeepest) keys[level + 1].clear();
    if (event == Json::parse_event_t::key && !keys[level].insert(parsed.get<std::string>()).second) {
      fail(path, fmt::format("{} stands twice in its header", shown(parsed.get<std::string>())));
    }
    return true;
  };
  try {
    return Json::parse(text, check);
  } catch (const Json::parse_error& error) {
    fail(path, fmt::format("its header is no JSON from its byte {} on", error.byte));
  } catch (const Json::exception&) {
    fail(path, "its header is no JSON: a number is too large");
  }
}

/// One tensor's part of the header.
class EntryReader {
 public:
  EntryReader(const std::string& path, const std::string& name, const Json& json)
      : path_(path), name_(name), json_(json) {}

  Entry read() const {
    if (!json_.is_object()) fail("is no object");
    const Json& dtype = field("dtype");
    if (!dtype.is_string()) fail("has a dtype that is no text");
    Entry entry = {.info = {.name = name_, .type = type_of(dtype.get<std::string>()), .shape = {}}};
    for (const uint64_t extent : numbers("shape")) entry.info.shape.push_back(static_cast<int64_t>(extent));
    const std::vector<uint64_t> offsets = numbers("data_offsets");
    if (offsets.size() != 2 || offsets[0] > offsets[1]) fail("has data_offsets that are no begin and end");
    entry.begin = offsets[0];
    entry.end = offsets[1];
    const auto bytes = tensor_bytes(entry.info);
    if (!bytes || (entry.info.type != TensorType::other && *bytes != entry.end - entry.begin)) {
      fail(fmt::format("has {} bytes, expected what its shape and dtype take", entry.end - entry.begin));
    }
    return entry;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    weft::fail(path_, fmt::format("tensor {} {}", shown(name_), what));
  }
  const Json& field(const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) fail(fmt::format("has no '{}'", key));
    return *found;
  }
  std::vector<uint64_t> numbers(const char* key) const {
    const Json& list = field(key);
    std::vector<uint64_t> numbers;
    if (!list.is_array()) fail(fmt::format("has a '{}' that is no list", key));
    for (const Json& number : list) {
      if (!number.is_number_unsigned() || number.get<uint64_t>() > INT64_MAX) {
        fail(fmt::format("has a '{}' with something else than numbers from 0 to 2^63 - 1", key));
      }
      numbers.push_back(number.get<uint64_t>());
    }
    return numbers;
  }
  static TensorType type_of(std::string_view dtype) {
    const auto* found = std::ranges::find(kTypes, dtype, &decltype(kTypes)::value_type::first);
    return found == kTypes.end() ? TensorType::other : found->second;
  }

  const std::string& path_;
  const std::string& name_;
  const Json& json_;
};

/// In the order of their numbers, which must fill what follows the header.
std::vector<Entry> read_entries(const Json& header, uint64_t bytes, const std::string& path) {
  if (!header.is_object()) fail(path, "its header is no object");
  std::vector<Entry> entries;
  for (const auto& [name, json] : header.items()) {
    if (name != kMetadata) entries.push_back(EntryReader(path, name, json).read());
  }
  std::ranges::sort(entries, {}, [](const Entry& entry) { return std::pair(entry.begin, entry.end); });
  uint64_t end = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != end) {
      fail(path, fmt::format("tensor {} begins at {}, expected {}, where the one before ends", shown(entry.info.name),
                             entry.begin, end));
    }
    end = entry.end;
  }
  if (end != bytes) {
    fail(path, fmt::format("got {} bytes of numbers, expected {}. It is cut short or damaged", bytes, end));
  }
  return entries;
}

std::string header_of(const std::vector<TensorInfo>& tensors, const std::string& where) {
  Json header = Json::object();
  uint64_t offset = 0;
  for (const TensorInfo& info : tensors) {
    const auto* type = std::ranges::find(kTypes, info.type, &decltype(kTypes)::value_type::second);
    if (type == kTypes.end() || info.name == kMetadata) {
      throw DataError(
          fmt::format("[write_safetensors] {}: '{}' is of type {}: only tensors of numbers can be written, "
                      "and not under this name. Leave the tensor out.",
                      where, info.name, to_string(info.type)));
    }
    const uint64_t end = offset + tensor_bytes(info).value();
    header[info.name] = {{"dtype", type->first}, {"shape", info.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  try {
    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');
    return text;
  } catch (const Json::exception&) {
    throw DataError(fmt::format("[write_safetensors] {}: a tensor's name is no UTF-8. Give it another name.", where));
  }
}

}  // namespace

NamedTensors open_safetensors(const std::string& path) {
  auto file = std::make_shared<const RandomAccessFile>(path);
  uint64_t size = 0;
  if (file->size() < sizeof size) fail(path, fmt::format("got {} bytes, expected a file of safetensors", file->size()));
  file->read(0, std::as_writable_bytes(std::span(&size, 1)));
  const uint64_t rest = file->size() - sizeof size;
  if (size > std::min(rest, kLargestHeader)) {
    fail(path, fmt::format("got a header of {} bytes, expected at most {} in this file", size,
                           std::min(rest, kLargestHeader)));
  }
  const Json header = parse_header(file->read(sizeof size, size), path);
  const uint64_t start = sizeof size + size;
  std::vector<TensorInfo> tensors;
  std::vector<std::pair<uint64_t, uint64_t>> places;  // offset, bytes of a row
  for (Entry& entry : read_entries(header, rest - size, path)) {
    places.emplace_back(start + entry.begin, row_bytes(entry.info));
    tensors.push_back(std::move(entry.info));
  }
  return NamedTensors({.where = path,
                       .format = "safetensors",
                       .tensors = std::move(tensors),
                       .read_rows = [file, places](size_t i, int64_t first, int64_t, std::span<std::byte> out) {
                         file->read(places[i].first + static_cast<uint64_t>(first) * places[i].second, out);
                       }});
}

void write_safetensors(const std::string& path, const NamedTensors& tensors) {
  std::vector<TensorInfo> order = tensors.tensors();
  std::ranges::stable_sort(order, std::ranges::greater{}, [](const TensorInfo& info) { return size_of(info.type); });
  const std::string header = header_of(order, tensors.where());
  const uint64_t size = header.size();
  AtomicFile file(path);
  file.write({reinterpret_cast<const char*>(&size), sizeof size});
  file.write(header);
  for (const TensorInfo& info : order) {
    for_each_piece(tensors, info, [&](const TensorPiece& piece) {
      file.write({reinterpret_cast<const char*>(piece.bytes.data()), piece.bytes.size()});
    });
  }
  file.commit();
}

}  // namespace weft
