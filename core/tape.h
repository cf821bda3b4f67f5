// Tape: a flat record of operations; backward runs it in reverse.
#pragma once
#include <weft/core/tensor.h>

#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace weft {

class Tape;

/// A handle on a value recorded on a tape; copies name the same value. Valid while its tape lives.
class Var {
 public:
  Var() = default;

  Tape& tape() const { return *tape_; }
  Tensor& value() const;
  const Shape& shape() const { return value().shape(); }
  /// The number of a value of one element.
  float item() const { return value().item(); }

  /// False for constants: nothing flows back into them.
  bool needs_gradient() const;
  /// Null as long as nothing was added.
  const Tensor* gradient() const;
  /// Starts an addition to the gradient. `fresh` says that nothing was added before and the numbers are not yet zeros:
  /// the caller may then store its sum in place of adding it (it must write every number).
  struct Accumulator {
    float* data;
    bool fresh;
  };
  Accumulator add_to_gradient() const;
  /// As add_to_gradient, with zeros written first where nothing was added: for code that adds to some numbers only.
  float* gradient_sum() const;

 private:
  friend class Tape;
  friend struct TapeView;
  Var(Tape* tape, int32_t index) : tape_(tape), index_(index) {}
  Tape* tape_ = nullptr;
  int32_t index_ = -1;
};

/// A flat tape. Ops append values and closures as they run; execution order is a topological order, so backward() is
/// one reverse loop. Its memory comes from a pool that outlives it: make one a step.
class Tape {
 public:
  struct Options {
    /// False: closures are dropped; for evaluation and prediction.
    bool record = true;
    /// Whether ops that differ in training (dropout, batch_norm) do as in training. Absent: as `record` says.
    std::optional<bool> training = {};
  };
  Tape();
  explicit Tape(const Options& options);
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;
  ~Tape();

  /// A value that nothing flows back into.
  Var constant(Tensor value);
  /// A value that gradients flow back into, uninitialised: for ops' results.
  Var make(const Shape& shape);
  /// A value that gradients flow back into: a leaf, whose gradient is read after backward.
  Var leaf(Tensor value);

  /// Appends the closure that adds an op's part to the gradients of its inputs. It runs only if a gradient reached
  /// `out`. Trivially relocatable captures only: Var, pointers, numbers, Buffer handles. `name` (which must outlive the
  /// tape) is what the op is called where a fault is looked for; null: as the function that calls this.
  template <class F>
  void record(Var out, F&& backward, const char* name = nullptr) {
    if (!recording_) return;
    using Closure = std::decay_t<F>;
    static_assert(alignof(Closure) <= 64);
    void* place = allocate(sizeof(Closure));
    new (place) Closure(std::forward<F>(backward));
    append(
        out, place, [](void* closure) { (*static_cast<Closure*>(closure))(); },
        [](void* closure) { static_cast<Closure*>(closure)->~Closure(); }, name, typeid(Closure));
  }

  /// Adds d loss / d x to every x that `loss` came from; once a tape, for the gradients of values are used up on the
  /// way. Throws ValueError unless loss has one element.
  void backward(Var loss);
  /// The same from a gradient of `out`'s own shape.
  void backward(Var out, const Tensor& dout);

  bool recording() const { return recording_; }
  bool training() const { return training_; }

  struct Memory;

 private:
  friend class Var;
  friend struct TapeView;
  void* allocate(size_t bytes);
  void append(Var out, void* closure, void (*run)(void*), void (*destroy)(void*), const char* name,
              const std::type_info& type);
  void run_backward(Var out, const Tensor& dout, void (*after)(void*, size_t), void* context);

  std::unique_ptr<Memory> memory_;
  bool recording_ = true;
  bool training_ = true;
  bool backward_done_ = false;
};

}  // namespace weft
