// A file's tensors as a model's: what the search found, renamed, turned and added up.
#include <weft/io/formats/match_search.h>
#include <weft/io/formats/match_tensors.h>
#include <weft/io/formats/number_conversion.h>
#include <weft/io/formats/tensor_sum.h>
#include <weft/io/formats/transposed_tensors.h>
#include <weft/io/formats/variable_names.h>

#include <map>
#include <set>

namespace weft {

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
  MatchedTensors matched{.tensors = renamed.tensors, .report = search_tensors(renamed, tensors, targets)};
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
