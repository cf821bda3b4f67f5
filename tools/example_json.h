// Serialized tf.train.Examples as JSON.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string_view>

/// {"age": [1, 2], "title": ["..."]}: every feature by key, values as they stand; bytes that are no UTF-8 are an object
/// {"hex": "..."}. Null for bytes that are no Example.
nlohmann::ordered_json example_json(std::string_view serialized);
