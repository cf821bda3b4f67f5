// Word vectors to be written: which table, whose words.
#include "word_plan.h"

#include "similar_name.h"
#include "word_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <weft/core/error.h>
#include <weft/io/formats/word_vectors.h>

using namespace weft;

namespace {

std::string only_matrix(const NamedTensors& tensors, const std::string& where) {
  std::vector<std::string> matrices;
  for (const TensorInfo& info : tensors.tensors()) {
    if (info.shape.size() == 2 && size_of(info.type) > 0) matrices.push_back(info.name);
  }
  if (matrices.size() == 1) return matrices[0];
  throw ValueError(fmt::format("[{}] word vectors are one table: got {} matrices{}{}. Say --table NAME.", where,
                               matrices.size(), matrices.empty() ? "" : ": ", fmt::join(matrices, ", ")));
}

}  // namespace

WordTable with_vocabulary(const NamedTensors& tensors, const std::string& table, const std::string& vocabulary,
                          const std::string& where) {
  const bool own_words = tensors.find("vectors") != nullptr && tensors.find("words") != nullptr;
  if (vocabulary.empty() && own_words && (table.empty() || table == "vectors")) {
    return {.tensors = tensors, .table = "vectors"};
  }
  if (vocabulary.empty()) {
    throw ValueError(
        fmt::format("[{}] word vectors are one table with its words: say --table NAME and --vocabulary FILE.", where));
  }
  const std::string name = table.empty() ? only_matrix(tensors, where) : table;
  const TensorInfo* found = tensors.find(name);
  if (found == nullptr) {
    std::vector<std::string> names;
    for (const TensorInfo& info : tensors.tensors()) names.push_back(info.name);
    throw ValueError(fmt::format("[{}] --table: {} has no tensor '{}'.{}", where, tensors.where(), name,
                                 similar_or_all(name, names)));
  }
  std::vector<std::string> words = read_words(vocabulary);
  if (static_cast<int64_t>(words.size()) < found->rows()) {
    throw DataError(fmt::format("[{}] {}: got {} words, expected {}, one for each row of '{}'.", where, vocabulary,
                                words.size(), found->rows(), name));
  }
  return {.tensors = with_words(tensors, name, std::move(words)), .table = name};
}
