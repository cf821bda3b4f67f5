// TorchFile from the form before torch 1.6: pickles one after another, then the storages.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/pytorch_legacy.h>

#include <algorithm>
#include <map>
#include <utility>

namespace weft {
namespace {

constexpr uint64_t kFirstPiece = uint64_t{1} << 20;
constexpr uint64_t kMostPickles = uint64_t{1} << 26;

struct Pickles {
  pickle::Unpickled contents;
  pickle::Unpickled keys;
  uint64_t size = 0;  // of all, from the start of the file
};

/// Magic number, version, facts of the system (whether it was little-endian), contents, keys.
Pickles read_pickles(std::string_view bytes, const std::string& path) {
  Pickles out;
  for (int i = 0; i < 5; ++i) {
    pickle::Unpickled one = pickle::unpickle(bytes.substr(out.size), path);
    out.size += one.size;
    if (i == 3) out.contents = std::move(one);
    if (i == 4) out.keys = std::move(one);
  }
  return out;
}

}  // namespace

bool is_legacy_torch(std::string_view start) {
  return start.starts_with(std::string_view("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15));
}

TorchFile open_legacy_torch(RandomAccessFile opened) {
  const auto file = std::make_shared<const RandomAccessFile>(std::move(opened));
  const uint64_t most = std::min(file->size(), kMostPickles);
  TorchFile out{.path = file->path(), .bytes = {}, .contents = {}, .storages = {}};
  Pickles pickles;
  // Where the pickles end is known when they are read: with more of the file, as long as they are cut short.
  for (uint64_t size = std::min(kFirstPiece, most);; size = std::min(size * 8, most)) {
    out.bytes = std::make_unique<const std::string>(file->read(0, size));
    try {
      pickles = read_pickles(*out.bytes, out.path);
      break;
    } catch (const DataError&) {
      if (size == most) throw;
    }
  }
  std::map<std::string_view, TensorType> types;
  for (const pickle::Storage& storage : pickles.contents.objects.storages) types[storage.key] = storage.type;
  const auto fail = [&](std::string_view what) {
    throw DataError(fmt::format("[open_pytorch] {}, storages of the older form: {}", out.path, what));
  };
  if (pickles.keys.value.kind != pickle::Kind::list) fail("expected a list of keys before them.");
  uint64_t at = pickles.size;
  for (const pickle::Value& key : pickles.keys.objects.containers[static_cast<size_t>(pickles.keys.value.number)]) {
    if (key.kind != pickle::Kind::text) fail("expected keys that are texts.");
    const std::string_view name = pickles.keys.objects.texts[static_cast<size_t>(key.number)];
    const auto type = types.find(name);
    if (type == types.end() || size_of(type->second) == 0) fail("a storage that no tensor has, or of complex numbers.");
    uint64_t numbers = 0;
    file->read(at, std::as_writable_bytes(std::span(&numbers, 1)));
    at += sizeof numbers;
    const uint64_t number = size_of(type->second);
    if (numbers > (file->size() - at) / number) fail("the file is cut short.");
    out.storages[std::string(name)] = {
        numbers * number, [file, at](uint64_t offset, std::span<std::byte> to) { file->read(at + offset, to); }};
    at += numbers * number;
  }
  out.contents = std::move(pickles.contents);
  return out;
}

}  // namespace weft
