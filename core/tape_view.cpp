// What a tape has recorded. An op is called as the function that recorded it, which is part of its closure's type.
#include <weft/core/ops/ops.h>
#include <weft/core/tape_memory.h>
#include <weft/core/tape_view.h>

#include <cxxabi.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace weft {
namespace {

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
  return status == 0 ? text.get() : name;
}

// "weft::(anonymous namespace)::scaled(weft::Var, float)::{lambda()#1}" and "weft::Var weft::scaled(weft::Var)" both
// give "scaled".
std::string function_name(std::string text) {
  for (const std::string_view nameless : {"(anonymous namespace)::", "{anonymous}::"}) {
    for (size_t at; (at = text.find(nameless)) != std::string::npos;) text.erase(at, nameless.size());
  }
  text.resize(std::min(text.find_first_of("(<{"), text.size()));
  while (text.ends_with("::")) text.resize(text.size() - 2);
  const size_t last = text.find_last_of(": ");
  return last == std::string::npos ? text : text.substr(last + 1);
}

}  // namespace

/// Sees a tape's insides.
struct TapeView {
  static Tape::Memory& memory(const Tape& tape) { return *tape.memory_; }
  static Var var(Tape& tape, int32_t index) { return {&tape, index}; }
  static void backward(Var out, const Tensor& dout, const std::function<void(size_t)>& after) {
    const auto call = [](void* context, size_t op) { (*static_cast<const std::function<void(size_t)>*>(context))(op); };
    out.tape().run_backward(out, dout, call, const_cast<std::function<void(size_t)>*>(&after));
  }
};

std::vector<RecordedOp> recorded_ops(Tape& tape) {
  std::vector<RecordedOp> ops;
  for (const Tape::Memory::Closure& closure : TapeView::memory(tape).closures) {
    ops.push_back({.out = TapeView::var(tape, closure.out),
                   .name = function_name(closure.name ? closure.name : demangled(closure.type->name()))});
  }
  return ops;
}

std::vector<Var> recorded_values(Tape& tape) {
  std::vector<Var> values;
  for (size_t i = 0; i < TapeView::memory(tape).used_nodes; ++i)
    values.push_back(TapeView::var(tape, static_cast<int32_t>(i)));
  return values;
}

void backward_by_op(Var loss, const std::function<void(size_t op)>& after) {
  TapeView::backward(loss, Tensor::full(loss.shape(), 1.0f), after);
}

namespace {

Var scaled(Var x, float a, const char* name = nullptr) {
  Var out = x.tape().make(x.shape());
  for (int64_t i = 0; i < x.value().size(); ++i) out.value()[i] = a * x.value()[i];
  x.tape().record(
      out,
      [x, out, a] {
        float* dx = x.gradient_sum();
        for (int64_t i = 0; i < x.value().size(); ++i) dx[i] += a * (*out.gradient())[i];
      },
      name);
  return out;
}

}  // namespace

TEST_CASE("tape view: ops are called as their functions, or as they say") {
  Tape tape;
  const Var x = tape.leaf(Tensor({2}, {1, 2}));
  const Var y = scaled(x, 3), z = scaled(y, 4, "quadrupled");
  tape.record(z, [] {});
  const std::vector<RecordedOp> ops = recorded_ops(tape);
  REQUIRE(ops.size() == 3);
  CHECK(ops[0].name == "scaled");
  CHECK(ops[0].out.value()[1] == 6);
  CHECK(ops[1].name == "quadrupled");
  REQUIRE(recorded_values(tape).size() == 3);
  CHECK(recorded_values(tape)[0].value()[1] == 2);
  CHECK(recorded_values(tape)[2].value()[1] == 24);
}

TEST_CASE("tape view: backward shows the gradient after every op") {
  Tape tape;
  const Var x = tape.leaf(Tensor({1}, {2}));
  const Var y = scaled(x, 3), z = scaled(y, 4);
  std::vector<size_t> order;
  backward_by_op(z, [&](size_t op) {
    order.push_back(op);
    CHECK(y.gradient()->item() == 4);
    CHECK((x.gradient() == nullptr) == (op == 1));
  });
  CHECK(order == std::vector<size_t>{1, 0});
  CHECK(x.gradient()->item() == 12);
}

TEST_CASE("tape view: names of functions in types of closures") {
  CHECK(function_name("weft::relu(weft::Var)::{lambda()#1}") == "relu");
  CHECK(function_name("weft::(anonymous namespace)::f(int)::{lambda(long)#2}::operator()(long) const::{lambda()#1}") ==
        "f");
  CHECK(function_name("weft::detail::unary<float>(weft::Var)::{lambda()#1}") == "unary");
  CHECK(function_name("weft::(anonymous namespace)::Backward") == "Backward");
  CHECK(function_name("weft::Var weft::exp(weft::Var)") == "exp");
  CHECK(function_name("weft::Var weft::{anonymous}::f(weft::Var)") == "f");
  Tape tape;
  exp(tape.leaf(Tensor({1}, {0.5f})));
  CHECK(recorded_ops(tape)[0].name == "exp");
}

}  // namespace weft
