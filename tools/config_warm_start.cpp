// The warm start of a configuration: a checkpoint, and which variables follow it how.
#include "config_initializer.h"
#include "config_run.h"

#include <fmt/format.h>

using namespace weft;

namespace {

VocabInfo read_vocabulary(Section& section) {
  VocabInfo info;
  section.require("new_vocab", info.new_vocab);
  section.get("new_vocab_size", info.new_vocab_size);
  section.get("num_oov_buckets", info.num_oov_buckets);
  section.require("old_vocab", info.old_vocab);
  section.get("old_vocab_size", info.old_vocab_size);
  section.get("axis", info.axis);
  info.backup_initializer = read_initializer(section, "backup_initializer");
  section.finish("a vocabulary of warm_start");
  return info;
}

/// An expression, or a list of them.
void read_variables(Section& section, WarmStartSettings& settings) {
  constexpr const char* kKey = "vars_to_warm_start";
  const ConfigJson* json = section.find(kKey);
  if (json == nullptr) return;
  std::vector<std::string> list;
  if (json->is_string()) {
    settings.vars_to_warm_start = json->get<std::string>();
  } else if (section.get(kKey, list)) {
    settings.vars_to_warm_start = list;
  }
}

/// The entries of an object whose keys are variables' names.
template <class Each>
void for_each_variable(Section& section, const char* key, Each&& each) {
  const ConfigJson* json = section.find(key);
  if (json == nullptr) return;
  if (!json->is_object()) {
    section.fail(key, fmt::format("got {}, expected an object with variables' names as keys", value_text(*json)));
    return;
  }
  for (const auto& [name, value] : json->items()) each(name, value);
}

}  // namespace

WarmStartSettings read_warm_start(Section& run) {
  WarmStartSettings settings;
  const ConfigJson* json = run.find("warm_start");
  if (json == nullptr) return settings;
  if (json->is_string()) {
    settings.ckpt_to_initialize_from = json->get<std::string>();
    return settings;
  }
  Section section(*json, run.path("warm_start"), run.errors());
  section.require("ckpt_to_initialize_from", settings.ckpt_to_initialize_from);
  read_variables(section, settings);
  section.get("slots", settings.slots);
  for_each_variable(section, "var_name_to_prev_var_name", [&](const std::string& name, const ConfigJson& value) {
    std::string& previous = settings.var_name_to_prev_var_name[name];
    if (!config_detail::read(value, previous)) {
      section.fail(
          "var_name_to_prev_var_name",
          fmt::format("got {} for '{}', expected a variable's name in the checkpoint", value_text(value), name));
    }
  });
  for_each_variable(section, "var_name_to_vocab_info", [&](const std::string& name, const ConfigJson& value) {
    Section part(value, section.path("var_name_to_vocab_info") + "." + name, section.errors());
    settings.var_name_to_vocab_info.emplace(name, read_vocabulary(part));
  });
  section.finish("warm_start");
  return settings;
}
