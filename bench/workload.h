// Workload: the shapes and files of one benchmark data set, and its batches as ids in memory.
#pragma once
#include <weft/core/features.h>

#include <cstdint>
#include <string>
#include <vector>

#include "options.h"

namespace weft::bench {

/// What manifest.json says, with what the command line says instead.
struct Workload {
  std::string name;
  std::string directory;
  int64_t vocab = 0;
  int64_t dim = 0;
  int64_t batch = 0;
  std::vector<int64_t> hidden;
  std::vector<std::string> columns;
  bool strings = false;  ///< ids are names of a vocabulary file, otherwise numbers below vocab
  std::string vocabulary_file;
  std::string label;
  std::vector<std::string> train_files, eval_files;  ///< in name order
  int64_t train_examples = 0;
  int64_t train_bytes = 0;
  bool synthetic = false;
  int64_t mean_ids = 0;  ///< of made-up ids
};

/// Reads DATA/NAME/manifest.json; made-up ids need none if the command line gives every shape. Throws IoError (no
/// manifest), DataError (not such a manifest), ValueError (nothing says a shape).
Workload load_workload(const Options& options);

/// The training set in batches of ids after the vocabulary, remainder dropped: from DATA/NAME/ids, or made up. Throws
/// IoError, DataError.
std::vector<Batch> id_batches(const Workload& workload);

/// The rank of an id by popularity, 0 the most frequent: inverse CDF of the density (rank + 2)^-1.05 on [0, vocab).
int64_t popular_id(double uniform, int64_t vocab);

}  // namespace weft::bench
