// The optimizers of a configuration.
#pragma once
#include "config_value.h"

#include <weft/optim/optimizer.h>

/// The optimizer under a key: its name, or an object with its name and its arguments. Nothing if it is not there, or
/// wrong, which is told.
std::optional<weft::Optimizer> read_optimizer(Section& section, std::string_view key);
/// Reads a number, or an object with the name of a schedule and its arguments.
void read_learning_rate(Section& section, std::string_view key, weft::LearningRate& out);
