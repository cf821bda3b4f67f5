// A configuration's file, with what the command line changes in it.
#pragma once
#include "config_value.h"

#include <string>
#include <vector>

/// JSON in which "//" and "/* */" are comments. `changes` are "path=value", as "columns[2].dimension=16", where the
/// value is JSON or else a string. Throws IoError for the file, ValueError for what is no JSON (with its place), a key
/// that comes twice in an object, and a change that has no place.
ConfigJson read_config_file(const std::string& path, const std::vector<std::string>& changes);
