// read_value: y = the numbers of a parameter; its dense gradient gets dy.
#include <weft/core/error.h>
#include <weft/core/ops/gradient_check.h>
#include <weft/core/ops/ops.h>

#include <doctest/doctest.h>
#include <algorithm>

namespace weft {

Var read_value(Tape& tape, Parameter& parameter) {
  const RowsView value = std::as_const(parameter).value();
  Tensor numbers(parameter.shape());
  for (int64_t i = 0; i < value.rows; ++i) std::ranges::copy(value.row(i), numbers.data() + i * value.width);
  if (!parameter.trainable()) return tape.constant(std::move(numbers));
  Var out = tape.leaf(std::move(numbers));
  tape.record(out, [out, &parameter] {
    const Tensor& dy = *out.gradient();
    const auto sum = parameter.add_to_gradient();
    for (int64_t i = 0; i < dy.size(); ++i) sum.data[i] = (sum.fresh ? 0.0f : sum.data[i]) + dy[i];
  });
  return out;
}

TEST_CASE("read_value: numbers and shape of a parameter, two uses add to its gradient") {
  ParameterStore params;
  Parameter& scale = params.add({.name = "scale", .shape = {2, 1}, .initializer = constant_initializer(3)});
  Tape tape;
  const Var a = read_value(tape, scale), b = read_value(tape, scale);
  CHECK(a.shape() == Shape{2, 1});
  CHECK(a.value()[1] == 3);
  tape.backward(sum(mul(a, b)));
  CHECK(scale.dense_gradient()[0] == 6);
  scale.clear_gradient();
  CHECK(gradient_error([&](Tape& t) { return sum(square(read_value(t, scale))); }, scale) < 5e-3);
}

TEST_CASE("read_value: a parameter that is not trained gets no gradient, a table without its slots") {
  ParameterStore params;
  Parameter& fixed = params.add({.name = "fixed", .shape = {2}, .initializer = ones_initializer(), .trainable = false});
  Parameter& table =
      params.add({.name = "table", .shape = {2, 2}, .initializer = constant_initializer(2), .table = true});
  const Parameter::SlotRequest request[] = {{"slot", 9, false}};
  table.add_slots(request);
  Tape tape;
  const Var rows = read_value(tape, table);
  tape.backward(sum(mul(read_value(tape, fixed), rows)));
  CHECK_FALSE(fixed.has_gradient());
  CHECK(rows.value()[2] == 2);
  CHECK(table.dense_gradient()[3] == 1);
}

}  // namespace weft
