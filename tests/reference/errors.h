// Errors: whether what weft threw says what TensorFlow's exception said.
//
// The kind must fit (kinds_of), and the sentence must carry TensorFlow's words. What only Python can print is taken out
// first: reprs of objects (`IdentityCategoricalColumn(key='a', ...)`), classes, tensors, nodes of the graph, `None`.
// From what is left every word and number that is no mere function word must occur in weft's message; case, order,
// quotes and leading underscores do not count. Where weft says something else on purpose, the table of
// deliberate differences (differences.cpp) has the row, with its reason.
#pragma once
#include "report.h"

#include <exception>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace weft::reference {

/// Runs `call` and compares what it throws with one of `wanted` (TensorFlow's {"type", "bases", "message"}, or null
/// where it accepts the call).
void compare_error(Report& report, const std::string& where, const std::vector<Json>& wanted,
                   const std::function<void()>& call);
/// The single answer of a case: "error", or "error_v1" where the older interface words it differently.
std::vector<Json> errors_of(const Json& config);

/// A deliberate difference: TensorFlow's errors of this type whose sentence holds the regular expression `pattern`.
struct Difference {
  const char* type;
  const char* pattern;
  /// What weft does: throws an error of one of these kinds, with these words ($1 is the pattern's first group) ...
  const char* kinds = "";
  const char* words = "";
  /// ... or accepts the call, so that no error is right too.
  bool accepts = false;
  const char* reason;
};
std::span<const Difference> differences();

/// The words that a message must share, for tests of the comparison.
std::vector<std::string> significant_words(const std::string& message);

}  // namespace weft::reference
