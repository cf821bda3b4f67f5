// Metrics: the answer of an evaluation, numbers by name.
#pragma once
#include <cstddef>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>

namespace weft {

/// Which definitions the metrics follow: tf.compat.v1.metrics (the v1 estimators) or tf.keras.metrics (the v2 ones).
/// They differ in the areas under curves and in what happens when there is nothing to divide by.
enum class MetricDefinitions { v1, keras };

/// Numbers by name, in ASCII order of the names.
class Metrics {
 public:
  void set(std::string_view name, double value) { values_.insert_or_assign(std::string(name), value); }
  /// Throws ValueError with the names there are.
  double operator[](std::string_view name) const;
  bool contains(std::string_view name) const { return values_.find(name) != values_.end(); }
  size_t size() const { return values_.size(); }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }

  /// What the evaluation was called; printed before the numbers if it is not empty.
  std::string evaluation;

 private:
  std::map<std::string, double, std::less<>> values_;
};

/// "accuracy = 0.7265, auc = 0.8012, ..."
std::string to_string(const Metrics& metrics);
std::ostream& operator<<(std::ostream& out, const Metrics& metrics);

}  // namespace weft
