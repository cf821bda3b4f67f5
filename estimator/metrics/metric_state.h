// MetricState: what metrics have counted, as a flat list of named arrays of integers.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// The state of metrics by name; the form in which checkpoints keep arrays that go with them. Every metric here has
///
///   merge(other)          adds what the other one has counted: the same bits for any split of the examples in any
///   order save(state, name)     puts its arrays under "<name>/...", the same bytes for the same examples in any order
///   restore(state, name)  becomes what was saved; throws DataError (missing or damaged arrays, other options)
///
/// so that threads and processes count for themselves and one adds up.
using MetricState = std::map<std::string, std::vector<int64_t>>;

/// The array of a name. Throws DataError if there is none.
const std::vector<int64_t>& state_array(const MetricState& state, const std::string& name);

/// Writes the state to a file as a checkpoint, which another process reads. Throw IoError, DataError.
void write_metric_state(const std::string& path, const MetricState& state);
MetricState read_metric_state(const std::string& path);

}  // namespace weft
