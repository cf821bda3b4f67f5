// The search for each target's tensor, from the surest way to the least sure one.
#include <weft/io/formats/match_search.h>
#include <weft/io/formats/number_conversion.h>
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

/// A key that a target may have; `transposed`: then its matrix is [units, inputs].
struct Key {
  std::string key;
  bool transposed = false;
};

// The likeliest first. A bias is only that: as a shift it would take another layer's place.
std::vector<Key> keys_of(const TensorTarget& target) {
  if (!target.slot.empty()) return {{key_of(variable_name(target.slot_of).variable, slot_role(target.slot))}};
  const VariableName name = variable_name(target.name);
  if (name.variable.ends_with("bias")) return {{key_of(name.variable, name.slot)}};
  std::vector<Key> keys;
  for (const NameReading& reading : name_readings(name.variable, target.shape.size())) {
    keys.push_back({key_of(reading.variable, name.slot), reading.transposed});
  }
  return keys;
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
    for (const TensorTarget& target : targets) keys_.push_back(keys_of(target));
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
    for (const auto& keys : keys_) {
      for (const Key& key : keys) ++wanted[key.key];
    }
    for (size_t t = 0; t < targets_.size(); ++t) {
      std::vector<Candidate> candidates;
      for (const Key& key : keys_[t]) {
        if (!is_open(t) || wanted[key.key] != 1) continue;
        for (const Candidate& one : by_key[key.key]) add(candidates, {one.source, one.transposed != key.transposed});
      }
      choose(t, std::move(candidates));
      if (!found_[t] || targets_[t].slot.empty()) continue;
      for (const size_t part : later_parts[keys_[t][0].key]) add_part(t, part);
    }
  }

  static void add(std::vector<Candidate>& candidates, const Candidate& one) {
    const bool there = std::ranges::any_of(candidates, [&](const Candidate& other) {
      return other.source == one.source && other.transposed == one.transposed;
    });
    if (!there) candidates.push_back(one);
  }

  // The candidate for a target: the only one, or the only one of its shape.
  void choose(size_t target, std::vector<Candidate> candidates) {
    std::erase_if(candidates, [&](const Candidate& c) { return sources_[c.source].used; });
    std::vector<Candidate> fitting = candidates;
    std::erase_if(fitting,
                  [&](const Candidate& c) { return !sources_[c.source].fits(targets_[target], c.transposed); });
    std::vector<Candidate>& best = fitting.empty() ? candidates : fitting;
    // A square matrix may be taken either way: as its likeliest reading has it.
    if (std::ranges::all_of(best, [&](const Candidate& c) { return c.source == best[0].source; }) && !best.empty()) {
      best.resize(1, best[0]);
    }
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
      if (!is_open(t) || targets_[t].state || targets_[t].shape.size() != 2) continue;
      for (const Key& key : keys_[t]) {
        if (key.key.ends_with("/kernel")) layers.push_back({key.key.substr(0, key.key.size() - 7), t, key.transposed});
      }
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
    if (open.size() > left.size()) std::erase_if(open, [&](const Layer& layer) { return !open_bias(layer.name); });
    const auto before = [](const Layer& a, const Layer& b) { return layer_before(a.name, b.name); };
    std::ranges::sort(open, before);
    std::ranges::sort(left, before);
    if (open.size() != left.size()) return;
    for (size_t i = 0; i < open.size(); ++i) {
      if (!sources_[left[i].kernel].fits(targets_[open[i].kernel], left[i].transposed != open[i].transposed)) return;
    }
    for (size_t i = 0; i < open.size(); ++i) {
      take(open[i].kernel, {left[i].kernel, left[i].transposed != open[i].transposed});
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

  std::optional<size_t> open_bias(const std::string& layer) const {
    for (size_t t = 0; t < targets_.size(); ++t) {
      const auto is_bias = [&](const Key& key) { return key.key == layer + "/bias"; };
      if (is_open(t) && std::ranges::any_of(keys_[t], is_bias)) return t;
    }
    return std::nullopt;
  }

  void take_bias(const std::string& open, const std::string& layer) {
    const auto source = bias_of(layer), target = open_bias(open);
    if (source && target) take(*target, {*source, false});
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
  std::vector<std::vector<Key>> keys_;  ///< of each target
  std::vector<Source> sources_;
  std::vector<std::optional<Candidate>> found_;
  std::set<size_t> closed_;  ///< ambiguous
  std::map<size_t, std::vector<std::string>> parts_;
  NameReport report_;
};

}  // namespace

NameReport search_tensors(const RenamedTensors& renamed, const NamedTensors& file,
                          const std::vector<TensorTarget>& targets) {
  return Search(renamed, file, targets).run();
}

}  // namespace weft
