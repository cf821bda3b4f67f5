// Parsing: specifications of features as JSON, both ways.
#pragma once
#include <weft/core/parse_spec.h>

#include "fixture.h"

namespace weft::reference {

/// {"key": {"kind": "FixedLenFeature", "dtype", "shape", "default_value"}, ...}. Throws NotExpressible, Unsupported.
ParseSpec make_spec(const Json& spec);
/// The same text that a case has for a specification; default values of another form of one shape are made alike.
Json spec_json(const ParseSpec& spec);
/// A case's specification in the form of spec_json.
Json normalized_spec(const Json& spec);
/// The default of a fixed length feature from JSON: one value or nested lists.
FixedLenFeature::Default make_default(const Json& value, DataType type);

}  // namespace weft::reference
