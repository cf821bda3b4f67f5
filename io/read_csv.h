// CSV and TSV files as batches of features.
#pragma once
#include <weft/io/dataset.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft {

/// tf.data.experimental.make_csv_dataset with tf.io.parse_example's kinds of features; the options that are not
/// explained here are those of ReadExamplesOptions.
struct ReadCsvOptions {
  /// UTF-8 or any other bytes; a name that ends in ".gz" is read as gzip.
  std::string files = {};
  std::vector<std::string> more_files = {};
  /// The columns to read, by their names in the header. FixedLenFeature: a cell is one value or, for a shape of more
  /// or fewer elements, a list of them; VarLenFeature: a list of any number of values.
  ParseSpec spec = {};
  std::string label = {};
  int64_t batch_size = 128;
  int64_t shuffle_buffer = 0;
  uint64_t seed = 1;
  std::optional<int64_t> repeat = 1;
  bool drop_remainder = false;
  int64_t shard_count = 1;
  int64_t shard_index = 0;
  /// Ends a cell: '\t' for TSV; '\0': a line is one cell.
  char delimiter = ',';
  /// Stands between the values of a list; '\0': a cell is one value.
  char value_separator = '|';
  /// Encloses cells with delimiters, newlines or quotes in them, which are doubled (RFC 4180); '\0': quotes are text.
  char quote = '"';
  /// Cells, and elements of lists, that mean no value: a FixedLenFeature takes its default, a list leaves it out.
  std::vector<std::string> missing = {""};
  /// The columns' names, if the files don't start with a line of them. All files must have the same.
  std::vector<std::string> header = {};
};
/// Batches of a file's lines; empty lines are left out. Numbers may have blanks around them. Throws ValueError for
/// options that can't be, IoError if no file matches, DataError for a header without a column of the spec; next()
/// throws DataError (path, line, column) for a line of too many or too few cells and for a cell that is no such value.
Dataset read_csv(const ReadCsvOptions& options);

}  // namespace weft
