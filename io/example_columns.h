// From a specification to columns and composites: what each feature reads, checked by TensorFlow's rules.
#pragma once
#include <weft/io/example_plan.h>

#include <utility>
#include <vector>

namespace weft {

/// The columns of a specification by key, and the features that are put together from them. Throws ValueError, with
/// TensorFlow's words, for what can't be parsed.
std::pair<std::vector<ExampleColumn>, std::vector<ExampleComposite>> columns_of(const ParseSpec& spec);

}  // namespace weft
