// write_keras_h5: a group for each layer, with the list of its weights.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/atomic_file.h>
#include <weft/io/formats/keras.h>
#include <weft/io/formats/number_conversion.h>
#include <weft/io/formats/tensor_pieces.h>
#include <weft/io/hdf5.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace weft {
namespace {

/// Weights of Keras' layers in the order in which the layers make them.
constexpr std::array<std::string_view, 12> kOrder = {"kernel",
                                                     "embeddings",
                                                     "depthwise_kernel",
                                                     "pointwise_kernel",
                                                     "recurrent_kernel",
                                                     "gamma",
                                                     "bias",
                                                     "beta",
                                                     "moving_mean",
                                                     "moving_variance",
                                                     "mean",
                                                     "variance"};

struct Weight {
  const TensorInfo* info;
  std::string name;  // with ":0"

  /// Place in the layer's list: what Keras doesn't know comes last.
  auto place() const {
    const std::string_view last = std::string_view(name).substr(name.rfind('/') + 1);
    const auto* found = std::ranges::find(kOrder, last.substr(0, last.find(':')));
    return std::pair(found - kOrder.begin(), std::string_view(name));
  }
};

[[noreturn]] void fail(const NamedTensors& tensors, const TensorInfo& info, const std::string& what) {
  throw DataError(fmt::format("[write_keras_h5] {}: '{}' {}.", tensors.where(), info.name, what));
}

bool is_vars(std::string_view name) {
  const size_t slash = name.rfind('/');
  if (slash == std::string_view::npos || slash + 1 == name.size()) return false;
  const std::string_view group = name.substr(0, slash), number = name.substr(slash + 1);
  return (group == "vars" || group.ends_with("/vars")) && number.find_first_not_of("0123456789") == number.npos;
}

/// HDF5 would take "a//b" and "a/./b" for "a/b".
void check_name(const NamedTensors& tensors, const TensorInfo& info) {
  for (size_t begin = 0; begin <= info.name.size();) {
    const size_t end = std::min(info.name.find('/', begin), info.name.size());
    const std::string_view part = std::string_view(info.name).substr(begin, end - begin);
    if (part.empty() || part == "." || part.find('\0') != part.npos) {
      fail(tensors, info, "can't be the name of a weight. Give it another one");
    }
    begin = end + 1;
  }
}

ArrayType array_type(const NamedTensors& tensors, const TensorInfo& info) {
  if (info.type == TensorType::float64) return ArrayType::float64;
  if (info.type == TensorType::int32) return ArrayType::int32;
  if (info.type == TensorType::uint8) return ArrayType::uint8;
  if (is_float(info.type)) return ArrayType::float32;
  if (is_integer(info.type)) return ArrayType::int64;
  fail(tensors, info, fmt::format("is of type {}, expected numbers. Leave the tensor out", to_string(info.type)));
}

template <class T>
const T* converted(std::vector<T>& numbers, const TensorPiece& piece, TensorType type) {
  numbers.resize(piece.bytes.size() / size_of(type));
  if constexpr (std::is_same_v<T, float>) {
    to_floats(type, piece.bytes, numbers);
  } else if (!to_integers(type, piece.bytes, numbers)) {
    return nullptr;
  }
  return numbers.data();
}

void write_array(Hdf5File& file, const std::string& object, const NamedTensors& tensors, const TensorInfo& info) {
  const ArrayType type = array_type(tensors, info);
  Hdf5Array array = file.make_array({object, type, info.shape});
  std::vector<float> floats;
  std::vector<int64_t> integers;
  for_each_piece(tensors, info, [&](const TensorPiece& piece) {
    const void* numbers = piece.bytes.data();
    if (type == ArrayType::float32) numbers = converted(floats, piece, info.type);
    if (type == ArrayType::int64) numbers = converted(integers, piece, info.type);
    if (numbers == nullptr) fail(tensors, info, "holds numbers of 2^63 and more, expected int64");
    array.write(piece.first, piece.rows, numbers);
  });
}

/// The groups above an object that are not there yet.
void make_groups(Hdf5File& file, const std::string& object, std::set<std::string>& made) {
  for (size_t slash = object.find('/'); slash != object.npos; slash = object.find('/', slash + 1)) {
    const std::string group = object.substr(0, slash);
    if (made.insert(group).second) file.make_group(group);
  }
}

std::vector<std::string> order_of(const std::map<std::string, std::vector<Weight>>& weights,
                                  std::span<const std::string> layers) {
  std::vector<std::string> names;
  for (const auto& [layer, list] : weights) names.push_back(layer);
  if (layers.empty()) return names;
  std::vector<std::string> sorted(layers.begin(), layers.end());
  std::ranges::sort(sorted);
  if (sorted != names) {
    throw ValueError(
        fmt::format("[write_keras_h5] layers: got {} names, expected those of the {} layers of the "
                    "tensors, each once.",
                    layers.size(), names.size()));
  }
  return {layers.begin(), layers.end()};
}

void write_layers(Hdf5File& file, const NamedTensors& tensors, std::span<const std::string> order) {
  std::map<std::string, std::vector<Weight>> weights;
  for (const TensorInfo& info : tensors.tensors()) {
    const std::string layer = info.name.substr(0, info.name.rfind('/'));
    weights[layer].push_back({&info, info.name + (info.name.ends_with(":0") ? "" : ":0")});
  }
  const std::vector<std::string> layers = order_of(weights, order);
  file.set_texts("/", "layer_names", layers);
  file.set_text("/", "backend", "tensorflow");
  file.set_text("/", "keras_version", "2.15.0");
  std::set<std::string> made;
  for (const std::string& layer : layers) {
    std::vector<Weight>& list = weights.at(layer);
    std::ranges::sort(list, {}, &Weight::place);
    std::vector<std::string> names;
    for (const Weight& weight : list) {
      const std::string object = layer + "/" + weight.name;
      make_groups(file, object, made);
      write_array(file, object, tensors, *weight.info);
      names.push_back(weight.name);
    }
    file.set_texts(layer, "weight_names", names);
  }
}

}  // namespace

void write_keras_h5(const std::string& path, const NamedTensors& tensors, std::span<const std::string> layers) {
  const std::vector<TensorInfo>& all = tensors.tensors();
  for (const TensorInfo& info : all) {
    check_name(tensors, info);
    array_type(tensors, info);
  }
  const bool newer = !all.empty() && is_vars(all.front().name);
  const auto other = std::ranges::find_if(all, [&](const TensorInfo& info) { return is_vars(info.name) != newer; });
  if (other != all.end()) {
    fail(tensors, *other,
         "and other names don't go together: got names as 'layers/dense/vars/0' and as 'dense/kernel'");
  }
  AtomicFile whole(path);
  Hdf5File file = Hdf5File::create(whole.temporary_path(), path);
  if (newer) {
    std::set<std::string> made;
    make_groups(file, "vars/", made);  // the model's own, which Keras 2 looks for even where there are none
    for (const TensorInfo& info : all) {
      make_groups(file, info.name, made);
      write_array(file, info.name, tensors, info);
    }
  } else {
    write_layers(file, tensors, layers);
  }
  file.close();
  whole.commit();
}

}  // namespace weft
