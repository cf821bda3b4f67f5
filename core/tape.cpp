// Tape: values, closures, and the reverse loop.
#include <weft/core/error.h>
#include <weft/core/tape_memory.h>

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <vector>

namespace weft {
namespace {

// Room of tapes that have ended on this thread.
std::vector<std::unique_ptr<Tape::Memory>>& idle_memory() {
  thread_local std::vector<std::unique_ptr<Tape::Memory>> idle;
  return idle;
}

}  // namespace

Tape::Tape() : Tape(Options{}) {}

Tape::Tape(const Options& options) : recording_(options.record), training_(options.training.value_or(options.record)) {
  auto& idle = idle_memory();
  if (idle.empty()) {
    memory_ = std::make_unique<Memory>();
  } else {
    memory_ = std::move(idle.back());
    idle.pop_back();
  }
}

Tape::~Tape() {
  memory_->clear();
  idle_memory().push_back(std::move(memory_));
}

Var Tape::constant(Tensor value) {
  return {this, memory_->add(std::move(value), false)};
}
Var Tape::make(const Shape& shape) {
  return {this, memory_->add(Tensor(shape), true)};
}
Var Tape::leaf(Tensor value) {
  return {this, memory_->add(std::move(value), true)};
}

void* Tape::allocate(size_t bytes) {
  bytes = (bytes + 63) / 64 * 64;
  Memory& m = *memory_;
  if (m.used_chunks == 0 || m.used_bytes + bytes > m.chunks[m.used_chunks - 1].capacity()) {
    if (m.used_chunks == m.chunks.size()) m.chunks.emplace_back(std::max(bytes, Memory::kChunk));
    if (m.chunks[m.used_chunks].capacity() < bytes) m.chunks[m.used_chunks] = Buffer(bytes);
    ++m.used_chunks;
    m.used_bytes = 0;
  }
  void* place = m.chunks[m.used_chunks - 1].as<char>() + m.used_bytes;
  m.used_bytes += bytes;
  return place;
}

void Tape::append(Var out, void* closure, void (*run)(void*), void (*destroy)(void*), const char* name,
                  const std::type_info& type) {
  memory_->closures.push_back({out.index_, closure, run, destroy, name, &type});
}

void Tape::backward(Var loss) {
  if (loss.value().size() != 1) {
    throw ValueError("[Tape::backward] the loss must be one number: got shape " + to_string(loss.shape()) +
                     ". Reduce it with sum() or mean(), or give a gradient of its shape.");
  }
  backward(loss, Tensor::full(loss.shape(), 1.0f));
}

void Tape::backward(Var out, const Tensor& dout) {
  run_backward(out, dout, nullptr, nullptr);
}

void Tape::run_backward(Var out, const Tensor& dout, void (*after)(void*, size_t), void* context) {
  if (!recording_) throw ValueError("[Tape::backward] this tape does not record. Make it with {.record = true}.");
  if (!(dout.shape() == out.shape())) {
    throw ValueError("[Tape::backward] the gradient's shape does not fit: got " + to_string(dout.shape()) +
                     ", expected " + to_string(out.shape()) + ".");
  }
  if (backward_done_)
    throw ValueError("[Tape::backward] it has run on this tape. Record each step on a tape of its own.");
  backward_done_ = true;
  float* sum = out.gradient_sum();
  for (int64_t i = 0; i < dout.size(); ++i) sum[i] += dout[i];
  for (size_t i = memory_->closures.size(); i-- > 0;) {
    const Memory::Closure& closure = memory_->closures[i];
    if (memory_->node(closure.out).has_gradient) closure.run(closure.state);
    if (after) after(context, i);
  }
}

Tensor& Var::value() const {
  return tape_->memory_->node(index_).value;
}
bool Var::needs_gradient() const {
  return tape_->memory_->node(index_).needs_gradient;
}

const Tensor* Var::gradient() const {
  const Tape::Memory::Node& node = tape_->memory_->node(index_);
  return node.has_gradient ? &node.gradient : nullptr;
}

Var::Accumulator Var::add_to_gradient() const {
  Tape::Memory::Node& node = tape_->memory_->node(index_);
  const bool fresh = !node.has_gradient;
  if (fresh) node.gradient = Tensor(node.value.shape());
  node.has_gradient = true;
  return {node.gradient.data(), fresh};
}

float* Var::gradient_sum() const {
  const Accumulator sum = add_to_gradient();
  if (sum.fresh) std::fill_n(sum.data, value().size(), 0.0f);
  return sum.data;
}

namespace {

/// y = a x, for the tests.
Var scaled(Var x, float a) {
  Var out = x.tape().make(x.shape());
  for (int64_t i = 0; i < x.value().size(); ++i) out.value()[i] = a * x.value()[i];
  x.tape().record(out, [x, out, a] {
    float* dx = x.gradient_sum();
    for (int64_t i = 0; i < x.value().size(); ++i) dx[i] += a * (*out.gradient())[i];
  });
  return out;
}

}  // namespace

TEST_CASE("tape: gradients of two uses add") {
  Tape tape;
  const Var x = tape.leaf(Tensor({2}, {1, 2}));
  const Var y = scaled(x, 3), z = scaled(x, 4), unused = scaled(x, 100);
  tape.backward(y, Tensor({2}, {1, 1}));
  CHECK((*x.gradient())[0] == 3);
  CHECK(unused.gradient() == nullptr);
  CHECK(z.gradient() == nullptr);
}

TEST_CASE("tape: a chain of uses, and the checks of backward") {
  Tape tape;
  const Var x = tape.leaf(Tensor({1}, {2}));
  const Var y = scaled(scaled(x, 3), 4);
  tape.backward(y);
  CHECK(x.gradient()->item() == 12);
  CHECK_THROWS_AS(tape.backward(tape.constant(Tensor({2}, {1, 2}))), ValueError);
  CHECK_THROWS_AS(tape.backward(y, Tensor({2}, {1, 2})), ValueError);
  CHECK_THROWS_WITH_AS(tape.backward(y), doctest::Contains("tape of its own"), ValueError);
  Tape silent({.record = false});
  CHECK_FALSE(silent.training());
  CHECK(Tape({.record = false, .training = true}).training());
  CHECK_THROWS_AS(silent.backward(silent.leaf(Tensor({1}, {2}))), ValueError);
}

TEST_CASE("tape: closures are destroyed, many of them and large ones") {
  const auto counted = std::make_shared<int>(0);
  {
    Tape tape;
    Var out = tape.make({1});
    for (int i = 0; i < 1000; ++i) {
      tape.record(out, [counted, large = std::array<char, 500>{}] { *counted += 1 + large[0]; });
    }
    tape.backward(out);
    CHECK(*counted == 1000);
    CHECK(counted.use_count() == 1001);
  }
  CHECK(counted.use_count() == 1);
}

}  // namespace weft
