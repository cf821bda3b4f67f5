// Optimizers as values: of several one, by other names; what their arguments may be.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/core/ops/ops.h>
#include <weft/optim/for_rows.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace weft {

void check_learning_rate(const char* optimizer, const LearningRate& learning_rate) {
  if (std::isfinite(learning_rate.at(0))) return;
  throw ValueError(std::string("[") + optimizer + "] learning_rate must be finite: got " +
                   std::to_string(learning_rate.at(0)) + ". Try 0.01.");
}

void check_not_negative(const char* optimizer, const char* name, float value) {
  if (value >= 0.0f && std::isfinite(value)) return;
  throw ValueError(
      fmt::format("[{}] {} {} needs to be positive or zero. Received: {}={}.", optimizer, name, value, name, value));
}

const Optimizer& Optimizer::of(const Parameter& parameter) const {
  for (const OptimizerPart& part : parts) {
    if (part.applies(parameter)) return part.optimizer;
  }
  return *this;
}

Optimizer per_parameter(std::vector<OptimizerPart> parts, Optimizer rest) {
  Optimizer whole;
  whole.name = rest.name;
  whole.learning_rate = rest.learning_rate;
  whole.slots = rest.slots;
  parts.push_back({[](const Parameter&) { return true; }, std::move(rest)});
  for (const OptimizerPart& part : parts) {
    if (!part.applies) throw ValueError("[per_parameter] applies must be callable: got an empty function.");
    if (!part.optimizer.parts.empty()) {
      throw ValueError("[per_parameter] a part has parts of its own. Give them all to one per_parameter.");
    }
  }
  whole.parts = std::move(parts);
  return whole;
}

Optimizer with_embedding_optimizer(Optimizer rest, Optimizer embedding) {
  return per_parameter({{[](const Parameter& p) { return p.table(); }, std::move(embedding)}}, std::move(rest));
}

Optimizer with_keras_names(Optimizer optimizer) {
  for (SlotSpec& slot : optimizer.slots) slot.name = slot.keras_name;
  optimizer.scalars.clear();
  for (OptimizerPart& part : optimizer.parts) part.optimizer = with_keras_names(std::move(part.optimizer));
  return optimizer;
}

TEST_CASE("optimizer: embeddings and dense layers may have their own, and the step counts once") {
  ParameterStore params;
  Parameter& table = params.add({.name = "t", .shape = {3, 2}, .initializer = constant_initializer(1), .table = true});
  Parameter& dense = params.add({.name = "b", .shape = {2}, .initializer = constant_initializer(1)});
  Optimizer optimizer = with_embedding_optimizer(sgd({.learning_rate = 0.5f}), adagrad({.learning_rate = 0.1f}));
  const auto run = [&] {
    dense.add_to_gradient().data[0] = dense.add_to_gradient().data[1] = 1;
    Tape tape;
    tape.backward(embedding_lookup(tape, table, Ids{{0, 1}, {2}, {}}), Tensor({1, 2}, {1, 2}));
    optimizer.step(params);
  };
  run();
  CHECK(params.global_step == 1);
  CHECK(dense.value().data[0] == 0.5f);
  CHECK(dense.slot_count() == 0);
  CHECK(table.value().row(2)[0] == doctest::Approx(1 - 0.1 / std::sqrt(1.1)));
  CHECK(optimizer.of(table).name == "Adagrad");
  // A clip of the whole is for all parameters together: here (1, 1) and (1, 2).
  optimizer.clip.global_norm = 0.5f;
  run();
  CHECK(dense.value().data[0] == doctest::Approx(0.5 - 0.5 * 0.5 / std::sqrt(7.0)));
  CHECK_THROWS_AS(per_parameter({{nullptr, sgd()}}, sgd()), ValueError);
  CHECK_THROWS_AS(per_parameter({}, optimizer), ValueError);
}

TEST_CASE("optimizer: a store that was told of the slots makes the same table, and slots take it where it is") {
  const Optimizer optimizer = with_embedding_optimizer(sgd(), rowwise_adagrad());
  ParameterStore told, plain;
  optimizer.reserve_slots(told);
  for (ParameterStore* params : {&told, &plain}) {
    params->add({.name = "t", .shape = {50, 3}, .initializer = truncated_normal_initializer(), .table = true});
    params->add(
        {.name = "still", .shape = {5, 3}, .initializer = zeros_initializer(), .trainable = false, .table = true});
  }
  const float* before = told.at("t").value().data;
  optimizer.prepare(told);
  optimizer.prepare(plain);
  CHECK(told.at("t").value().data == before);
  CHECK(told.at("t").value().stride == 4);
  CHECK(told.at("still").value().contiguous());
  for (int64_t i = 0; i < 50; ++i) {
    CHECK(std::ranges::equal(told.at("t").value().row(i), plain.at("t").value().row(i)));
    CHECK(told.at("t").slot(0).view.row(i)[0] == plain.at("t").slot(0).view.row(i)[0]);
  }
}

TEST_CASE("optimizer: the rate of a schedule is that of the steps done before") {
  ParameterStore params;
  Parameter& b = params.add({.name = "b", .shape = {1}, .initializer = zeros_initializer()});
  const Optimizer optimizer = sgd({.learning_rate = piecewise_constant({.boundaries = {0}, .values = {1, 10}})});
  for (const float want : {-1.0f, -11.0f, -21.0f}) {
    b.add_to_gradient().data[0] = 1;
    optimizer.step(params);
    CHECK(b.value().data[0] == want);
  }
  Optimizer wild = sgd({.learning_rate = LearningRate([](int64_t step) { return step < 3 ? 1.0f : NAN; })});
  b.add_to_gradient().data[0] = 1;
  CHECK_THROWS_AS(wild.step(params), ValueError);
  CHECK(b.value().data[0] == -21.0f);
}

}  // namespace weft
