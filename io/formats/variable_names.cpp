// Names taken apart: ends off, slot off, scopes off.
#include <doctest/doctest.h>
#include <weft/io/formats/variable_names.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <span>
#include <utility>

namespace weft {
namespace {

using Parts = std::vector<std::string>;
using Names = std::span<const std::string_view>;

// v1's slots, which it numbers, and what v2 calls them. RMSProp's further ones depend on its arguments.
constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kSlots = {{
    {"Adagrad", "accumulator"},
    {"ProximalAdagrad", "accumulator"},
    {"AdagradDA", "gradient_accumulator"},
    {"AdagradDA_1", "gradient_squared_accumulator"},
    {"Adadelta", "accum_grad"},
    {"Adadelta_1", "accum_var"},
    {"Momentum", "momentum"},
    {"Ftrl", "accumulator"},
    {"Ftrl_1", "linear"},
    {"RMSProp", "rms"},
    {"RMSProp_1", "RMSProp_1"},
    {"RMSProp_2", "RMSProp_2"},
    {"Adam", "m"},
    {"Adam_1", "v"},
    {"Adam_2", "vhat"},
}};
constexpr std::array<std::string_view, 11> kRoles = {"accumulator", "linear", "momentum",   "rms",       "mg",      "m",
                                                     "v",           "vhat",   "accum_grad", "accum_var", "velocity"};
constexpr std::array<std::string_view, 10> kOptimizers = {"SGD",  "Adagrad", "Adadelta", "Ftrl",  "RMSprop",
                                                          "Adam", "RMSProp", "Adamax",   "Nadam", "AdamW"};
// Scopes that hold a whole model, and those that hold the tables of its columns.
constexpr std::array<std::string_view, 7> kWrappers = {"model_weights", "module",           "_orig_mod", "model",
                                                       "state_dict",    "model_state_dict", "layers"};
constexpr std::array<std::string_view, 3> kInputLayers = {"input_layer", "dense_features", "sequence_input_layer"};
constexpr std::array<std::string_view, 8> kLastLayers = {"logits",     "output", "outputs",     "out",
                                                         "classifier", "head",   "predictions", "prediction"};

bool is_in(Names names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() < 10 &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c); });
}

std::string_view without_end(std::string_view name, std::string_view end) {
  return name.ends_with(end) ? name.substr(0, name.size() - end.size()) : name;
}

std::string_view without_ends(std::string_view name) {
  name = without_end(name, "/.ATTRIBUTES/VARIABLE_VALUE");
  const size_t colon = name.rfind(':');
  return colon != std::string_view::npos && is_number(name.substr(colon + 1)) ? name.substr(0, colon) : name;
}

Parts split(std::string_view name) {
  Parts parts(1);
  for (const char c : name) {
    if (c != '/') {
      parts.back() += c;
    } else if (!parts.back().empty()) {
      parts.emplace_back();
    }
  }
  if (parts.size() > 1 && parts.back().empty()) parts.pop_back();
  return parts;
}

std::string joined(const Parts& parts) {
  std::string name;
  for (const std::string& part : parts) name += (name.empty() ? "" : "/") + part;
  return name;
}

// "t_3" or "part_3": 3.
std::optional<size_t> part_number(std::string_view text) {
  for (const std::string_view start : {"t_", "part_"}) {
    if (text.starts_with(start) && is_number(text.substr(start.size()))) {
      return std::stoul(std::string(text.substr(start.size())));
    }
  }
  return std::nullopt;
}

// Takes the slot off the parts, if they are a slot's.
std::string take_slot(Parts& parts, size_t& part) {
  const std::string last = parts.back();
  const auto marker = std::ranges::find(parts, ".OPTIMIZER_SLOT");
  if (marker != parts.begin() && marker != parts.end() && marker + 2 < parts.end()) {
    parts.erase(marker, parts.end());
    return last;
  }
  const std::string role = slot_role(last);
  const bool known = std::ranges::any_of(kSlots, [&](const auto& slot) { return slot.first == last; });
  const size_t scope = parts[0] == "training" || parts[0] == "optimizer_weights" ? 1 : 0;
  const bool in_optimizer = scope == 1 || is_in(kOptimizers, parts[0]);
  if (parts.size() > scope + 2 && in_optimizer && (known || is_in(kRoles, last))) {
    parts.pop_back();
    parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(scope) + 1);
    return role;
  }
  if (!known || parts.size() < 2) return {};
  parts.pop_back();
  if (const auto number = part_number(parts.back()); number && parts.size() > 1) {
    part = *number;
    parts.pop_back();
  }
  return role;
}

