// Warm start: what to read is found and checked as a whole, then it is read.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <weft/core/error.h>
#include <weft/core/parallel.h>
#include <weft/estimator/vocab_remap.h>
#include <weft/estimator/warm_start.h>
#include <weft/io/checkpoint_names.h>
#include <weft/io/formats/open_tensors.h>

#include <algorithm>
#include <memory>
#include <regex>
#include <set>

namespace weft {

namespace {

using Patterns = std::vector<std::string>;

// An array to read, into a parameter's value or one of its slots.
struct Reading {
  Parameter* parameter;
  RowsView out;
  std::string array;  ///< in the checkpoint
  const VocabInfo* vocab = nullptr;
  std::shared_ptr<const VocabRemap> remap = {};  ///< the variable's and its slots'
  bool slot = false;
};

// Half numbers of other formats become float32 as they are; TensorFlow refuses double too.
bool is_float(TensorType type) {
  return type == TensorType::float32 || type == TensorType::float16 || type == TensorType::bfloat16;
}

std::vector<std::regex> compiled(const Patterns& patterns) {
  std::vector<std::regex> all;
  for (const std::string& pattern : patterns) {
    try {
      all.emplace_back(pattern);
    } catch (const std::regex_error& error) {
      throw ValueError(fmt::format(
          "[warm_start] vars_to_warm_start: '{}' is no regular expression: {}. Write '.*' for all variables.", pattern,
          error.what()));
    }
  }
  return all;
}

std::vector<Parameter*> chosen_parameters(const WarmStartSettings& settings, ParameterStore& params) {
  const auto* one = std::get_if<std::string>(&settings.vars_to_warm_start);
  const auto* list = std::get_if<Patterns>(&settings.vars_to_warm_start);
  const std::vector<std::regex> patterns = compiled(one ? Patterns{*one} : list ? *list : Patterns{});
  std::vector<Parameter*> chosen;
  for (Parameter& parameter : params) {
    const bool matches = std::ranges::any_of(patterns, [&](const std::regex& pattern) {
      return std::regex_search(parameter.name(), pattern, std::regex_constants::match_continuous);
    });
    const bool listed = !one && !list && settings.var_name_to_vocab_info.contains(parameter.name());
    if (listed || (matches && (list || parameter.trainable()))) chosen.push_back(&parameter);
  }
  return chosen;
}

// A name that settings give and no chosen variable has is a mistake that would otherwise go unnoticed.
template <class Map>
void check_used(const char* what, const Map& given, const std::vector<Parameter*>& chosen,
                const ParameterStore& params) {
  std::set<std::string_view> names;
  for (const Parameter* parameter : chosen) names.insert(parameter->name());
  for (const auto& [name, value] : given) {
    if (names.contains(name)) continue;
    std::vector<std::string> all;
    for (const Parameter& parameter : params) all.push_back(parameter.name());
    throw ValueError(fmt::format(
        "[warm_start] You provided the following variables in {} that were not used: got '{}', expected one of the "
        "variables that are warm-started, of: {}. Perhaps you misspelled it, or vars_to_warm_start leaves it out.",
        what, name, fmt::join(all, ", ")));
  }
}

class Plan {
 public:
  Plan(const NamedTensors& tensors, const WarmStartSettings& settings, const CheckpointNames& names)
      : tensors_(tensors), settings_(settings), names_(names) {}

  void add(Parameter& parameter) {
    const auto previous = settings_.var_name_to_prev_var_name.find(parameter.name());
    const bool renamed = previous != settings_.var_name_to_prev_var_name.end();
    const std::string array = renamed ? previous->second : parameter.name();
    Reading reading{.parameter = &parameter, .out = parameter.value(), .array = array};
    if (const auto info = settings_.var_name_to_vocab_info.find(parameter.name());
        info != settings_.var_name_to_vocab_info.end()) {
      reading.vocab = &info->second;
      reading.remap = std::make_shared<const VocabRemap>(info->second);
    }
    check_variable(reading);
    readings_.push_back(reading);
    if (settings_.slots) add_slots(reading);
  }

  const std::vector<Reading>& readings() const { return readings_; }

 private:
  void check_variable(const Reading& reading) const {
    const TensorInfo* found = tensors_.find(reading.array);
    const Parameter& parameter = *reading.parameter;
    if (!found) {
      std::vector<std::string> all;
      for (const TensorInfo& info : tensors_.tensors()) all.push_back(info.name);
      throw ValueError(fmt::format("[warm_start] Tensor {} is not found in {} checkpoint {{{}}}. Give one of these.",
                                   reading.array, settings_.ckpt_to_initialize_from, fmt::join(all, ", ")));
    }
    if (is_float(found->type) && fits(parameter.shape().extents(), *found, reading)) return;
    throw ValueError(fmt::format(
        "[warm_start] Shape of variable {}:0 (({}{})) doesn't match with shape of tensor {} ([{}]) from checkpoint "
        "reader: got {}, expected float32 of {}. Leave the variable out, or give a VocabInfo.",
        parameter.name(), fmt::join(parameter.shape().extents(), ", "), parameter.shape().rank() == 1 ? "," : "",
        reading.array, fmt::join(found->shape, ", "), to_string(found->type),
        reading.vocab ? "the vocabularies' sizes" : "the same shape"));
  }

