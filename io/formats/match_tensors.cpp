// The search for each target's tensor, from the surest way to the least sure one.
#include <weft/io/formats/match_tensors.h>
#include <weft/io/formats/number_conversion.h>
#include <weft/io/formats/tensor_sum.h>
#include <weft/io/formats/transposed_tensors.h>
#include <weft/io/formats/variable_names.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace weft {
namespace {

// The name under which a variable, or a slot of it, is looked for.
std::string key_of(const std::string& variable, const std::string& slot) {
  return slot.empty() ? variable : variable + "\n" + slot;
}

std::string key_of(const TensorTarget& target) {
  if (!target.slot.empty()) return key_of(variable_name(target.slot_of).variable, slot_role(target.slot));
  const VariableName name = variable_name(target.name);
  return key_of(name.variable, name.slot);
}

// PyTorch's Linear has its matrix as [units, inputs], and calls it weight.
bool named_weight(const std::string& name) {
  const size_t end = name.find_last_of("./");
  return name.substr(end == std::string::npos ? 0 : end + 1) == "weight";
}

/// A tensor of the file after the user's rules.
struct Source {
  std::string name;  ///< after the rules
  std::string from;  ///< in the file
  TensorType type;
  std::vector<int64_t> shape;
  bool turned = false;  ///< by a rule
  bool used = false;

  bool fits(const TensorTarget& target, bool transposed) const {
    if (!transposed) return shape == target.shape;
    return shape.size() == 2 && target.shape.size() == 2 && shape[0] == target.shape[1] && shape[1] == target.shape[0];
  }
};

/// A source that may be a target's, and how.
struct Candidate {
  size_t source;
  bool transposed;
};

class Search {
 public:
  Search(const RenamedTensors& renamed, const NamedTensors& file, const std::vector<TensorTarget>& targets)
      : targets_(targets), found_(targets.size()) {
    for (const RenamedTensor& name : renamed.names) {
      if (name.to.empty()) {
        report_.left_out.push_back(name.from);
        continue;
      }
      const TensorInfo& info = *renamed.tensors.find(name.to);
      sources_.push_back({name.to, name.from, file.find(name.from)->type, info.shape, name.transposed});
    }
    report_.unused_rules = renamed.unused_rules;
  }

  NameReport run() {
    by_equal_names();
    by_what_names_say();
    by_order_of_layers();
    return finish();
  }

 private:
  bool is_open(size_t target) const { return !found_[target] && !closed_.contains(target); }

  void take(size_t target, const Candidate& candidate) {
    found_[target] = candidate;
    sources_[candidate.source].used = true;
  }

  void by_equal_names() {
    std::map<std::string_view, size_t> by_name;
    for (size_t i = 0; i < sources_.size(); ++i) by_name[sources_[i].name] = i;
    for (size_t t = 0; t < targets_.size(); ++t) {
      const auto same = by_name.find(targets_[t].name);
      if (same == by_name.end()) continue;
      // A rule may have given a PyTorch matrix the name of a kernel.
      const Source& source = sources_[same->second];
      const bool turn = !source.turned && targets_[t].name.ends_with("kernel") && named_weight(source.from);
      take(t, {same->second, turn && source.shape.size() == 2});
    }
  }

  void by_what_names_say() {
    std::map<std::string, std::vector<Candidate>> by_key;
    std::map<std::string, std::vector<size_t>> later_parts;
    for (size_t i = 0; i < sources_.size(); ++i) {
      const Source& source = sources_[i];
      const VariableName name = variable_name(source.name);
      if (name.part > 0) later_parts[key_of(name.variable, name.slot)].push_back(i);
      if (source.used || name.part > 0) continue;
      for (const NameReading& reading : name_readings(name.variable, source.shape.size())) {
        by_key[key_of(reading.variable, name.slot)].push_back({i, reading.transposed && !source.turned});
      }
    }
    std::map<std::string, int> wanted;
    for (size_t t = 0; t < targets_.size(); ++t) ++wanted[key_of(targets_[t])];
    for (size_t t = 0; t < targets_.size(); ++t) {
      const std::string key = key_of(targets_[t]);
      if (is_open(t) && wanted[key] == 1) choose(t, by_key[key]);
      if (!found_[t] || targets_[t].slot.empty()) continue;
      for (const size_t part : later_parts[key]) add_part(t, part);
    }
  }

  // The candidate for a target: the only one, or the only one of its shape.
  void choose(size_t target, std::vector<Candidate> candidates) {
    std::erase_if(candidates, [&](const Candidate& c) { return sources_[c.source].used; });
    std::vector<Candidate> fitting = candidates;
    std::erase_if(fitting,
                  [&](const Candidate& c) { return !sources_[c.source].fits(targets_[target], c.transposed); });
    const std::vector<Candidate>& best = fitting.empty() ? candidates : fitting;
    if (best.size() == 1) return take(target, best[0]);
    if (best.empty()) return;
    closed_.insert(target);
    NameReport::Ambiguous ambiguous{targets_[target].name, {}};
    for (const Candidate& candidate : best) ambiguous.candidates.push_back(sources_[candidate.source].from);
    report_.ambiguous.push_back(std::move(ambiguous));
  }

  void add_part(size_t target, size_t source) {
    if (sources_[source].used || sources_[source].shape != targets_[target].shape) return;
    sources_[source].used = true;
    parts_[target].push_back(sources_[source].from);
  }

  // A layer that is left: where its kernel is, what it is called.
  struct Layer {
    std::string name;
    size_t kernel;
    bool transposed = false;
  };

