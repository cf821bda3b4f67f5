// Files of tensors by their contents and names.
#include "tensor_files.h"

#include "output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <weft/core/error.h>
#include <weft/io/checkpoint_state.h>
#include <weft/io/formats/fvecs.h>
#include <weft/io/formats/keras.h>
#include <weft/io/formats/npy.h>
#include <weft/io/formats/open_tensors.h>
#include <weft/io/formats/safetensors.h>
#include <weft/io/formats/tensor_bundle.h>
#include <weft/io/formats/weft_checkpoint.h>
#include <weft/io/formats/word_vectors.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <numeric>
#include <optional>

using namespace weft;

namespace {

struct Writer {
  std::string name;
  std::vector<std::string> endings;
  std::function<void(const std::string& path, const NamedTensors& tensors, const CheckpointWriterOptions& options)>
      write;
  bool word_vectors = false;
};

/// Empty if the file can't be read.
std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A directory whose newest checkpoint is weft's goes on as a model of weft's.
void write_for_tensorflow(const std::string& path, const NamedTensors& tensors) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const auto state = parse_checkpoint_state(file_text((parent / "checkpoint").string()));
  const bool is_weft = state && state->latest.ends_with(".h5");
  write_tensor_bundle(path, tensors, is_weft ? StateFile::none : StateFile::write);
}

/// Of a format that takes no options.
template <class Write>
auto plain(Write write) {
  return [write](const std::string& path, const NamedTensors& tensors, const CheckpointWriterOptions&) {
    write(path, tensors);
  };
}

/// In the order in which a name's end is looked at.
const std::vector<Writer>& writers() {
  static const std::vector<Writer> all = {
      {"keras", {".weights.h5"}, plain([](const std::string& path, const NamedTensors& tensors) {
         write_keras_h5(path, tensors);
       })},
      {"tensorflow", {".ckpt"}, plain(write_for_tensorflow)},
      {"weft", {".h5", ".hdf5"}, write_weft_checkpoint},
      {"safetensors", {".safetensors"}, plain(write_safetensors)},
      {"npz", {".npz"}, plain(write_npz)},
      {"word2vec", {".vec", ".txt"}, plain(write_word2vec_text), true},
      {"word2vec-binary", {".bin"}, plain(write_word2vec_binary), true},
      {"fvecs", {".fvecs"}, plain(write_fvecs), true},
  };
  return all;
}

/// Without a step at the end: "model.ckpt" of "model.ckpt-120".
std::string without_step(const std::string& path) {
  const size_t digits = path.find_last_not_of("0123456789");
  const bool step = digits != std::string::npos && path[digits] == '-' && digits + 1 < path.size();
  return step ? path.substr(0, digits) : path;
}

/// Tensors of Keras' newer layout: "layers/dense/vars/0".
bool has_newer_layout(const NamedTensors& tensors) {
  return std::ranges::all_of(tensors.tensors(),
                             [](const TensorInfo& info) { return info.name.find("/vars/") != std::string::npos; });
}

}  // namespace

NamedTensors open_file(const std::string& path) {
  std::optional<Progress> bar;
  return open_tensors(path, [&](int64_t done, int64_t total) {
    if (!bar) bar.emplace(total);
    bar->set(done);
  });
}

std::vector<std::string> writable_formats() {
  std::vector<std::string> names;
  for (const Writer& writer : writers()) names.push_back(writer.name);
  return names;
}

std::string format_of(const std::string& path) {
  std::vector<std::string> endings;
  for (const Writer& writer : writers()) {
    for (const std::string& ending : writer.endings) {
      if (path.ends_with(ending) || (ending == ".ckpt" && without_step(path).ends_with(ending))) return writer.name;
    }
    endings.insert(endings.end(), writer.endings.begin(), writer.endings.end());
  }
  throw ValueError(fmt::format("[weft] {}: got the ending '{}', expected one of {}. Or say --to with one of {}.", path,
                               std::filesystem::path(path).extension().string(), fmt::join(endings, ", "),
                               fmt::join(writable_formats(), ", ")));
}

void check_names(const std::string& path, const std::string& format, const NamedTensors& tensors) {
  if (format != "keras" || !path.ends_with(".weights.h5") || has_newer_layout(tensors)) return;
  throw ValueError(fmt::format(
      "[weft] {}: got names as '{}', expected Keras' newer layout (layers/dense/vars/0), which Keras takes "
      "from the ending .weights.h5. Take the names from a file of the model with --like, or write the older "
      "layout to another .h5 with --to keras.",
      path, tensors.tensors()[0].name));
}

void write_tensors(const std::string& path, const std::string& format, const NamedTensors& tensors,
                   const CheckpointWriterOptions& options) {
  check_names(path, format, tensors);
  std::ranges::find(writers(), format, &Writer::name)->write(path, tensors, options);
}

bool takes_word_vectors(const std::string& format) {
  return std::ranges::find(writers(), format, &Writer::name)->word_vectors;
}

int64_t bytes_of(const TensorInfo& info) {
  return info.size() * static_cast<int64_t>(size_of(info.type));
}

int64_t bytes_of(const NamedTensors& tensors) {
  const auto& all = tensors.tensors();
  return std::accumulate(all.begin(), all.end(), int64_t{0},
                         [](int64_t sum, const TensorInfo& info) { return sum + bytes_of(info); });
}

NamedTensors watched(const NamedTensors& tensors, const BytesRead& progress) {
  return tensors.with_numbers(tensors.tensors(), [=](size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
    tensors.read_bytes(tensors.tensors()[i].name, first, count, out);
    progress(static_cast<int64_t>(out.size()));
  });
}