  // Whether an array of the checkpoint can become one of `shape`, with its vocabulary if it has one.
  static bool fits(std::span<const int64_t> shape, const TensorInfo& old, const Reading& reading) {
    if (!reading.vocab) return std::ranges::equal(shape, old.shape);
    const auto axis = static_cast<size_t>(reading.vocab->axis);
    if (shape.size() != old.shape.size() || shape.size() > 2 || axis >= shape.size()) return false;
    for (size_t i = 0; i < shape.size(); ++i) {
      if (i != axis && shape[i] != old.shape[i]) return false;
    }
    return shape[axis] == reading.remap->new_extent() && old.shape[axis] >= reading.remap->old_extent();
  }

  // Of the slots that the checkpoint has, in whatever pattern: a linear or a combined model calls them otherwise.
  void add_slots(const Reading& variable) {
    for (size_t i = 0; i < variable.parameter->slot_count(); ++i) {
      const Parameter::Slot slot = variable.parameter->slot(i);
      const SlotNameParts parts{variable.array, slot.name, names_.optimizer};
      for (const std::string& array :
           {names_.slot_name(variable.array, slot.name), slot_array_name("{variable}/t_0/{slot}", parts),
            slot_array_name("{variable}/part_0/{slot}", parts), slot_array_name("{variable}/{slot}", parts)}) {
        const TensorInfo* found = tensors_.find(array);
        if (!found || !is_float(found->type) || !fits(slot.shape.extents(), *found, variable)) continue;
        Reading reading = variable;
        reading.out = slot.view;
        reading.array = array;
        reading.slot = true;
        readings_.push_back(std::move(reading));
        break;
      }
    }
  }

  const NamedTensors& tensors_;
  const WarmStartSettings& settings_;
  const CheckpointNames& names_;
  std::vector<Reading> readings_;
};

// The rows or columns of words that the old vocabulary has not. Slots are as the optimizer made them.
void initialize(const Reading& reading, uint64_t seed) {
  const Initializer initializer = reading.vocab->backup_initializer.value_or(zeros_initializer());
  const Parameter& parameter = *reading.parameter;
  const RandomStream stream{seed, stream_of(parameter.name())};
  const int64_t width = reading.out.width;
  for (int64_t row = 0; row < reading.out.rows; ++row) {
    initializer(reading.out.row(row), row * width, parameter.shape(), stream);
  }
}

void read(const NamedTensors& tensors, const Reading& reading, uint64_t seed) {
  if (!reading.remap) return tensors.read(reading.array, 0, reading.out);
  if (!reading.slot) initialize(reading, seed);
  // A vector's view is one row: its words are columns.
  const TensorInfo& old = *tensors.find(reading.array);
  if (reading.vocab->axis == 0 && reading.out.rows == reading.remap->new_extent()) {
    return reading.remap->read_rows(tensors, reading.array, reading.out);
  }
  reading.remap->read_columns(tensors, reading.array, old.shape.size() == 1 ? old.size() : old.width(), reading.out);
}

// The optimizer's scalars belong to all variables together.
void read_scalars(const NamedTensors& tensors, ParameterStore& params, std::vector<std::string>& arrays) {
  const auto scalars = params.scalars();
  for (const auto& [name, value] : scalars) {
    const TensorInfo* found = tensors.find(name);
    if (!found || !is_float(found->type) || found->size() != 1) continue;
    params.scalar(name, value) = tensors.read_floats(name)[0];
    arrays.push_back(name);
  }
}

}  // namespace

std::vector<std::string> warm_start(const WarmStartSettings& settings, ParameterStore& params,
                                    const CheckpointNames& names) {
  std::vector<Parameter*> chosen = chosen_parameters(settings, params);
  check_used("var_name_to_prev_var_name", settings.var_name_to_prev_var_name, chosen, params);
  check_used("var_name_to_vocab_info", settings.var_name_to_vocab_info, chosen, params);
  const NamedTensors tensors = open_tensors(settings.ckpt_to_initialize_from);
  Plan plan(tensors, settings, names);
  // By name, as TensorFlow goes: the first that does not fit is the one that is told.
  std::ranges::sort(chosen, {}, [](const Parameter* parameter) { return parameter->name(); });
  for (Parameter* parameter : chosen) plan.add(*parameter);
  std::vector<std::string> arrays;
  for (const Reading& reading : plan.readings()) {
    read(tensors, reading, params.seed());
    arrays.push_back(reading.array);
  }
  const auto trainable = std::ranges::count_if(params, [](const Parameter& p) { return p.trainable(); });
  if (settings.slots && std::ssize(chosen) >= trainable) read_scalars(tensors, params, arrays);
  return arrays;
}

}  // namespace weft
