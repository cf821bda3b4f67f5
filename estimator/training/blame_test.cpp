// Tests of find_blame: models that go wrong in one known place.
#include <doctest/doctest.h>
#include <weft/core/ops/embedding_lookup.h>
#include <weft/core/ops/ops.h>
#include <weft/estimator/training/blame.h>

#include <cmath>

#ifndef DOCTEST_CONFIG_DISABLE
namespace weft {
namespace {

// y = 1 / x; dx = -dy / x^2.
Var reciprocal(Var x) {
  Var out = x.tape().make(x.shape());
  for (int64_t i = 0; i < x.value().size(); ++i) out.value()[i] = 1.0f / x.value()[i];
  x.tape().record(out, [x, out] {
    float* dx = x.gradient_sum();
    for (int64_t i = 0; i < x.value().size(); ++i) dx[i] -= (*out.gradient())[i] * out.value()[i] * out.value()[i];
  });
  return out;
}

// Rows of a table of two columns, of which "b" is read by the fault in each test: example 2 reads row 3.
struct Model {
  ParameterStore params;
  Parameter& table = params.add({.name = "table", .shape = {5, 1}, .initializer = zeros_initializer(), .table = true});
  Parameter& bias = params.add({.name = "bias", .shape = {1}, .initializer = zeros_initializer()});
  Batch batch;
  bool inverse = false;  ///< the loss is the sum of 1 / x

  Model() {
    table.value().row(0)[0] = 1.0f;
    for (int64_t row = 1; row < 5; ++row) table.value().row(row)[0] = 2.0f;
    batch.size = 4;
    batch.features["ids"] = sparse_feature(std::vector<std::vector<int64_t>>{{0}, {1, 2}, {3}, {4}});
    batch.features["x"] = dense_feature(std::vector<float>{1, 2, 3, 4});
    batch.labels = dense_feature(std::vector<float>{0, 1, 0, 1});
  }
  Var operator()(Tape& tape, const Batch& b) {
    Ids ids;
    ids.offsets = b.features.at("ids").offsets;
    ids.ids = b.features.at("ids").integers;
    const Var rows = embedding_lookup(tape, table, ids);
    const Var x = tape.constant(Tensor({b.size, 1}, b.features.at("x").floats));
    const Var both[] = {inverse ? reciprocal(rows) : rows, x};
    return sum(concat(both));
  }
  std::optional<Blame> blame() {
    const auto origin = [](const Parameter&, int64_t row, const Features&, int64_t) -> std::optional<RowOrigin> {
      return RowOrigin{.column = "ids_embedding", .feature = "ids", .value = "v" + std::to_string(row)};
    };
    return find_blame(params, [this](Tape& tape, const Batch& b) { return (*this)(tape, b); }, batch,
                      {.origin = origin});
  }
  bool finite() {
    Tape tape;
    tape.backward((*this)(tape, batch));
    const bool finite = gradients_are_finite(params);
    params.clear_gradients();
    return finite;
  }
};

}  // namespace

TEST_CASE("blame: nothing where all is finite") {
  Model model;
  CHECK_FALSE(model.blame());
  CHECK(model.finite());
  CHECK_FALSE(model.table.has_gradient());
}

TEST_CASE("blame: a weight that is NaN, with the example that reads it") {
  Model model;
  model.table.value().row(3)[0] = std::nanf("");
  CHECK(to_string(model.blame().value()) ==
        "nan in 'table' row 3 ('v3' of feature 'ids'), example 2 of the batch reads it");
  model.table.value().row(3)[0] = 1.0f;
  model.bias.value().row(0)[0] = HUGE_VALF;
  CHECK(to_string(model.blame().value()) == "inf in 'bias'");
}

TEST_CASE("blame: a slot that is infinite, in a row that nobody reads now") {
  Model model;
  const Parameter::SlotRequest request[] = {{"accumulator", 0.0f, false}};
  model.table.add_slots(request);
  model.batch.features["ids"] = sparse_feature(std::vector<std::vector<int64_t>>{{0}, {1}, {1}, {4}});
  model.table.slot(0).view.row(3)[0] = HUGE_VALF;
  CHECK(to_string(model.blame().value()) == "inf in slot 'accumulator' of 'table' row 3");
}

TEST_CASE("blame: a feature that is NaN") {
  Model model;
  model.batch.features["x"].floats[1] = std::nanf("");
  CHECK(to_string(model.blame().value()) == "nan in the input of example 1 of the batch, where feature 'x' is nan");
}

TEST_CASE("blame: an op that makes infinity from finite numbers, with the example and the row behind it") {
  Model model;
  model.inverse = true;
  model.table.value().row(3)[0] = 0.0f;
  CHECK(to_string(model.blame().value()) ==
        "inf from op 'reciprocal' for example 2 of the batch, whose largest weight is 0 in 'table' row 3 ('v3' of "
        "feature 'ids')");
}

TEST_CASE("blame: a gradient that overflows under a finite loss") {
  Model model;
  model.inverse = true;
  model.table.value().row(3)[0] = 1e-20f;  // 1e20, and its square is more than a float holds
  CHECK_FALSE(model.finite());
  const Blame blame = model.blame().value();
  CHECK(blame.kind == Blame::Kind::gradient);
  CHECK(blame.op == "reciprocal");
  CHECK(blame.example == 2);
  CHECK(
      to_string(blame) ==
      "-inf in the gradient from op 'reciprocal' for example 2 of the batch, whose largest weight is 1e-20 in 'table' "
      "row 3 ('v3' of feature 'ids')");
}

}  // namespace weft
#endif
