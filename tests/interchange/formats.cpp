// The formats of weft_interchange: a line each.
#include "formats.h"

#include <weft/io/formats/fvecs.h>
#include <weft/io/formats/keras.h>
#include <weft/io/formats/keras_archive.h>
#include <weft/io/formats/npy.h>
#include <weft/io/formats/pytorch.h>
#include <weft/io/formats/safetensors.h>
#include <weft/io/formats/tensor_bundle.h>
#include <weft/io/formats/weft_checkpoint.h>
#include <weft/io/formats/word_vectors.h>

using namespace weft;

std::map<std::string, Format> formats() {
  const auto word_vectors = [](WordVectorFormat format) {
    return [format](const std::string& path) { return open_word_vectors(path, format); };
  };
  const auto weft_checkpoint = [](int compression) {
    return [compression](const std::string& path, const NamedTensors& tensors) {
      write_weft_checkpoint(path, tensors, {.compression = compression});
    };
  };
  return {
      {"fvecs", {.open = open_fvecs, .write = write_fvecs}},
      {"glove", {.open = word_vectors(WordVectorFormat::glove_text)}},
      {"keras",
       {.open = open_keras_h5,
        .write = [](const std::string& path, const NamedTensors& tensors) { write_keras_h5(path, tensors); }}},
      {"keras_archive", {.open = open_keras_archive}},
      {"npy", {.open = open_npy}},
      {"npz", {.open = open_npz, .write = write_npz}},
      {"pytorch", {.open = open_pytorch}},
      {"safetensors", {.open = open_safetensors, .write = write_safetensors}},
      {"tensorflow",
       {.open = open_tensor_bundle,
        .write = [](const std::string& path,
                    const NamedTensors& tensors) { write_tensor_bundle(path, tensors, StateFile::write); }}},
      {"weft", {.open = open_weft_checkpoint, .write = weft_checkpoint(0)}},
      {"weft_compressed", {.open = open_weft_checkpoint, .write = weft_checkpoint(6)}},
      {"word2vec", {.open = word_vectors(WordVectorFormat::detect), .write = write_word2vec_text}},
      {"word2vec_binary", {.open = word_vectors(WordVectorFormat::word2vec_binary), .write = write_word2vec_binary}},
  };
}
