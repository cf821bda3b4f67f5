// Parameter: a trained tensor with its gradient and its optimizer slots; ParameterStore: a model's parameters by name.
#pragma once
#include <weft/core/deferred_rows.h>
#include <weft/core/initializer.h>
#include <weft/core/rows_view.h>
#include <weft/core/sparse_rows.h>
#include <weft/core/tensor.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft {

/// How a parameter is made.
struct ParameterOptions {
  std::string name = {};
  Shape shape = {};
  Initializer initializer = {};
  bool trainable = true;
  /// A table of rows that lookups read: its gradient comes as rows, and its slots lie beside its values.
  bool table = false;
};

/// A trained array. Its gradient has two forms: dense, or rows (SparseRows). Everything that computes a gradient adds
/// to it; nothing assigns. That is the whole theory of sharing.
class Parameter {
 public:
  struct SlotRequest {
    std::string_view name;
    float initial_value = 0.0f;
    bool per_row = false;
  };
  /// Which slots a parameter, of which name, shape, trainable and table are known, will be asked for.
  using SlotPlan = std::function<std::vector<SlotRequest>(const Parameter& parameter)>;

  /// A table's rows get room for the slots of the plan, filled, so that add_slots() need not move the table.
  Parameter(const ParameterOptions& options, uint64_t seed, const SlotPlan& plan = {});
  Parameter(const Parameter&) = delete;
  Parameter& operator=(const Parameter&) = delete;

  const std::string& name() const { return name_; }
  const Shape& shape() const { return shape_; }
  bool trainable() const { return trainable_; }
  bool table() const { return table_; }

  /// The numbers as [rows, width]: [shape[0], rest], or [1, n] for rank 1 and [1, 1] for a scalar. Valid until slots
  /// are added. Brings deferred rows up to date first; ask again after a step.
  RowsView value() const {
    bring_up();
    return view(0);
  }
  /// The same as the numbers lie: deferred rows may be behind. For those who bring up the rows that they read.
  RowsView stored() const { return view(0); }

  /// An array of optimizer state beside the value: as the value's shape, or one number a row.
  struct Slot {
    std::string name;
    bool per_row = false;
    RowsView view;
    Shape shape;
  };
  /// Makes the slots that do not exist yet, filled with their initial value. Moves the numbers of a table that has no
  /// room for them, so that earlier views end.
  void add_slots(std::span<const SlotRequest> requests);
  size_t slot_count() const { return slots_.size(); }
  /// Brings deferred rows up to date first, as value() does.
  Slot slot(size_t i) const;
  /// Throws ValueError if there is no slot of this name.
  Slot slot(std::string_view name) const;
  /// The place of the slot of this name, which stays; throws ValueError if there is none.
  size_t slot_index(std::string_view name) const;
  /// Where a slot lies, deferred rows being as they are.
  RowsView stored_slot(size_t i) const;
  bool has_slot(std::string_view name) const;

  /// Starts an addition to the dense gradient [rows, width] (contiguous). `fresh` says that nothing was added before in
  /// this step and the numbers are not yet zeros: the caller may then store its sum in place of adding it.
  struct Accumulator {
    float* data;
    bool fresh;
  };
  Accumulator add_to_gradient();
  /// The dense gradient, or null if nothing was added since clear_gradient().
  const float* dense_gradient() const { return dense_used_ ? dense_gradient_.data() : nullptr; }
  /// The gradient as rows; tables only.
  SparseRows& row_gradient() { return row_gradient_; }
  const SparseRows& row_gradient() const { return row_gradient_; }
  bool has_gradient() const { return dense_used_ || !row_gradient_.empty(); }
  void clear_gradient();

  /// Room that the optimizer keeps from step to step for this parameter (see coalesce.cpp).
  std::shared_ptr<CoalesceWorkspace> workspace;
  /// Rows that are behind, kept by an optimizer that moves rows which nobody reads.
  std::shared_ptr<DeferredRows> deferred;
  void bring_up() const {
    if (deferred) deferred->bring_up_all();
  }
  /// What this parameter was made from, if that is shared: whoever holds the same description reads this parameter.
  std::shared_ptr<const void> description;

