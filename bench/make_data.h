// Benchmark data: the files of a workload, made up by a fixed seed.
#pragma once
#include <cstdint>
#include <string>

namespace weft::bench {

/// Writes DIRECTORY/NAME: TFRecord shards, vocabulary, the same examples as ids, and last manifest.json. NAME is seed,
/// medium, wide or large. Popular ids are drawn by Zipf's law; clicks follow genres that must be learnt. Throws
/// ValueError for another name or examples < 1, IoError.
void make_data(const std::string& directory, const std::string& name, int64_t train_examples, int64_t eval_examples);

}  // namespace weft::bench
