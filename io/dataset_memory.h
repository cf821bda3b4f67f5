// A data set of serialized examples that lie in memory.
#pragma once
#include <weft/io/dataset.h>

namespace weft {

/// As ReadExamplesOptions, without files.
struct ExamplesInMemoryOptions {
  std::vector<std::string> serialized = {};  ///< tf.train.Example, one an element
  ParseSpec spec = {};
  std::string label = {};
  int64_t batch_size = 128;
  int64_t shuffle_buffer = 0;
  uint64_t seed = 1;
  std::optional<int64_t> repeat = 1;
  bool drop_remainder = false;
};
/// Batches of the examples, in the order given unless they are shuffled (tf.data.Dataset.from_tensor_slices, shuffle,
/// batch, repeat, tf.io.parse_example). Throws ValueError for options that can't be; next() throws DataError with the
/// example's number.
Dataset examples_in_memory(ExamplesInMemoryOptions options);

}  // namespace weft
