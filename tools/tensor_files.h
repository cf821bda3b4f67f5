// Files of tensors by their contents and names.
#pragma once
#include <weft/io/formats/named_tensors.h>
#include <weft/io/formats/tensor_pieces.h>

#include <string>
#include <vector>

/// Opens a file of any format that weft reads, which its contents tell; of a model's directory the newest checkpoint.
/// Throws weft's errors.
weft::NamedTensors open_file(const std::string& path);

/// The formats that can be written, by the names that --to takes.
std::vector<std::string> writable_formats();
/// The format that a file's name asks for: "weft" for ".h5", ... Throws ValueError for a name that tells nothing.
std::string format_of(const std::string& path);
/// Throws weft's errors.
void write_tensors(const std::string& path, const std::string& format, const weft::NamedTensors& tensors);
/// True if the format takes the one table of "vectors" and "words" only.
bool takes_word_vectors(const std::string& format);

/// Bytes of a tensor's numbers, and of all.
int64_t bytes_of(const weft::TensorInfo& info);
int64_t bytes_of(const weft::NamedTensors& tensors);
/// The same tensors; tells of every read.
weft::NamedTensors watched(const weft::NamedTensors& tensors, const weft::BytesRead& progress);
