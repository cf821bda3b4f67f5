// The two ways to parse one example: the fast pass for usual ones, the plain one that knows every rule and every error.
#pragma once
#include <weft/io/example_output.h>
#include <weft/io/example_plan.h>

#include <functional>
#include <string>
#include <string_view>

namespace weft {

/// Appends example `row` in one walk. False, with some values appended, if anything about it is unusual: a key that
/// comes twice, a field in an unusual place, an unpacked list, an error. Then roll_back() and let the plain pass
/// decide.
bool parse_fast(const ExamplePlan& plan, std::string_view example, int64_t row, ExampleOutput& output);

/// Appends example `row` by TensorFlow's rules, or throws DataError. `where()` says where the example came from.
void parse_plain(const ExamplePlan& plan, std::string_view example, int64_t row, ExampleOutput& output,
                 const std::function<std::string()>& where);

}  // namespace weft
