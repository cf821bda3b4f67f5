// A model's tables of embeddings with the words of their rows, for TensorBoard's projector.
#pragma once
#include "config_model.h"

#include <optional>
#include <string>
#include <vector>

/// Writes the tables of the model's columns to a directory; gives their names. Rows of columns without a vocabulary of
/// strings are labelled by their numbers. Throws as write_projector(), and for vocabularies that can't be read.
std::vector<std::string> export_tables(const ConfigModel& model, weft::ParameterStore& params,
                                       const std::string& directory, std::optional<int64_t> max_rows);
