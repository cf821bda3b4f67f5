// weft neighbors: the rows of a table that are nearest to those of given words.
#include "command.h"
#include "output.h"
#include "tensor_files.h"

#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/formats/nearest_rows.h>
#include <weft/io/vocabulary.h>

#include <charconv>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

using namespace weft;
using Json = nlohmann::ordered_json;

namespace {

struct Options {
  std::string file, table, vocabulary, similarity = "cosine";
  std::vector<std::string> words;
  int64_t k = 10;
  bool json = false;
};

/// Words to rows and back; without words rows are called by their numbers.
class Words {
 public:
  explicit Words(std::optional<Vocabulary> vocabulary, int64_t rows)
      : vocabulary_(std::move(vocabulary)), rows_(rows) {}

  int64_t row(const std::string& word) const {
    const int64_t id = vocabulary_ ? vocabulary_->find(word) : number(word);
    if (id < 0 || id >= rows_) {
      throw ValueError(fmt::format("[weft neighbors] '{}': got {}, expected one of {} {}.", word,
                                   vocabulary_ ? "no word of the vocabulary that has a row" : "no row's number", rows_,
                                   vocabulary_ ? "rows' words" : "rows; or say --vocabulary FILE"));
    }
    return id;
  }
  std::string word(int64_t row) const {
    return vocabulary_ ? std::string(vocabulary_->word(row)) : fmt::to_string(row);
  }
  /// Rows that have a word.
  int64_t rows() const { return vocabulary_ ? std::min(rows_, vocabulary_->size()) : rows_; }

 private:
  static int64_t number(const std::string& text) {
    int64_t value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? value : -1;
  }

  std::optional<Vocabulary> vocabulary_;
  int64_t rows_;
};

std::string table_name(const NamedTensors& tensors, const Options& options) {
  if (!options.table.empty()) return options.table;
  std::vector<std::string> matrices;
  for (const TensorInfo& info : tensors.tensors()) {
    if (info.shape.size() == 2 && size_of(info.type) > 0) matrices.push_back(info.name);
  }
  if (matrices.size() == 1) return matrices[0];
  throw ValueError(fmt::format("[weft neighbors] {}: got {} matrices, expected one. Name the table: --table NAME.",
                               tensors.where(), matrices.size()));
}

Words make_words(const NamedTensors& tensors, const Options& options, int64_t rows) {
  if (!options.vocabulary.empty()) return Words(Vocabulary::from_file(options.vocabulary), rows);
  const TensorInfo* words = tensors.find("words");
  if (words == nullptr || words->type != TensorType::string || words->rows() != rows) return Words(std::nullopt, rows);
  return Words(Vocabulary::from_list(tensors.read_strings("words")), rows);
}

std::vector<float> read_queries(const NamedTensors& tensors, const std::string& table,
                                const std::vector<int64_t>& rows) {
  const int64_t width = tensors.find(table)->width();
  std::vector<float> queries(rows.size() * static_cast<size_t>(width));
  for (size_t i = 0; i < rows.size(); ++i) {
    tensors.read(table, rows[i], {queries.data() + i * static_cast<size_t>(width), 1, width, width});
  }
  return queries;
}

void print_text(const Options& options, const Words& words, const std::vector<std::vector<Neighbor>>& nearest) {
  for (size_t i = 0; i < nearest.size(); ++i) {
    std::cout << printable(options.words[i]) << '\n';
    for (const Neighbor& neighbor : nearest[i]) {
      std::cout << fmt::format("  {:9.6f}  {}\n", neighbor.score, printable(words.word(neighbor.row)));
    }
  }
}

void print_list(const Options& options, const std::string& table, const Words& words,
                const std::vector<std::vector<Neighbor>>& nearest) {
  Json queries = Json::array();
  for (size_t i = 0; i < nearest.size(); ++i) {
    Json list = Json::array();
    for (const Neighbor& one : nearest[i]) {
      list.push_back({{"word", words.word(one.row)}, {"row", one.row}, {"score", one.score}});
    }
    queries.push_back({{"word", options.words[i]}, {"neighbors", list}});
  }
  print_json({{"table", table}, {"similarity", options.similarity}, {"queries", queries}});
}

int neighbors(const Options& options) {
  const NamedTensors tensors = open_file(options.file);
  const std::string table = table_name(tensors, options);
  const TensorInfo* info = tensors.find(table);
  if (info == nullptr) tensors.read_bytes(table, 0, 0, {});  // throws, with similar names
  if (info->shape.size() != 2 || size_of(info->type) == 0) {
    throw DataError(fmt::format("[weft neighbors] {}: '{}' is {} {}, expected a matrix of numbers.", tensors.where(),
                                table, to_string(info->type), shape_text(info->shape)));
  }
  const Words words = make_words(tensors, options, info->rows());
  std::vector<int64_t> rows;
  for (const std::string& word : options.words) rows.push_back(words.row(word));
  const std::vector<float> queries = read_queries(tensors, table, rows);
  Progress progress(bytes_of(*info));
  auto nearest = nearest_rows(tensors, table, queries,
                              {.k = options.k + 1,  // the word itself is among them
                               .similarity = *similarity_of(options.similarity),
                               .rows = words.rows(),
                               .progress = [&](int64_t bytes) { progress.add(bytes); }});
  for (size_t i = 0; i < nearest.size(); ++i) {
    std::erase_if(nearest[i], [&](const Neighbor& one) { return one.row == rows[i]; });
    if (static_cast<int64_t>(nearest[i].size()) > options.k) nearest[i].resize(static_cast<size_t>(options.k));
  }
  options.json ? print_list(options, table, words, nearest) : print_text(options, words, nearest);
  return ExitCode::kOk;
}

}  // namespace

void add_neighbors(CLI::App& program, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      program.add_subcommand("neighbors", "The rows of a table that are nearest to those of some words");
  command->add_option("file", options->file, "A file of tensors, or a model directory")->required();
  command->add_option("words", options->words, "Words, or rows' numbers where there is no vocabulary")->required();
  command->add_option("--table", options->table, "The table's name; by default the only matrix of the file");
  command->add_option("--vocabulary", options->vocabulary, "The words of the rows, one a line");
  command->add_option("-k", options->k, "How many")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  command->add_option("--similarity", options->similarity, "cosine, dot, or l2: Euclidean distance")
      ->check(CLI::IsMember({"cosine", "dot", "l2"}))
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &run] { run = [options] { return neighbors(*options); }; });
}
