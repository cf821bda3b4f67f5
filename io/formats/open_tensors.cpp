// The format of a file by its first bytes; word vectors and .fvecs are also told by their names.
#include <doctest/doctest.h>
#include <weft/core/error.h>
#include <weft/core/test_directory.h>
#include <weft/io/checkpoint.h>
#include <weft/io/formats/checkpoint_path.h>
#include <weft/io/formats/file_kind.h>
#include <weft/io/formats/fvecs.h>
#include <weft/io/formats/keras.h>
#include <weft/io/formats/keras_archive.h>
#include <weft/io/formats/npy.h>
#include <weft/io/formats/open_tensors.h>
#include <weft/io/formats/pytorch.h>
#include <weft/io/formats/safetensors.h>
#include <weft/io/formats/tensor_bundle.h>
#include <weft/io/formats/weft_checkpoint.h>
#include <weft/io/formats/word_vectors.h>
#include <weft/io/formats/zip_archive.h>

#include <algorithm>
#include <filesystem>

namespace weft {

namespace {

/// Keras' names where it is a file of Keras', paths in the file where it is neither weft's nor Keras'.
NamedTensors open_hdf5(const std::string& path) {
  const NamedTensors plain = open_weft_checkpoint(path);
  if (plain.format() == "weft checkpoint") return plain;
  return with_keras_names(plain).value_or(plain);
}

/// Keras' archives hold the weights beside the model, PyTorch's a pickle, NumPy's arrays, and perhaps other things.
NamedTensors open_zip(const std::string& path) {
  const ZipArchive archive(path);
  const auto has = [&](const auto& fits) { return std::ranges::any_of(archive.members(), fits, &ZipMember::name); };
  if (has([](const std::string& name) { return name == "model.weights.h5"; })) return open_keras_archive(path);
  const bool pickle = has([](const std::string& name) { return name == "data.pkl" || name.ends_with("/data.pkl"); });
  const bool arrays = has([](const std::string& name) { return name.ends_with(".npy"); });
  return !pickle && (arrays || archive.members().empty()) ? open_npz(path) : open_pytorch(path);
}

}  // namespace

NamedTensors open_tensors(const std::string& path, const OpenProgress& progress) {
  const std::string found = find_checkpoint(path);
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(found, ignored)) return open_tensor_bundle(found);
  if (std::filesystem::file_size(found, ignored) == 0) {
    throw DataError("[open_tensors] " + found + ": the file is empty, expected tensors. Copy or write it again.");
  }
  switch (file_kind(found)) {
    case FileKind::hdf5:
      return open_hdf5(found);
    case FileKind::zip:
      return open_zip(found);
    case FileKind::npy:
      return open_npy(found);
    case FileKind::pickle:
      return open_pytorch(found);
    case FileKind::safetensors:
      return open_safetensors(found);
    case FileKind::fvecs:
      return open_fvecs(found);
    case FileKind::word2vec_binary:
      return open_word_vectors(found, WordVectorFormat::word2vec_binary, progress);
    case FileKind::word_vectors:
    case FileKind::unknown:
      break;
  }
  return open_word_vectors(found, WordVectorFormat::detect, progress);  // which says what is wrong with it
}

TEST_CASE("open tensors: formats are told by their contents") {
  const TestDirectory test;
  const NamedTensors one(
      {.where = "memory",
       .format = "test",
       .tensors = {{"a", TensorType::float32, {1, 2}}},
       .read_rows = [](size_t, int64_t, int64_t, std::span<std::byte> out) { std::ranges::fill(out, std::byte{0}); }});
  write_weft_checkpoint(test.file("one"), one);
  write_safetensors(test.file("two"), one);
  write_tensor_bundle(test.file("three"), one);
  write_npz(test.file("six"), one);
  write_keras_h5(test.file("seven"), one.renamed([](const std::string& name) { return "dense/" + name; }));
  test.put("four.txt", "word 1 2\nother 3 4\n");
  CHECK(open_tensors(test.file("one")).format() == "weft checkpoint");
  CHECK(open_tensors(test.file("two")).format() == "safetensors");
  CHECK(open_tensors(test.file("three")).format() == "TensorFlow checkpoint");
  CHECK(open_tensors(test.file("six")).format() == open_npz(test.file("six")).format());
  CHECK(open_tensors(test.file("six")).find("a") != nullptr);
  CHECK(open_tensors(test.file("seven")).format() == open_keras_h5(test.file("seven")).format());
  CHECK(open_tensors(test.file("four.txt")).tensors().size() >= 1);
  CHECK(open_tensors(test.file("thr*")).find("a") != nullptr);
  CHECK_THROWS_AS(open_tensors(test.file("five")), IoError);
  ZipWriter mixed(test.file("nine.npz"));
  mixed.begin("notes.txt", 2);
  mixed.write("hi");
  const std::string_view header = "{'descr': '|i1', 'fortran_order': False, 'shape': (1,), }\n";
  std::string array("\x93NUMPY\x01\x00", 8);
  array.push_back(static_cast<char>(header.size()));
  array.push_back('\0');
  array.append(header).append("x");
  mixed.begin("a.npy", array.size());
  mixed.write(array);
  mixed.commit();
  CHECK(open_tensors(test.file("nine.npz")).find("a")->shape == std::vector<int64_t>{1});
  test.put("ten.h5");
  CHECK_THROWS_WITH_AS(open_tensors(test.file("ten.h5")), doctest::Contains("ten.h5: the file is empty"), DataError);
  test.put("eight.bin", "1 1\nred \x01\x02\x03\x04");
  CHECK(open_tensors(test.file("eight.bin")).find("vectors")->shape == std::vector<int64_t>{1, 1});
}

}  // namespace weft
