// Files of tensors by their contents and names.
#include "tensor_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <weft/core/error.h>
#include <weft/io/formats/fvecs.h>
#include <weft/io/formats/keras.h>
#include <weft/io/formats/npy.h>
#include <weft/io/formats/open_tensors.h>
#include <weft/io/formats/random_access_file.h>
#include <weft/io/formats/safetensors.h>
#include <weft/io/formats/tensor_bundle.h>
#include <weft/io/formats/weft_checkpoint.h>
#include <weft/io/formats/word_vectors.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <numeric>

using namespace weft;

namespace {

struct Writer {
  std::string name;
  std::vector<std::string> endings;
  std::function<void(const std::string& path, const NamedTensors& tensors)> write;
  bool word_vectors = false;
};

const std::vector<Writer>& writers() {
  static const std::vector<Writer> all = {
      {"weft", {".h5", ".hdf5"}, write_weft_checkpoint},
      {"keras", {}, [](const std::string& path, const NamedTensors& tensors) { write_keras_h5(path, tensors); }},
      {"tensorflow",
       {".ckpt"},
       [](const std::string& path, const NamedTensors& tensors) { write_tensor_bundle(path, tensors); }},
      {"safetensors", {".safetensors"}, write_safetensors},
      {"npz", {".npz"}, write_npz},
      {"word2vec", {".vec", ".txt"}, write_word2vec_text, true},
      {"word2vec-binary", {".bin"}, write_word2vec_binary, true},
      {"fvecs", {".fvecs"}, write_fvecs, true},
  };
  return all;
}

bool is_zip(const std::string& path) {
  const RandomAccessFile file(path);
  return file.read(0, std::min<uint64_t>(file.size(), 4)) == "PK\x03\x04";
}

std::string ending(const std::string& path) {
  return std::filesystem::path(path).extension().string();
}

}  // namespace

NamedTensors open_file(const std::string& path) {
  std::error_code ignored;
  // The one format that only its name tells from text; PyTorch's .bin files are zip archives.
  if (std::filesystem::is_regular_file(path, ignored) && ending(path) == ".bin" && !is_zip(path)) {
    return open_word_vectors(path, WordVectorFormat::word2vec_binary);
  }
  return open_tensors(path);
}

std::vector<std::string> writable_formats() {
  std::vector<std::string> names;
  for (const Writer& writer : writers()) names.push_back(writer.name);
  return names;
}

std::string format_of(const std::string& path) {
  std::vector<std::string> endings;
  for (const Writer& writer : writers()) {
    if (std::ranges::count(writer.endings, ending(path)) > 0) return writer.name;
    endings.insert(endings.end(), writer.endings.begin(), writer.endings.end());
  }
  throw ValueError(fmt::format("[weft] {}: got the ending '{}', expected one of {}. Or say --to with one of {}.", path,
                               ending(path), fmt::join(endings, ", "), fmt::join(writable_formats(), ", ")));
}

void write_tensors(const std::string& path, const std::string& format, const NamedTensors& tensors) {
  std::ranges::find(writers(), format, &Writer::name)->write(path, tensors);
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
  const auto name = [tensors](size_t i) { return tensors.tensors()[i].name; };
  return NamedTensors({.where = tensors.where(),
                       .format = tensors.format(),
                       .tensors = tensors.tensors(),
                       .read_rows =
                           [=](size_t i, int64_t first, int64_t count, std::span<std::byte> out) {
                             tensors.read_bytes(name(i), first, count, out);
                             progress(static_cast<int64_t>(out.size()));
                           },
                       .read_strings = [=](size_t i) { return tensors.read_strings(name(i)); }});
}
