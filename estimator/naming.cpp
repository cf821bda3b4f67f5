// The names TensorFlow gives to the canned estimators' variables, slots and scalars.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/naming.h>

#include <algorithm>

namespace weft {

namespace {

constexpr std::string_view kInput = "dnn/input_from_feature_columns";

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const size_t at = text.find(what);
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

// The slots of an optimizer, in the order TensorFlow makes them.
struct Row {
  std::string_view name;
  std::vector<std::string> roles;
  std::vector<std::string> scalars;
};

std::vector<Row> v1_rows(const OptimizerVariant& variant) {
  return {
      {"SGD", {}, {}},
      {"GradientDescent", {}, {}},
      {"ProximalGradientDescent", {}, {}},
      {"Adagrad", {"accumulator"}, {}},
      {"ProximalAdagrad", {"accumulator"}, {}},
      {"AdagradDA", {"gradient_accumulator", "gradient_squared_accumulator"}, {}},
      {"Adadelta", {"accum", "accum_update"}, {}},
      {"Momentum", {"momentum"}, {}},
      {"Ftrl", {"accum", "linear"}, {}},
      {"RMSProp",
       variant.centered ? std::vector<std::string>{"rms", "mg", "momentum"}
                        : std::vector<std::string>{"rms", "momentum"},
       {}},
      {"Adam", {"m", "v"}, {"beta1_power", "beta2_power"}},
  };
}

std::vector<Row> v2_rows(const OptimizerVariant& variant) {
  std::vector<std::string> rmsprop = {"rms"}, sgd, adam = {"m", "v"};
  if (variant.momentum) rmsprop.push_back("momentum"), sgd.push_back("momentum");
  if (variant.centered) rmsprop.push_back("mg");
  if (variant.amsgrad) adam.push_back("vhat");
  return {
      {"SGD", sgd, {"decay", "learning_rate", "momentum"}},
      {"Adagrad", {"accumulator"}, {"decay", "learning_rate"}},
      {"Adadelta", {"accum_grad", "accum_var"}, {"decay", "learning_rate", "rho"}},
      {"Ftrl",
       {"accumulator", "linear"},
       {"beta", "decay", "l1_regularization_strength", "l2_regularization_strength", "learning_rate",
        "learning_rate_power"}},
      {"RMSprop", rmsprop, {"decay", "learning_rate", "momentum", "rho"}},
      {"Adam", adam, {"beta_1", "beta_2", "decay", "learning_rate"}},
      {"Adamax", {"m", "v"}, {"beta_1", "beta_2", "decay", "learning_rate"}},
      {"Nadam", {"m", "v"}, {"beta_1", "beta_2", "decay", "learning_rate", "momentum_cache"}},
  };
}

// v1 makes the optimizer's scalars inside the head.
std::string_view head_scope(CannedModel model) {
  switch (model) {
    case CannedModel::linear:
      return "linear/head";
    case CannedModel::dnn_linear_combined:
      return "head";
    case CannedModel::dnn:
      break;
  }
  return "dnn/head";
}

std::string_view slot_pattern_of(CannedModel model) {
  switch (model) {
    case CannedModel::linear:
      return "{variable}/part_0/{slot}";
    case CannedModel::dnn_linear_combined:
      return "{variable}/{slot}";
    case CannedModel::dnn:
      break;
  }
  return "{variable}/t_0/{slot}";
}

}  // namespace

std::string hidden_layer_name(int64_t layer) {
  return fmt::format("dnn/hiddenlayer_{}", layer);
}

std::string logits_layer_name() {
  return "dnn/logits";
}

std::string batch_norm_name(int64_t layer) {
  return fmt::format("{}/batchnorm_{}", hidden_layer_name(layer), layer);
}

std::string input_layer_scope() {
  return fmt::format("{}/input_layer", kInput);
}

std::string linear_model_scope() {
  return "linear/linear_model";
}

std::string table_name(std::string_view column) {
  return fmt::format("{}/{}/embedding_weights", input_layer_scope(), column);
}

std::string shared_table_pattern(NamingScheme scheme) {
  switch (scheme) {
    case NamingScheme::v2:
      return "{collection}";
    case NamingScheme::v1_with_v2_columns:
      return fmt::format("{}/{{collection}}", kInput);
    case NamingScheme::v1:
      break;
  }
  return "{scope}/{collection}/embedding_weights";
}

std::string shared_table_name(NamingScheme scheme, std::string_view collection) {
  return replaced(replaced(shared_table_pattern(scheme), "{scope}", input_layer_scope()), "{collection}", collection);
}

OptimizerNames optimizer_names(NamingScheme scheme, std::string_view optimizer, const OptimizerVariant& variant) {
  const bool v2 = scheme == NamingScheme::v2;
  const std::string name = optimizer_name_of(scheme, optimizer);
  std::string known;
  for (const Row& row : v2 ? v2_rows(variant) : v1_rows(variant)) {
    known += (known.empty() ? "" : ", ") + std::string(row.name);
    if (row.name != name) continue;
    OptimizerNames names{.name = name, .slots = {}, .scalars = {}};
    for (size_t i = 0; i < row.roles.size(); ++i) {
      // v1 numbers the slots of one variable: Adam, Adam_1.
      const std::string numbered = i == 0 ? name : fmt::format("{}_{}", name, i);
      names.slots.push_back({row.roles[i], v2 ? row.roles[i] : numbered});
    }
    for (const auto& scalar : row.scalars) {
      names.scalars.push_back(v2 ? fmt::format("training/{}/{}", name, scalar)
                                 : fmt::format("{}/{}", head_scope(CannedModel::dnn), scalar));
    }
    return names;
  }
  throw ValueError(
      fmt::format("[optimizer_names] Unsupported optimizer name: {}. Supported names are: ({}). Check the name.",
                  optimizer, known));
}

Optimizer with_names_of(NamingScheme scheme, Optimizer optimizer, CannedModel model) {
  if (scheme == NamingScheme::v2) return with_keras_names(std::move(optimizer));
  for (ScalarSpec& scalar : optimizer.scalars) scalar.name = fmt::format("{}/{}", head_scope(model), scalar.name);
  for (OptimizerPart& part : optimizer.parts) part.optimizer = with_names_of(scheme, std::move(part.optimizer), model);
  return optimizer;
}

std::string optimizer_name_of(NamingScheme scheme, std::string_view optimizer) {
  std::string name(optimizer);
  constexpr std::string_view kSuffix = "Optimizer";
  if (name.size() > kSuffix.size() && name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
  if (name == "RMSProp" || name == "RMSprop") return scheme == NamingScheme::v2 ? "RMSprop" : "RMSProp";
  return name;
}

CheckpointNames checkpoint_names(NamingScheme scheme, std::string_view optimizer, CannedModel model) {
  if (scheme != NamingScheme::v2) return {.slot_pattern = std::string(slot_pattern_of(model))};
  return {.slot_pattern = "training/{optimizer}/{variable}/{slot}", .optimizer = optimizer_name_of(scheme, optimizer)};
}

std::string slot_name(NamingScheme scheme, std::string_view optimizer, std::string_view variable,
                      std::string_view slot) {
  return checkpoint_names(scheme, optimizer).slot_name(variable, slot);
}

std::vector<VariableInfo> checkpoint_variables(NamingScheme scheme, const OptimizerNames& optimizer,
                                               std::span<const VariableInfo> variables) {
  std::vector<VariableInfo> all(variables.begin(), variables.end());
  for (const VariableInfo& variable : variables) {
    if (!variable.trainable) continue;
    for (const auto& slot : optimizer.slots) {
      all.push_back({slot_name(scheme, optimizer.name, variable.name, slot.name), variable.shape, false});
    }
  }
  for (const auto& scalar : optimizer.scalars) all.push_back({scalar, {}, false});
  all.push_back({"global_step", {}, false});
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

TEST_CASE("naming: layers and tables") {
  CHECK(hidden_layer_name(1) == "dnn/hiddenlayer_1");
  CHECK(batch_norm_name(0) == "dnn/hiddenlayer_0/batchnorm_0");
  CHECK(table_name("d_embedding") == "dnn/input_from_feature_columns/input_layer/d_embedding/embedding_weights");
  CHECK(shared_table_name(NamingScheme::v1, "a_b") ==
        "dnn/input_from_feature_columns/input_layer/a_b/embedding_weights");
  CHECK(shared_table_name(NamingScheme::v2, "a_b") == "a_b");
  CHECK(shared_table_name(NamingScheme::v1_with_v2_columns, "a_b") == "dnn/input_from_feature_columns/a_b");
}

TEST_CASE("naming: v1 numbers an optimizer's slots, v2 calls them by what they are") {
  const auto v1 = optimizer_names(NamingScheme::v1, "RMSPropOptimizer", {.centered = true});
  REQUIRE(v1.slots.size() == 3);
  CHECK(v1.slots[1].name == "RMSProp_1");
  CHECK(v1.slots[1].role == "mg");
  CHECK(v1.scalars.empty());
  const auto v2 = optimizer_names(NamingScheme::v2, "RMSProp");
  CHECK(v2.name == "RMSprop");
  REQUIRE(v2.slots.size() == 1);
  CHECK(v2.slots[0].name == "rms");
  CHECK(v2.scalars.back() == "training/RMSprop/rho");
  CHECK(optimizer_names(NamingScheme::v2, "SGD").slots.empty());
  CHECK(optimizer_names(NamingScheme::v2, "SGD", {.momentum = true}).slots.size() == 1);
  CHECK_THROWS_AS(optimizer_names(NamingScheme::v1, "Sgdd"), ValueError);
}

TEST_CASE("naming: every optimizer's slots and scalars are those that TensorFlow has") {
  const auto same = [](NamingScheme scheme, const Optimizer& optimizer, const OptimizerVariant& variant = {}) {
    const OptimizerNames want = optimizer_names(scheme, optimizer.name, variant);
    const Optimizer named = with_names_of(scheme, optimizer);
    std::vector<std::string> slots, wanted, scalars;
    for (const SlotSpec& slot : named.slots) slots.push_back(slot.name);
    for (const auto& slot : want.slots) wanted.push_back(slot.name);
    for (const ScalarSpec& scalar : named.scalars) scalars.push_back(scalar.name);
    std::ranges::sort(slots);
    std::ranges::sort(wanted);
    CHECK(slots == wanted);
    // What Keras keeps beside are constants.
    CHECK(scalars == (scheme == NamingScheme::v2 ? std::vector<std::string>() : want.scalars));
  };
  for (const Optimizer& o : {sgd(), momentum(), adagrad(), proximal_adagrad(), proximal_gradient_descent(),
                             adagrad_da(), adadelta(), rmsprop(), adam(), lazy_adam(), ftrl()}) {
    same(NamingScheme::v1, o);
  }
  same(NamingScheme::v1, rmsprop({.centered = true}), {.centered = true});
  for (const Optimizer& o : {sgd(), adagrad(), adadelta(), keras_rmsprop(), adam(), ftrl()}) same(NamingScheme::v2, o);
  same(NamingScheme::v2, sgd({.momentum = 0.9f}), {.momentum = true});
  same(NamingScheme::v2, adam({.amsgrad = true}), {.amsgrad = true});
  same(NamingScheme::v2, keras_rmsprop({.momentum = 0.9f, .centered = true}), {.centered = true, .momentum = true});
}

TEST_CASE("naming: a linear model's slots and a combined one's, as TensorFlow lists them") {
  const auto slot = [](NamingScheme scheme, CannedModel model) {
    return checkpoint_names(scheme, "Ftrl", model).slot_name("linear/linear_model/a/weights", "Ftrl_1");
  };
  CHECK(slot(NamingScheme::v1, CannedModel::linear) == "linear/linear_model/a/weights/part_0/Ftrl_1");
  CHECK(slot(NamingScheme::v1, CannedModel::dnn_linear_combined) == "linear/linear_model/a/weights/Ftrl_1");
  CHECK(slot(NamingScheme::v2, CannedModel::linear) == "training/Ftrl/linear/linear_model/a/weights/Ftrl_1");
  CHECK(with_names_of(NamingScheme::v1, adam(), CannedModel::linear).scalars[0].name == "linear/head/beta1_power");
  CHECK(with_names_of(NamingScheme::v1, adam(), CannedModel::dnn_linear_combined).scalars[0].name ==
        "head/beta1_power");
  CHECK(with_names_of(NamingScheme::v1, adam()).scalars[0].name == "dnn/head/beta1_power");
}

TEST_CASE("naming: a v1 checkpoint with Adam") {
  const std::vector<VariableInfo> variables = {{"dnn/logits/bias", {1}}, {"dnn/moving_mean", {1}, false}};
  std::vector<std::string> names;
  for (const auto& v : checkpoint_variables(NamingScheme::v1, optimizer_names(NamingScheme::v1, "Adam"), variables))
    names.push_back(v.name);
  CHECK(names == std::vector<std::string>{"dnn/head/beta1_power", "dnn/head/beta2_power", "dnn/logits/bias",
                                          "dnn/logits/bias/t_0/Adam", "dnn/logits/bias/t_0/Adam_1", "dnn/moving_mean",
                                          "global_step"});
}

TEST_CASE("naming: v2's slots start with training and the optimizer") {
  CHECK(slot_name(NamingScheme::v2, "Adagrad", "dnn/logits/bias", "accumulator") ==
        "training/Adagrad/dnn/logits/bias/accumulator");
  CHECK(slot_name(NamingScheme::v1, "Adagrad", "dnn/logits/bias", "Adagrad") == "dnn/logits/bias/t_0/Adagrad");
}

}  // namespace weft
