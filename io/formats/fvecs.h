// Vectors with their ids as the libraries of nearest neighbours take them: .fvecs and a line of text each.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <string>

namespace weft {

//   <name>.fvecs      per row: dimension (int32) and that many float32, little-endian
//   <name>.fvecs.ids  per row: a line, its word
//
// Faiss and hnswlib number rows as they come: row i of an index made of the one file has line i of the other. NumPy
// reads it as fromfile(path, "float32").reshape(-1, dimension + 1)[:, 1:].

/// "vectors" [rows, dimension] and "words" [rows] (with_words joins them), a piece at a time. Throws DataError for
/// tensors that are missing or don't fit together, no rows or numbers, or a word with a newline; IoError.
void write_fvecs(const std::string& path, const NamedTensors& tensors);

/// "vectors" float32 [rows, dimension], read on demand, and "words" if there is the file of ids. Throws IoError;
/// DataError (path, row) for rows of different dimensions, a file cut short, or another number of ids than rows.
NamedTensors open_fvecs(const std::string& path);

}  // namespace weft
