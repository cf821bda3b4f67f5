// open_keras_h5: the arrays of an HDF5 file under the names that Keras gave them.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/keras.h>
#include <weft/io/formats/weft_checkpoint.h>
#include <weft/io/hdf5.h>

#include <algorithm>
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

bool has_vars(const std::vector<TensorInfo>& tensors) {
  return std::ranges::any_of(tensors, [](const TensorInfo& info) { return info.name.ends_with("vars/0"); });
}

/// Where Keras 2 keeps the weights of a file: with the whole model, or alone.
std::string weights_group(const Hdf5File& file) {
  return file.contains("model_weights") ? "/model_weights" : "/";
}

/// What Keras called the arrays; the paths if that is not clear. Nothing for a file without Keras' marks.
std::optional<std::vector<std::string>> keras_names(const NamedTensors& hdf5) {
  const Hdf5File file = Hdf5File::open(hdf5.where());
  const std::string group = weights_group(file);
  const bool model = group != "/";
  const auto layers = layer_names(file, group);
  if (!layers && !has_vars(hdf5.tensors())) return std::nullopt;
  std::vector<std::string> names, paths;
  for (const TensorInfo& info : hdf5.tensors()) {
    std::string name = info.name;
    paths.push_back(name);
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

std::optional<NamedTensors> with_keras_names(const NamedTensors& hdf5) {
  const auto names = keras_names(hdf5);
  if (!names) return std::nullopt;
  std::vector<TensorInfo> tensors = hdf5.tensors();
  for (size_t i = 0; i < tensors.size(); ++i) tensors[i].name = (*names)[i];
  return NamedTensors({.where = hdf5.where(),
                       .format = "Keras HDF5",
                       .tensors = std::move(tensors),
                       .read_rows = [hdf5](size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
                         hdf5.read_bytes(hdf5.tensors()[i].name, first, count, out);
                       }});
}

NamedTensors open_keras_h5(const std::string& path) {
  const NamedTensors hdf5 = open_weft_checkpoint(path);
  if (hdf5.format() == "weft checkpoint") {
    fail(path, "it is a checkpoint of weft, expected a file of Keras. Open it as what it is.");
  }
  auto named = with_keras_names(hdf5);
  if (named) return *std::move(named);
  fail(path, "it is no file of Keras: got neither layer_names nor arrays in 'vars'. Give its format as hdf5.");
}

}  // namespace weft
