// Options: the command line of weft_bench, which is the command line of the peers it is measured beside.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace weft::bench {

/// What one run measures. A 0 (or an empty list) is taken from the workload's manifest.
struct Options {
  std::string data;  ///< directory that holds one directory a workload
  std::string workload;
  std::string optimizer = "adagrad";
  std::string mode;  ///< e2e, step, input, predict, ckpt or columns
  std::string json;  ///< the result line is appended to this file
  int threads = 2;
  double seconds = 6.0;  ///< counted at least
  int64_t batch = 0;
  int64_t max_examples = 0;  ///< e2e: an epoch is cut after so many; 0: is whole
  bool evaluate = true;
  bool profile = false;  ///< e2e, step, input: where the time goes, stage by stage
  int64_t vocab = 0;     ///< step: made-up ids over a table of this many rows,
  int64_t columns = 0;   ///< ... this many columns,
  int64_t mean_ids = 0;  ///< ... this many ids a column and example on average
  int64_t dim = 0;
  std::vector<int64_t> hidden;
  bool bfloat16 = false;    ///< products of the hidden layers in bfloat16
  int compute_threads = 0;  ///< 0: see threads_of
  int input_threads = -1;   ///< -1: see threads_of

  bool synthetic() const { return vocab > 0 || columns > 0 || mean_ids > 0; }
};

/// Parses what follows the program's name. Throws ValueError for an unknown option, a value that is none, a missing
/// --workload or --mode, and what weft has not built yet.
Options parse_options(std::span<const char* const> arguments);

/// One line an option.
std::string usage();

}  // namespace weft::bench
