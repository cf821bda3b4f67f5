// DeferredRows: rows of a table that steps move though nobody reads them: they are moved when they are read.
#pragma once
#include <weft/core/buffer.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace weft {

/// Says of each row of a table after which step its numbers stand, and remembers the steps since, so that a row which
/// is read can be given what it has missed. Steps are numbered as ParameterStore::global_step is after them.
class DeferredRows {
 public:
  /// What a step was, in an optimizer's terms.
  using Step = std::array<float, 8>;
  /// A row that stands after an earlier step.
  struct Behind {
    int64_t row;
    int64_t from;
  };
  /// Rows and the steps that each has missed: from + 1 .. to.
  struct Missed {
    std::span<const Behind> rows;
    int64_t to;
    std::span<const Step> steps;  ///< the last is `to`; they reach back to the row that is furthest behind, or further
    Step largest;                 ///< of the remembered steps, number by number

    std::span<const Step> of(const Behind& behind) const { return steps.last(static_cast<size_t>(to - behind.from)); }
  };
  /// Gives rows their missed steps. Called by several threads at once on different rows; giving a row its steps in two
  /// parts must give the same bits. Must not throw.
  using Replay = std::function<void(const Missed&)>;
  struct Options {
    int64_t rows = 0;
    int64_t step = 0;  ///< that all rows stand after
    Replay replay;
    /// Whether a missed step changes values, so that lookups must ask for them; otherwise slots only.
    bool moves_values = true;
    /// Who replays: an optimizer's identity.
    const void* owner = nullptr;
  };
  explicit DeferredRows(Options options);

  int64_t step() const { return step_; }
  const void* owner() const { return options_.owner; }
  bool moves_values() const { return options_.moves_values; }

  /// Brings rows up to step(), each once however often it is named. Parallel; the rows are ready when it returns.
  void bring_up(std::span<const int32_t> rows);
  /// The same, each named once, by the thread that has these rows to itself.
  void bring_up_own(std::span<const int32_t> rows);
  void bring_up_all();

  /// A step has been taken: what it was. Rows that it updated are marked; the others have missed it.
  void add_step(const Step& step);
  /// The rows stand after step() + 1, which is being taken.
  void mark_next(std::span<const int32_t> rows);
  /// The last step added updated every row.
  void mark_all();
  /// All rows stand after `step`, though steps between were not taken here. Rows must be up to date.
  void go_to(int64_t step);

 private:
  class Batch;
  int64_t standing(int32_t stamp) const { return stamp + origin_ > all_ ? stamp + origin_ : all_; }

  Options options_;
  Buffer stamps_;  ///< int32 a row: the step it stands after, less origin_
  int64_t origin_;
  int64_t all_;  ///< every row stands after this step at least
  int64_t step_;
  std::vector<Step> steps_;  ///< all_ + 1 .. step_
  Step largest_{};
};

}  // namespace weft
