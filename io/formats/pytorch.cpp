// open_pytorch: dictionaries become names, views of storages rows.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/pytorch.h>
#include <weft/io/formats/pytorch_file.h>
#include <weft/io/text_number.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace weft {
namespace {

using pickle::Kind;
using pickle::Value;

constexpr size_t kDeepest = 64;
constexpr size_t kMostNames = size_t{1} << 20;
constexpr size_t kLongestName = size_t{1} << 16;
constexpr size_t kMostNameBytes = size_t{1} << 26;
constexpr int64_t kMostRepeated = int64_t{1} << 24;

struct Leaf {
  std::string name;
  Value value;
};

/// A file with what was found in it, in the order of the list of tensors.
struct Loaded {
  TorchFile file;
  std::vector<Value> values = {};

  const pickle::Objects& objects() const { return file.contents.objects; }
  [[noreturn]] void fail(std::string_view name, const std::string& what) const {
    throw DataError(fmt::format("[open_pytorch] {}: '{}': {}", file.path, name, what));
  }
  std::string key(const std::string& parent, const Value& key) const;
  std::vector<Leaf> leaves() const;
  const TorchFile::Storage* storage(const pickle::Tensor& tensor) const;
  void check(const TensorInfo& info, const pickle::Tensor& tensor) const;
  TensorInfo info(const Leaf& leaf) const;
  void read(size_t i, int64_t first, int64_t count, std::span<std::byte> out) const;
  void read_tensor(const pickle::Tensor& tensor, int64_t first, int64_t count, std::span<std::byte> out) const;
};

std::string Loaded::key(const std::string& parent, const Value& key) const {
  if (key.kind == Kind::text) return std::string(objects().texts[static_cast<size_t>(key.number)]);
  if (key.kind == Kind::integer) return std::to_string(key.number);
  fail(parent, "a key that is neither text nor an integer.");
}

/// Walks dictionaries and lists without recursion. A list may hold itself, or the same list twice at each of many
/// depths: depth, names and their bytes are bounded.
std::vector<Leaf> Loaded::leaves() const {
  struct Place {
    std::string name;
    Value value;
    size_t depth;
  };
  std::vector<Leaf> leaves;
  std::vector<Place> waiting = {{"", file.contents.value, 0}};
  size_t names = 0, bytes = 0;
  while (!waiting.empty()) {
    const Place place = std::move(waiting.back());
    waiting.pop_back();
    if (++names > kMostNames || place.depth > kDeepest) fail(place.name, "more than 2^20 names or 64 levels.");
    const Kind kind = place.value.kind;
    if (kind == Kind::storage) fail(place.name, "a storage alone, expected tensors.");
    if (kind == Kind::none || kind == Kind::opaque || kind == Kind::global) continue;
    if (kind != Kind::dict && kind != Kind::list && kind != Kind::tuple) {
      leaves.push_back({place.name.empty() ? "tensor" : place.name, place.value});
      continue;
    }
    const auto& items = objects().containers[static_cast<size_t>(place.value.number)];
    if (items.size() > kMostNames * 2 - waiting.size()) fail(place.name, "more than 2^20 names.");
    const size_t step = kind == Kind::dict ? 2 : 1;
    for (size_t i = 0; i < items.size(); i += step) {
      const std::string last = kind == Kind::dict ? key(place.name, items[i]) : std::to_string(i);
      const size_t size = place.name.size() + 1 + last.size();
      bytes += size;
      if (size > kLongestName || bytes > kMostNameBytes)
        fail(place.name, "names of more than 64 KiB, or 64 MiB of them.");
      waiting.push_back({place.depth == 0 ? last : place.name + "." + last, items[i + step - 1], place.depth + 1});
    }
  }
  return leaves;
}

/// Null if the file has none.
const TorchFile::Storage* Loaded::storage(const pickle::Tensor& tensor) const {
  const auto found = file.storages.find(objects().storages[tensor.storage].key);
  return found == file.storages.end() ? nullptr : &found->second;
}

/// Every number of the tensor lies in its storage.
void Loaded::check(const TensorInfo& info, const pickle::Tensor& tensor) const {
  const std::string_view key = objects().storages[tensor.storage].key;
  const TorchFile::Storage* place = storage(tensor);
  if (place == nullptr) fail(info.name, fmt::format("its storage {} is missing.", shown(key)));
  int64_t last = tensor.offset;
  int64_t size = 1;
  bool overflow = false, empty = false;
  for (size_t axis = 0; axis < tensor.shape.size(); ++axis) {
    int64_t step = 0;
    empty = empty || tensor.shape[axis] == 0;
    overflow |= __builtin_mul_overflow(std::max<int64_t>(tensor.shape[axis] - 1, 0), tensor.strides[axis], &step);
    overflow |= __builtin_add_overflow(last, step, &last);
    overflow |= __builtin_mul_overflow(size, std::max<int64_t>(tensor.shape[axis], 1), &size);
  }
  const auto numbers = static_cast<int64_t>(place->size / size_of(info.type));
  if (overflow || (!empty && last >= numbers)) {
    fail(info.name, fmt::format("its storage {} has {} numbers, expected those up to {}.", shown(key), numbers,
                                overflow ? "2^63" : std::to_string(last)));
  }
  // Numbers repeated by strides of 0 take no room in the file: without a bound they would take any in memory.
  if (!empty && size > numbers && size > kMostRepeated)
    fail(info.name, "it repeats the numbers of its storage too often.");
}

TensorInfo Loaded::info(const Leaf& leaf) const {
  switch (leaf.value.kind) {
    case Kind::boolean:
      return {leaf.name, TensorType::boolean, {}};
    case Kind::integer:
      return {leaf.name, TensorType::int64, {}};
    case Kind::real:
      return {leaf.name, TensorType::float64, {}};
    case Kind::text:
      return {leaf.name, TensorType::string, {}};
    default:
      break;
  }
  const pickle::Tensor& tensor = objects().tensors[static_cast<size_t>(leaf.value.number)];
  TensorInfo info = {leaf.name, tensor.type, tensor.shape};
  if (size_of(info.type) > 0) check(info, tensor);
  return info;
}

bool contiguous(const pickle::Tensor& tensor) {
  int64_t expected = 1;
  for (size_t axis = tensor.shape.size(); axis-- > 0;) {
    if (tensor.shape[axis] != 1 && tensor.strides[axis] != expected) return false;
    expected *= tensor.shape[axis];
  }
  return true;
}

/// Copies the numbers of rows [0, count) from where they lie, in row-major order.
void gather(const pickle::Tensor& tensor, int64_t count, size_t number, const std::byte* from,
            std::span<std::byte> out) {
  std::vector<int64_t> shape = tensor.shape, index(tensor.shape.size());
  if (!shape.empty()) shape[0] = count;
  int64_t at = 0;
  for (size_t done = 0; done < out.size(); done += number) {
    std::memcpy(out.data() + done, from + static_cast<size_t>(at) * number, number);
    for (size_t axis = shape.size(); axis-- > 0;) {
      at += tensor.strides[axis];
      if (++index[axis] < shape[axis]) break;
      at -= tensor.strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

void Loaded::read_tensor(const pickle::Tensor& tensor, int64_t first, int64_t count, std::span<std::byte> out) const {
  const size_t number = size_of(tensor.type);
  const int64_t stride = tensor.shape.empty() ? 0 : tensor.strides[0];
  const auto begin = static_cast<uint64_t>(tensor.offset + first * stride);
  const TorchFile::Storage& numbers = *storage(tensor);  // there is one: check() has looked
  if (contiguous(tensor)) return numbers.read(begin * number, out);
  int64_t last = (count - 1) * stride;
  for (size_t axis = 1; axis < tensor.shape.size(); ++axis) last += (tensor.shape[axis] - 1) * tensor.strides[axis];
  std::vector<std::byte> extent((static_cast<size_t>(last) + 1) * number);
  numbers.read(begin * number, extent);
  gather(tensor, count, number, extent.data(), out);
}

void Loaded::read(size_t i, int64_t first, int64_t count, std::span<std::byte> out) const {
  const Value& value = values[i];
  if (value.kind == Kind::tensor) {
    return read_tensor(objects().tensors[static_cast<size_t>(value.number)], first, count, out);
  }
  std::memcpy(out.data(), &value.number, out.size());  // a scalar: its bits, of which a boolean has the lowest
}

}  // namespace

NamedTensors open_pytorch(const std::string& path) {
  auto loaded = std::make_shared<Loaded>(Loaded{.file = open_torch_file(path)});
  std::vector<TensorInfo> tensors;
  for (const Leaf& leaf : loaded->leaves()) {
    tensors.push_back(loaded->info(leaf));
    loaded->values.push_back(leaf.value);
  }
  return NamedTensors({.where = path,
                       .format = "PyTorch",
                       .tensors = std::move(tensors),
                       .read_rows = [loaded](size_t i, int64_t first, int64_t count,
                                             std::span<std::byte> out) { loaded->read(i, first, count, out); },
                       .read_strings =
                           [loaded](size_t i) {
                             const auto text = static_cast<size_t>(loaded->values[i].number);
                             return std::vector<std::string>{std::string(loaded->objects().texts[text])};
                           }});
}

}  // namespace weft