bool is_input_layer(std::string_view part) {
  return std::ranges::any_of(kInputLayers, [&](std::string_view name) {
    if (!part.starts_with(name)) return false;
    const std::string_view rest = part.substr(name.size());
    return rest.empty() || (rest[0] == '_' && is_number(rest.substr(1)));
  });
}

void take_scopes(Parts& parts) {
  const auto drop_first = [&](size_t count) {
    parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(count));
  };
  while (parts.size() > 1 && is_in(kWrappers, parts[0])) drop_first(1);
  if (parts.size() > 2 && parts[0] == "dnn" && parts[1] == "input_from_feature_columns") drop_first(2);
  if (parts.size() > 1 && is_input_layer(parts[0])) drop_first(1);
  if (parts.size() > 2 && (parts[0] == "dnn" || parts[0] == "linear") && parts[1] == "head") drop_first(1);
  if (parts.size() > 1 && parts[0] == "head" && parts[1].starts_with("beta")) drop_first(1);
  if (parts.size() > 1 && (parts.back() == "embedding_weights" || parts.back() == "embeddings")) parts.pop_back();
  // Keras' files have a layer's group and then the variable's whole name.
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
}

}  // namespace

std::string slot_role(std::string_view slot) {
  for (const auto& [name, role] : kSlots) {
    if (name == slot) return std::string(role);
  }
  return std::string(slot);
}

VariableName variable_name(std::string_view name) {
  VariableName result;
  Parts parts = split(without_ends(name));
  result.slot = take_slot(parts, result.part);
  std::string rest = joined(parts);
  std::ranges::replace(rest, '.', '/');
  parts = split(rest);
  take_scopes(parts);
  result.variable = joined(parts);
  return result;
}

std::vector<NameReading> name_readings(const std::string& variable, size_t rank) {
  const size_t slash = variable.rfind('/');
  const std::string leaf = variable.substr(slash + 1);
  const std::string layer = slash == std::string::npos ? "" : variable.substr(0, slash);
  const auto of_layer = [&](const char* name) { return layer.empty() ? name : layer + "/" + name; };
  std::vector<NameReading> readings = {{variable}};
  const auto add = [&](std::string name, bool transposed = false) {
    if (!name.empty()) readings.push_back({std::move(name), transposed});
  };
  if (leaf == "weight" && rank == 2) add(of_layer("kernel"), true), add(layer);
  if (leaf == "weight" && rank == 1) add(of_layer("gamma"));
  if (leaf == "bias") add(of_layer("beta"));
  if (leaf == "running_mean") add(of_layer("moving_mean"));
  if (leaf == "running_var") add(of_layer("moving_variance"));
  if (!layer.ends_with("/vars")) return readings;
  const std::string owner = layer.substr(0, layer.size() - 5);
  if (leaf == "0" && rank == 2) add(owner + "/kernel"), add(owner);
  if (leaf == "0" && rank == 1) add(owner + "/gamma");
  if (leaf == "1" && rank == 1) add(owner + "/bias"), add(owner + "/beta");
  if (leaf == "2" && rank == 1) add(owner + "/moving_mean");
  if (leaf == "3" && rank == 1) add(owner + "/moving_variance");
  return readings;
}

bool is_training_state(std::string_view name) {
  if (!variable_name(name).slot.empty()) return true;
  const Parts parts = split(without_ends(name));
  std::string first = parts[0];
  first.resize(std::min(first.find('.'), first.size()));
  constexpr std::array<std::string_view, 8> kState = {"training",     "optimizer",   "optimizer_weights", "weft",
                                                      "save_counter", "global_step", "metrics",           "iterations"};
  constexpr std::array<std::string_view, 3> kPowers = {"beta1_power", "beta2_power", "_CHECKPOINTABLE_OBJECT_GRAPH"};
  return is_in(kState, first) || is_in(kPowers, parts.back()) || (parts.size() == 2 && is_in(kOptimizers, first));
}

