// Optimizers: from a case's JSON to weft's values.
#pragma once
#include <weft/optim/optimizer.h>

#include <string>

#include "fixture.h"

namespace weft::reference {

/// `api` is "v1" (tf.compat.v1.train) or "v2" (Keras, also called "keras_legacy"), `kind` a class of it. Arguments that
/// are absent take that class's defaults. Throws Unsupported for what is not built.
Optimizer make_optimizer(const std::string& api, const std::string& kind, const Json& arguments);

/// An optimizer by the name that a canned estimator takes ("Adagrad", "SGD" ...), with that estimator's learning rate.
/// Throws ValueError for a name that there isn't.
Optimizer named_optimizer(const std::string& api, const std::string& name);

}  // namespace weft::reference
