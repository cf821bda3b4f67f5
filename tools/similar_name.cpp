// Names that a misspelt one may have meant.
#include "similar_name.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace {

constexpr size_t kLongest = 60;  // characters of a name that are compared
constexpr size_t kListed = 20;   // names in a message

/// Changes of one letter that make one word of the other (Levenshtein, 1966).
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string similar_name(std::string_view name, const std::vector<std::string>& names) {
  const std::string* best = nullptr;
  size_t least = (name.size() < 4 ? 1 : std::max<size_t>(name.size() / 3, 2)) + 1;
  for (const std::string& candidate : names) {
    const size_t distance = edit_distance(name.substr(0, kLongest), candidate);
    if (distance < least) {
      least = distance;
      best = &candidate;
    }
  }
  return best == nullptr ? "" : fmt::format(" Did you mean '{}'?", *best);
}

std::string similar_or_all(std::string_view name, const std::vector<std::string>& names) {
  const std::string similar = similar_name(name, names);
  if (!similar.empty() || names.empty()) return similar;
  const size_t some = std::min(names.size(), kListed);
  return fmt::format(" There {} {}{}.", names.size() == 1 ? "is" : "are",
                     fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(some), ", "),
                     some < names.size() ? ", ..." : "");
}
