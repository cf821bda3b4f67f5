// open_keras_h5: the arrays of an HDF5 file under the names that Keras gave them.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/checkpoint.h>
#include <weft/io/formats/keras.h>
#include <weft/io/hdf5.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace weft {
namespace {

constexpr std::string_view kModel = "model_weights/", kOptimizer = "optimizer_weights/";

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw DataError(fmt::format("[open_keras_h5] {}: {}", path, what));
}

TensorType tensor_type(ArrayType type) {
  switch (type) {
    case ArrayType::float32:
      return TensorType::float32;
    case ArrayType::float64:
      return TensorType::float64;
    case ArrayType::bfloat16:
      return TensorType::bfloat16;
    case ArrayType::int32:
      return TensorType::int32;
    case ArrayType::int64:
      return TensorType::int64;
    case ArrayType::uint8:
      return TensorType::uint8;
  }
  return TensorType::other;
}

/// Nothing if the group has no list of layers. Keras cuts a list that is too long for one attribute into several.
std::optional<std::set<std::string>> layer_names(const Hdf5File& file, const std::string& group) {
  std::optional<std::set<std::string>> names;
  const auto add = [&](const std::string& attribute) {
    const auto list = file.texts(group, attribute);
    if (!list) return false;
    if (!names) names = {"top_level_model_weights"};
    names->insert(list->begin(), list->end());
    return true;
  };
  if (!add("layer_names")) {
    for (int part = 0; add(fmt::format("layer_names{}", part));) ++part;
  }
  return names;
}

/// "<layer>/<weight>" as "<weight>"; layers may have slashes in their names.
std::string without_layer(const std::string& path, const std::set<std::string>& layers) {
  for (size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0; slash = path.rfind('/', slash - 1)) {
    if (layers.contains(path.substr(0, slash))) return path.substr(slash + 1);
  }
  return path;
}

/// Of all arrays: those of numbers, then the others.
std::vector<std::string> paths_of(const CheckpointReader& reader) {
  std::vector<std::string> paths;
  for (const ArrayInfo& info : reader.arrays()) paths.push_back(info.name);
  for (const CheckpointReader::Other& other : reader.others()) paths.push_back(other.name);
  return paths;
}

bool has_vars(const std::vector<std::string>& paths) {
  return std::ranges::any_of(paths, [](const std::string& path) { return path.ends_with("vars/0"); });
}

/// Where Keras 2 keeps the weights of a file: with the whole model, or alone.
std::string weights_group(const Hdf5File& file) {
  return file.contains("model_weights") ? "/model_weights" : "/";
}

/// What Keras called the arrays; the paths if that is not clear.
std::vector<std::string> keras_names(const Hdf5File& file, const std::vector<std::string>& paths) {
  const bool model = weights_group(file) != "/";
  const auto layers = layer_names(file, weights_group(file));
  if (!layers && !has_vars(paths)) {
    fail(file.path(), "it is no file of Keras: got neither layer_names nor arrays in 'vars'. Give its format as hdf5.");
  }
  std::vector<std::string> names;
  for (std::string name : paths) {
    if (layers && name.starts_with(kOptimizer)) {
      name = name.substr(kOptimizer.size());
    } else if (layers && (!model || name.starts_with(kModel))) {
      name = without_layer(name.substr(model ? kModel.size() : 0), *layers);
    }
    names.push_back(std::move(name));
  }
  const std::set<std::string_view> different(names.begin(), names.end());
  return different.size() == names.size() ? names : paths;
}

}  // namespace

bool is_keras_h5(const std::string& path) {
  const Hdf5File file = Hdf5File::open(path);
  return layer_names(file, weights_group(file)).has_value() || has_vars(paths_of(CheckpointReader(path)));
}

NamedTensors open_keras_h5(const std::string& path) {
  const auto reader = std::make_shared<const CheckpointReader>(path);
  if (reader->own()) fail(path, "it is a checkpoint of weft, expected a file of Keras. Open it as what it is.");
  const std::vector<std::string> names = keras_names(Hdf5File::open(path), paths_of(*reader));
  std::vector<TensorInfo> tensors;
  for (const ArrayInfo& info : reader->arrays()) {
    tensors.push_back({.name = names[tensors.size()], .type = tensor_type(info.type), .shape = info.shape});
  }
  for (const CheckpointReader::Other& other : reader->others()) {
    tensors.push_back({.name = names[tensors.size()], .type = TensorType::other, .shape = other.shape});
  }
  return NamedTensors({.where = path,
                       .format = "Keras HDF5",
                       .tensors = std::move(tensors),
                       .read_rows = [reader](size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
                         reader->read_bytes(reader->arrays()[i].name, first, count, out);
                       }});
}

}  // namespace weft
