// write_projector: tables of embeddings as TensorBoard's embedding projector reads them.
#pragma once
#include <weft/core/parameter.h>
#include <weft/io/vocabulary.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace weft {

//   <dir>/projector_config.pbtxt   which tensor goes with which metadata
//   <dir>/<table>_tensor.tsv       a row a line, numbers between tabs; or <table>_tensor.bytes: float32, little-endian
//   <dir>/<table>_metadata.tsv     a row's label a line
//
// In a file's name '_' stands for what is no letter, digit, '-' or '.'. In a label a tab, newline, carriage return and
// backslash become \t, \n, \r and \\, other control characters and bytes that are no UTF-8 \x and two digits, and a
// label without visible characters is put in quotes: TensorBoard passes over empty lines.

/// One table to show.
struct ProjectorTable {
  std::string name;
  RowsView values;  ///< [rows, dimension]
  /// The label of a row; absent: its number.
  std::function<std::string(int64_t row)> label = {};
};

/// The value of a parameter under its name.
ProjectorTable projector_table(const Parameter& parameter, std::function<std::string(int64_t row)> label = {});

/// Labels from a vocabulary of strings, which must outlive the function: the words, and "[bucket n]" for the n-th row
/// after them (out of vocabulary).
std::function<std::string(int64_t row)> labels_of(const Vocabulary& vocabulary);

struct ProjectorOptions {
  /// Made if it is not there: a model directory, or one below TensorBoard's --logdir.
  std::string dir;
  /// Rows of each table that are written, from the first; absent: all. The projector in a browser shows some 100,000
  /// well. Vocabularies are mostly in the order of frequency: the first rows are the frequent ones.
  std::optional<int64_t> max_rows = {};
  /// float32 bytes in place of text: a third of the size. TensorBoard takes such a file for text if its bytes happen
  /// to be UTF-8, as those of zeros alone are.
  bool bytes = false;
};

/// Writes the tables' files, then the configuration; each appears whole or not at all. Throws ValueError for no tables,
/// one without rows or numbers, a name that is empty or comes twice, max_rows < 1; IoError.
void write_projector(const ProjectorOptions& options, std::span<const ProjectorTable> tables);

}  // namespace weft
