// Layer parameters: the tables and weights of a layer against a case's.
#pragma once
#include <weft/core/parameter.h>

#include <string>

#include "fixture.h"
#include "report.h"

namespace weft::reference {

/// `variables` maps the short names of a case's tables to their full ones: compares the full names with the store's.
void compare_variable_names(Report& report, const std::string& where, const ParameterStore& params,
                            const Json& variables);
/// Sets every parameter to the case's `tables/<short name>`.
void load_variables(const Fixture& fixture, ParameterStore& params, const Json& variables);
/// Compares every gradient, and the rows it touches, with the case's `<group>/<short name>`.
void compare_gradients(const Fixture& fixture, Report& report, ParameterStore& params, const Json& variables,
                       const std::string& group);

}  // namespace weft::reference
