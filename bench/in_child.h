// in_child: a figure that belongs to a process, measured in one of its own.
#pragma once
#include <functional>
#include <nlohmann/json.hpp>

namespace weft::bench {

/// What `measure` returns in a child of this process, whose age and memory begin with the child; with "peak_rss_mb".
/// Throws Error with the child's message if it fails. To be called before this process has threads.
nlohmann::ordered_json in_child(const std::function<nlohmann::ordered_json()>& measure);

}  // namespace weft::bench