bool layer_before(std::string_view a, std::string_view b) {
  const auto is_last = [](std::string_view name) {
    return is_in(kLastLayers, name.substr(name.find_last_of('/') + 1));
  };
  if (is_last(a) != is_last(b)) return is_last(b);
  // Runs of digits as numbers: without leading zeros the longer one is the larger.
  size_t i = 0, j = 0;
  const auto digits = [](std::string_view text, size_t& at) {
    while (at + 1 < text.size() && text[at] == '0' && std::isdigit(static_cast<unsigned char>(text[at + 1]))) ++at;
    const size_t first = at;
    while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at]))) ++at;
    return text.substr(first, at - first);
  };
  while (i < a.size() && j < b.size()) {
    if (std::isdigit(static_cast<unsigned char>(a[i])) && std::isdigit(static_cast<unsigned char>(b[j]))) {
      const std::string_view x = digits(a, i), y = digits(b, j);
      if (x != y) return x.size() != y.size() ? x.size() < y.size() : x < y;
    } else if (a[i] != b[j]) {
      return a[i] < b[j];
    } else {
      ++i, ++j;
    }
  }
  return a.size() - i < b.size() - j;
}

TEST_CASE("variable names: the same variable in TensorFlow 1, 2, Keras and PyTorch") {
  for (const char* name : {"dnn/input_from_feature_columns/input_layer/a_b_shared_embedding/embedding_weights",
                           "dnn/input_from_feature_columns/a_b_shared_embedding", "a_b_shared_embedding",
                           "input_layer/a_b_shared_embedding/embedding_weights", "model.a_b_shared_embedding",
                           "dense_features_2/a_b_shared_embedding/embedding_weights:0",
                           "a_b_shared_embedding/a_b_shared_embedding/embeddings:0"}) {
    CAPTURE(name);
    CHECK(variable_name(name) == VariableName{.variable = "a_b_shared_embedding"});
  }
  CHECK(variable_name("dense/dense/kernel:0").variable == "dense/kernel");
  CHECK(variable_name("model/dense/kernel/.ATTRIBUTES/VARIABLE_VALUE").variable == "dense/kernel");
  CHECK(variable_name("dnn/hiddenlayer_0/kernel").variable == "dnn/hiddenlayer_0/kernel");
  for (const char* name : {"", "/", "//", "model", ":0", "training", "Adam", "a/", "t_0/Adam", ".OPTIMIZER_SLOT/a/b"}) {
    CHECK_NOTHROW(variable_name(name));
  }
}

TEST_CASE("variable names: slots, whoever wrote them") {
  const VariableName first = {.variable = "dnn/logits/bias", .slot = "accumulator"};
  for (const char* name :
       {"dnn/logits/bias/t_0/Adagrad", "dnn/logits/bias/Adagrad", "dnn/logits/bias/part_0/Ftrl",
        "training/Adagrad/dnn/logits/bias/accumulator",
        "dnn/logits/bias/.OPTIMIZER_SLOT/optimizer/accumulator/.ATTRIBUTES/VARIABLE_VALUE",
        "optimizer_weights/Adagrad/dnn/logits/bias/accumulator:0", "Adagrad/dnn/logits/bias/accumulator:0"}) {
    CAPTURE(name);
    CHECK(variable_name(name) == first);
    CHECK(is_training_state(name));
  }
  CHECK(variable_name("x/t_12/Adam_1") == VariableName{.variable = "x", .slot = "v", .part = 12});
  CHECK(variable_name("linear/momentum").slot.empty());
  for (const char* name : {"global_step", "training/Adagrad/learning_rate", "optimizer.state.0.sum",
                           "dnn/head/beta1_power", "Adam/iter:0", "weft/input_position"}) {
    CHECK(is_training_state(name));
  }
  CHECK_FALSE(is_training_state("dnn/logits/bias"));
}

TEST_CASE("variable names: what a name without a meaning of its own may be") {
  const auto read = [](const char* name, size_t rank) {
    std::string all;
    for (const NameReading& reading : name_readings(name, rank)) {
      all += reading.variable + (reading.transposed ? "^T " : " ");
    }
    return all;
  };
  CHECK(read("fc/weight", 2) == "fc/weight fc/kernel^T fc ");
  CHECK(read("weight", 2) == "weight kernel^T ");
  CHECK(read("bn/weight", 1) == "bn/weight bn/gamma ");
  CHECK(read("dense/vars/0", 2) == "dense/vars/0 dense/kernel dense ");
  CHECK(read("bn/vars/3", 1) == "bn/vars/3 bn/moving_variance ");
  CHECK(read("x/kernel", 2) == "x/kernel ");
}

TEST_CASE("variable names: layers are in the order of their numbers, the logits last") {
  std::vector<std::string> layers = {"head", "dense_10", "dense", "dense_2", "fc007", "fc8", "dense_1"};
  std::ranges::sort(layers, layer_before);
  CHECK(layers == std::vector<std::string>{"dense", "dense_1", "dense_2", "dense_10", "fc007", "fc8", "head"});
  CHECK_FALSE(layer_before("a1", "a1"));
}

}  // namespace weft
