// Optimizer errors: the calls that family F names, with the arguments that they stand for.
#include "optimizer_errors.h"

#include <algorithm>
#include <functional>

#include "errors.h"
#include "optimizers.h"

namespace weft::reference {
namespace {

void make(const char* api, const char* kind, Json arguments) {
  arguments["learning_rate"] = 0.1;
  make_optimizer(api, kind, arguments);
}

void no_gradients() {
  ParameterStore params;
  params.add({.name = "v", .shape = {1}, .initializer = zeros_initializer()});
  adagrad({.learning_rate = 0.1f}).step(params);
}

[[noreturn]] void no_such_value(const char* what) {
  throw NotExpressible(what);
}

struct Call {
  std::string_view label;
  std::function<void()> run;
};

// A label is all that a row holds of its call.
std::vector<Call> calls() {
  return {
      {"unknown name", [] { named_optimizer("v1", "unsupported_name"); }},
      {"unknown name v2", [] { named_optimizer("v2", "unsupported_name"); }},
      {"name without rate", [] { no_such_value("an optimizer is a value with a rate, never a bare name"); }},
      {"wrong object", [] { no_such_value("a tuple is no optimizer"); }},
      {"wrong object v2", [] { no_such_value("a tuple is no optimizer"); }},
      {"adagrad accumulator",
       [] {
         make("v1", "AdagradOptimizer", {{"initial_accumulator_value", -1.0}});
       }},
      {"adagrad accumulator 0",
       [] {
         make("v1", "AdagradOptimizer", {{"initial_accumulator_value", 0.0}});
       }},
      {"keras adagrad accumulator",
       [] {
         make("v2", "Adagrad", {{"initial_accumulator_value", -1.0}});
       }},
      {"proximal adagrad accumulator 0",
       [] {
         make("v1", "ProximalAdagradOptimizer", {{"initial_accumulator_value", 0.0}});
       }},
      {"ftrl accumulator",
       [] {
         make("v1", "FtrlOptimizer", {{"initial_accumulator_value", -1.0}});
       }},
      {"ftrl power",
       [] {
         make("v1", "FtrlOptimizer", {{"learning_rate_power", 0.5}});
       }},
      {"ftrl l1",
       [] {
         make("v1", "FtrlOptimizer", {{"l1_regularization_strength", -1.0}});
       }},
      {"ftrl l2",
       [] {
         make("v1", "FtrlOptimizer", {{"l2_regularization_strength", -1.0}});
       }},
      {"ftrl shrinkage",
       [] {
         make("v1", "FtrlOptimizer", {{"l2_shrinkage_regularization_strength", -1.0}});
       }},
      {"keras sgd momentum",
       [] {
         make("v2", "SGD", {{"momentum", 1.5}});
       }},
      {"keras ftrl power",
       [] {
         make("v2", "Ftrl", {{"learning_rate_power", 0.5}});
       }},
      {"keras ftrl l1",
       [] {
         make("v2", "Ftrl", {{"l1_regularization_strength", -1.0}});
       }},
      {"keras negative clipnorm",
       [] {
         make("v2", "SGD", {{"clipnorm", -1.0}});
       }},
      {"no gradients", no_gradients},
  };
}

}  // namespace

void run_optimizer_errors(const Fixture& fixture, Report& report) {
  const std::vector<Call> known = calls();
  for (const Json& row : fixture.config().at("rows")) {
    const std::string label = row.at("call");
    report.part(label, [&] {
      const auto call = std::ranges::find(known, label, &Call::label);
      if (call == known.end()) throw Unsupported("the runner has no such call");
      compare_error(report, label, {row.at("error")}, call->run);
    });
  }
}

}  // namespace weft::reference
