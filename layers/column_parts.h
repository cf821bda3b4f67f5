// ColumnParts: columns side by side, from features to [rows, width]: what the layers over columns have in common.
#pragma once
#include <weft/core/features.h>
#include <weft/core/parameter.h>
#include <weft/core/tape.h>
#include <weft/layers/column_ids.h>
#include <weft/layers/feature_column.h>
#include <weft/layers/input_layer.h>
#include <weft/layers/row_origin.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft {

/// A column of a layer and where its numbers come from.
struct ColumnPart {
  std::string name;
  FeatureColumn column;
  int64_t width = 0;           ///< numbers a row
  Parameter* table = nullptr;  ///< what is looked up; null: the numbers are constants
  LookupOptions lookup = {};
  std::vector<std::string> keys = {};  ///< features that may have one bag an example only
  size_t ids = 0;                      ///< its ids' place, if it has ids; set by ColumnParts
};
/// The part of a column that is an input: an embedding column reads its table, which is made unless the store has it.
ColumnPart input_part(ParameterStore& params, const std::string& name, const FeatureColumn& column,
                      const InputLayerOptions& options);

/// The parts of a layer with what calls need beside the features. Calls are const and safe from several threads.
class ColumnParts {
 public:
  struct Options {
    const char* where = "input_layer";  ///< the layer, for messages
    /// A row is a place of a sequence, [batch * steps] of them, in place of an example.
    bool sequences = false;
  };
  explicit ColumnParts(const Options& options) : options_(options) {}

  /// Throws IoError or DataError for the column's vocabulary.
  void add(ColumnPart part);
  const std::vector<ColumnPart>& parts() const { return parts_; }
  int64_t width() const { return width_; }

  /// Makes the ids ahead of the call.
  void prepare(Features& features) const;
  /// [rows, width()]. check(ids) throws if the features don't fit each other, or says how many rows there are.
  template <class Check>
  Var operator()(Tape& tape, const Features& features, Check&& check) const;
  /// The rows of one part.
  int64_t rows_of(const ColumnPart& part, const Features& features, const std::vector<Ids>& ids) const;
  /// The rows of all parts, which must be the same.
  int64_t check_rows(const Features& features, const std::vector<Ids>& ids) const;

  /// Which value of an example reads a row of a table; nothing if none does.
  std::optional<RowOrigin> origin(const Parameter& table, int64_t row, const Features& features, int64_t example) const;

  std::vector<ColumnCounts> counts() const;
  void reset_counts();

 private:
  // Neighbouring parts that are all lookups, or all constants.
  struct Run {
    size_t first = 0, count = 0;
    bool lookups = false;
    int64_t width = 0;
  };
  // What a call needs beside the features, kept from call to call.
  struct Workspace {
    Features::Prepared prepared;
    std::vector<LookupColumn> lookups;
    std::vector<Var> outputs;
  };
  // A table and the parts that read it, the last one first: on the way back that adds its share first.
  struct Readers {
    Parameter* table;
    std::vector<size_t> parts;
  };
  // Ids that are laid out as one bag a place, and the feature that says where the places are.
  struct Sequence {
    size_t ids;
    std::string key;
  };

  void make_ids(const Features& features, Features::Prepared& out) const;
  /// What lookups make of the ids, unless they are refused.
  void make_shares(Features::Prepared& out) const;
  static void find_places(const Readers& readers, std::vector<Share>& shares);
  Var values(Tape& tape, const Features& features, const Features::Prepared& ready, int64_t rows,
             Workspace& work) const;
  Var look_up(Tape& tape, const Run& run, const Features::Prepared& ready, Workspace& work) const;
  Var constants(Tape& tape, const Run& run, const Features& features, const std::vector<Ids>& ids, int64_t rows) const;
  std::unique_ptr<Workspace> take() const;
  void give_back(std::unique_ptr<Workspace> workspace, const std::vector<IdCounts>& counts) const;

  Options options_;
  ColumnIds ids_;
  std::vector<ColumnPart> parts_;
  std::vector<Run> runs_;
  std::vector<Sequence> sequences_;
  std::vector<Readers> tables_;
  int64_t width_ = 0;

  /// A data set's batches have been trained on: what a step makes of ids alone is worth making ahead.
  mutable std::atomic<bool> trains_ = false;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Workspace>> idle_;  ///< as many as calls have ever run at once
  mutable std::vector<IdCounts> totals_;                  ///< one a part
};

template <class Check>
Var ColumnParts::operator()(Tape& tape, const Features& features, Check&& check) const {
  auto work = take();
  const Features::Prepared* ready = features.find_prepared(this);
  if (ready == nullptr) {
    make_ids(features, work->prepared);
    ready = &work->prepared;
  } else if (tape.recording()) {
    trains_.store(true, std::memory_order_relaxed);
  }
  const Var out = values(tape, features, *ready, check(ready->ids), *work);
  give_back(std::move(work), ready->counts);
  return out;
}

}  // namespace weft
