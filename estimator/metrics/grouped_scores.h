// GroupedScores: labels and scores by group (a user, a query, a session), for metrics within groups.
#pragma once
#include <weft/core/features.h>
#include <weft/estimator/metrics/metric_state.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace weft {

/// One example of a group.
struct GroupedScore {
  uint64_t group = 0;
  float score = 0.0f;
  float label = 0.0f;
  float weight = 1.0f;
};

/// Collects the examples of all groups, in any order; 24 bytes each.
class GroupedScores {
 public:
  /// One group, label and score an example; `weights` [n] or empty. Throws ValueError as check_examples.
  void add(std::span<const uint64_t> groups, std::span<const float> labels, std::span<const float> scores,
           std::span<const float> weights = {});
  size_t size() const { return examples_.size(); }
  /// The examples by group, within one from the highest score down: the same order however they were added.
  std::vector<GroupedScore> sorted() const;

  void merge(const GroupedScores& other);
  void save(MetricState& state, const std::string& name) const;
  void restore(const MetricState& state, const std::string& name);

 private:
  std::vector<GroupedScore> examples_;
};

/// The group of each of `batch` examples from a feature with one value an example: an integer itself, a string's
/// fingerprint64. Throws ValueError for floats and for more or less than one value an example.
void read_groups(const Feature& feature, int64_t batch, std::vector<uint64_t>& out);

/// What a group counts for in a mean over groups: the weights of its examples, those of its positive ones (clicks), or
/// every group the same.
enum class GroupWeighting { impressions, clicks, equal };

/// A metric of one group. The values of many are means and intervals: see mean_of and bootstrap_mean.
struct GroupValue {
  uint64_t group = 0;
  double value = 0.0;
  double weight = 0.0;
};

/// f(examples of a group, from the highest score down) of every group, in the order of the groups; groups for which it
/// gives NaN are left out. f is called by several threads at once; the values are the same for any number of them.
std::vector<GroupValue> values_by_group(const GroupedScores& scores, GroupWeighting weighting,
                                        const std::function<double(std::span<const GroupedScore>)>& f);

/// The weighted mean; NaN without groups (or weights).
double mean_of(std::span<const GroupValue> values);

/// The area under the ROC curve of every group that has positives and negatives (as ExactAuc).
std::vector<GroupValue> group_aucs(const GroupedScores& scores, GroupWeighting weighting = GroupWeighting::impressions);

/// GAUC: mean_of(group_aucs(...)) (Zhu et al., "Optimized cost per click in Taobao display advertising", KDD 2017).
double grouped_auc(const GroupedScores& scores, GroupWeighting weighting = GroupWeighting::impressions);

}  // namespace weft