 private:
  RowsView view(int64_t column) const;
  void reserve(std::span<const SlotRequest> requests);
  bool take_reserved(const SlotRequest& request);
  void set_initial_values(const Initializer& initializer, const RandomStream& stream);
  void widen(int64_t old_stride);
  static void fill(const RowsView& view, float value);

  std::string name_;
  Shape shape_;
  bool trainable_ = true;
  bool table_ = false;
  int64_t rows_ = 1, width_ = 1, stride_ = 1;
  Buffer storage_;
  struct SlotStorage {
    std::string name;
    bool per_row;
    int64_t column;  ///< tables: where it starts within a row
    Buffer buffer;   ///< others: memory of its own
  };
  std::vector<SlotStorage> slots_;
  /// Room within a table's rows that holds a slot's initial values already.
  struct ReservedSlot {
    std::string name;
    float initial_value;
    bool per_row;
    int64_t column;
  };
  std::vector<ReservedSlot> reserved_;
  Tensor dense_gradient_;
  bool dense_used_ = false;
  SparseRows row_gradient_;
};

struct ParameterStoreOptions {
  /// Seeds every initializer; a parameter's numbers depend on it and on the parameter's name only.
  uint64_t seed = 1;
};

/// A model's parameters by name, and the scalars of state that belong to none (as Adam's powers). References to
/// parameters stay valid as long as the store.
class ParameterStore {
 public:
  ParameterStore() = default;
  explicit ParameterStore(const ParameterStoreOptions& options) : seed_(options.seed) {}
  ParameterStore(const ParameterStore&) = delete;
  ParameterStore& operator=(const ParameterStore&) = delete;

  /// A hint: tables that are added from now on are laid out once, with room for these slots (see
  /// Optimizer::reserve_slots).
  void reserve_slots(Parameter::SlotPlan plan) { slot_plan_ = std::move(plan); }

  /// Makes a parameter. Throws ValueError "Variable <name> already exists ..." if the name is taken.
  Parameter& add(const ParameterOptions& options);
  /// Null if there is none.
  Parameter* find(std::string_view name);
  const Parameter* find(std::string_view name) const;
  /// Throws ValueError with the names there are.
  Parameter& at(std::string_view name);

  auto begin() { return parameters_.begin(); }
  auto end() { return parameters_.end(); }
  auto begin() const { return parameters_.begin(); }
  auto end() const { return parameters_.end(); }
  size_t size() const { return parameters_.size(); }

  /// Takes out the parameters made since the store had `size` of them. Nothing may refer to them.
  void shrink(size_t size);

  /// A named scalar of state, made with `initial` if there is none.
  float& scalar(std::string_view name, float initial);
  const std::map<std::string, float, std::less<>>& scalars() const { return scalars_; }

  /// Steps taken by Optimizer::step on this store.
  int64_t global_step = 0;
  uint64_t seed() const { return seed_; }
  void clear_gradients();

 private:
  uint64_t seed_ = 1;
  Parameter::SlotPlan slot_plan_;
  std::deque<Parameter> parameters_;
  std::map<std::string, Parameter*, std::less<>> by_name_;
  std::map<std::string, float, std::less<>> scalars_;
};

/// The parameters made while it lives leave the store again at its end, unless keep() was called: what can't be
/// finished leaves the store as it was.
class NewParameters {
 public:
  explicit NewParameters(ParameterStore& params) : params_(&params), size_(params.size()) {}
  NewParameters(const NewParameters&) = delete;
  NewParameters& operator=(const NewParameters&) = delete;
  ~NewParameters() {
    if (params_ != nullptr) params_->shrink(size_);
  }
  void keep() { params_ = nullptr; }

 private:
  ParameterStore* params_;
  size_t size_;
};

}  // namespace weft