  std::vector<Layer> open_layers() const {
    std::vector<Layer> layers;
    for (size_t t = 0; t < targets_.size(); ++t) {
      const std::string key = key_of(targets_[t]);
      if (!is_open(t) || targets_[t].state || targets_[t].shape.size() != 2 || !key.ends_with("/kernel")) continue;
      layers.push_back({key.substr(0, key.size() - 7), t});
    }
    return layers;
  }

  std::vector<Layer> layers_left() const {
    std::vector<Layer> layers;
    for (size_t i = 0; i < sources_.size(); ++i) {
      const Source& source = sources_[i];
      if (source.used || source.shape.size() != 2 || is_training_state(source.name)) continue;
      for (const NameReading& reading : name_readings(variable_name(source.name).variable, 2)) {
        if (!reading.variable.ends_with("/kernel")) continue;
        layers.push_back(
            {reading.variable.substr(0, reading.variable.size() - 7), i, reading.transposed && !source.turned});
      }
    }
    return layers;
  }

  // Any table that is left over may look like a kernel of PyTorch's: the layers are those that have biases, if that
  // makes as many as are open.
  void by_order_of_layers() {
    std::vector<Layer> open = open_layers(), left = layers_left();
    if (left.size() > open.size()) std::erase_if(left, [&](const Layer& layer) { return !bias_of(layer.name); });
    const auto before = [](const Layer& a, const Layer& b) { return layer_before(a.name, b.name); };
    std::ranges::sort(open, before);
    std::ranges::sort(left, before);
    if (open.size() != left.size()) return;
    for (size_t i = 0; i < open.size(); ++i) {
      if (!sources_[left[i].kernel].fits(targets_[open[i].kernel], left[i].transposed)) return;
    }
    for (size_t i = 0; i < open.size(); ++i) {
      take(open[i].kernel, {left[i].kernel, left[i].transposed});
      take_bias(open[i].name, left[i].name);
    }
  }

  std::optional<size_t> bias_of(const std::string& layer) const {
    for (size_t i = 0; i < sources_.size(); ++i) {
      if (sources_[i].used || is_training_state(sources_[i].name)) continue;
      for (const NameReading& reading :
           name_readings(variable_name(sources_[i].name).variable, sources_[i].shape.size())) {
        if (reading.variable == layer + "/bias") return i;
      }
    }
    return std::nullopt;
  }

  void take_bias(const std::string& open, const std::string& layer) {
    const auto source = bias_of(layer);
    for (size_t t = 0; t < targets_.size(); ++t) {
      if (source && is_open(t) && key_of(targets_[t]) == open + "/bias") return take(t, {*source, false});
    }
  }

  // One target's line of the report.
  void tell(size_t t) {
    const TensorTarget& target = targets_[t];
    if (!found_[t]) {
      if (!closed_.contains(t)) (target.state ? report_.missing_state : report_.missing).push_back(target.name);
      return;
    }
    const Source& source = sources_[found_[t]->source];
    const bool right_type = target.type == TensorType::float32 ? is_float(source.type) : is_integer(source.type);
    if (!right_type) {
      report_.wrong_type.push_back({source.from, target.name, source.type});
    } else if (!source.fits(target, found_[t]->transposed)) {
      report_.mis_shaped.push_back({source.from, target.name, source.shape, target.shape});
    } else {
      report_.loaded.push_back({source.from, target.name, found_[t]->transposed || source.turned, parts_[t]});
    }
  }

  NameReport finish() {
    for (size_t t = 0; t < targets_.size(); ++t) tell(t);
    std::set<std::string> told;
    for (const auto& one : report_.ambiguous) told.insert(one.candidates.begin(), one.candidates.end());
    for (const Source& source : sources_) {
      if (source.used || told.contains(source.from)) continue;
      (is_training_state(source.name) ? report_.surplus_state : report_.surplus).push_back(source.from);
    }
    return std::move(report_);
  }

  const std::vector<TensorTarget>& targets_;
  std::vector<Source> sources_;
  std::vector<std::optional<Candidate>> found_;
  std::set<size_t> closed_;  ///< ambiguous
  std::map<size_t, std::vector<std::string>> parts_;
  NameReport report_;
};

}  // namespace

std::vector<TensorTarget> tensor_targets(const NamedTensors& like) {
  std::vector<TensorTarget> targets;
  for (const TensorInfo& info : like.tensors()) {
    if (size_of(info.type) == 0) continue;
    targets.push_back({.name = info.name,
                       .shape = info.shape,
                       .type = is_integer(info.type) ? TensorType::int64 : TensorType::float32,
                       .state = is_training_state(info.name)});
  }
  return targets;
}

MatchedTensors match_tensors(const NamedTensors& tensors, const std::vector<TensorTarget>& targets,
                             const NameRules& rules) {
  const RenamedTensors renamed = apply(rules, tensors);
  MatchedTensors matched{.tensors = renamed.tensors, .report = Search(renamed, tensors, targets).run()};
  std::map<std::string, std::string> to_of, now;
  std::set<std::string> turned_by_rule, turned;
  for (const RenamedTensor& name : renamed.names) {
    now[name.from] = name.to;
    if (name.transposed) turned_by_rule.insert(name.from);
  }
  std::map<std::string, std::vector<std::string>> parts;
  for (const NameReport::Loaded& one : matched.report.loaded) {
    to_of[now.at(one.from)] = one.to;
    if (one.transposed && !turned_by_rule.contains(one.from)) turned.insert(now.at(one.from));
    if (!one.more_parts.empty()) parts[one.to] = one.more_parts;
  }
  matched.tensors = transposed(matched.tensors, turned).renamed([&](const std::string& name) {
    const auto found = to_of.find(name);
    return found == to_of.end() ? std::string() : found->second;
  });
  matched.tensors = with_sums(matched.tensors, tensors, parts);
  return matched;
}

}  // namespace weft
