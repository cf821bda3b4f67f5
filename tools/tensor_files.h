// Files of tensors by their contents and names.
#pragma once
#include <weft/io/checkpoint.h>
#include <weft/io/formats/named_tensors.h>
#include <weft/io/formats/tensor_pieces.h>

#include <string>
#include <vector>

/// open_tensors() with a bar on a terminal, where a file must be walked over to be opened.
weft::NamedTensors open_file(const std::string& path);

/// The formats that can be written, by the names that --to takes.
std::vector<std::string> writable_formats();
/// The format that a file's name asks for: "weft" for ".h5", "keras" for ".weights.h5", "tensorflow" for ".ckpt" and
/// ".ckpt-120", ... Throws ValueError for a name that tells nothing.
std::string format_of(const std::string& path);
/// Throws ValueError for names of tensors that what reads the file would not find: Keras takes its newer layout from a
/// ".weights.h5" and the older one from any other ".h5".
void check_names(const std::string& path, const std::string& format, const weft::NamedTensors& tensors);
/// A TensorFlow checkpoint is also named as its directory's newest, if that is no model directory of weft's. The
/// options are for weft's own format alone. Throws weft's errors.
void write_tensors(const std::string& path, const std::string& format, const weft::NamedTensors& tensors,
                   const weft::CheckpointWriterOptions& options = {});
/// True if the format takes the one table of "vectors" and "words" only.
bool takes_word_vectors(const std::string& format);

/// Bytes of a tensor's numbers, and of all.
int64_t bytes_of(const weft::TensorInfo& info);
int64_t bytes_of(const weft::NamedTensors& tensors);
/// The same tensors; tells of every read.
weft::NamedTensors watched(const weft::NamedTensors& tensors, const weft::BytesRead& progress);
