// Features: from a case's tensors, or values written in its JSON, to weft's features.
#pragma once
#include <weft/core/features.h>

#include <string>

#include "fixture.h"

namespace weft::reference {

/// All members of a group: the features by key.
void read_features(const Fixture& fixture, const std::string& group, Features& out);
/// {"dtype", "values"} or {"dtype", "indices", "values", "dense_shape"} by key.
void inline_features(const Json& features, Features& out);
/// One feature. Strings are kept by `owner`.
Feature make_feature(const Value& value, Features& owner);
/// Rows [first, last) of a batch of features, as an input function would yield them.
void slice_features(const Features& all, int64_t first, int64_t last, Features& out);
Feature slice(const Feature& all, int64_t first, int64_t last);

}  // namespace weft::reference
