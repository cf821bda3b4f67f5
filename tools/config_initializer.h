// The initializers of a configuration.
#pragma once
#include "config_value.h"

#include <weft/core/initializer.h>

/// The initializer under a key: its name, or an object with its name and its arguments. Nothing if it is not there.
std::optional<weft::Initializer> read_initializer(Section& section, std::string_view key);
