// Names that a misspelt one may have meant: for messages.
#pragma once
#include <string>
#include <string_view>
#include <vector>

/// " Did you mean 'dimension'?", or nothing if no name is like it.
std::string similar_name(std::string_view name, const std::vector<std::string>& names);
/// The same, or else " There are x, y, ...".
std::string similar_or_all(std::string_view name, const std::vector<std::string>& names);
