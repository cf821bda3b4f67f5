// A small data set for the tests of weft train, evaluate and predict, and configurations for it.
#pragma once
#include <weft/core/test_directory.h>

#include <nlohmann/json.hpp>
#include <string>

/// Writes train.tfrecord (400 examples), eval.tfrecord (50), the same as .csv, and words.txt: watched (words), shown (a
/// word), age and weight (numbers), clicked (0 or 1).
void write_click_files(const weft::TestDirectory& test);

/// A DNNClassifier with one table for watched and shown, on these files: 60 steps to model/.
nlohmann::json click_config(const weft::TestDirectory& test);

/// Writes it; returns its path.
std::string put_config(const weft::TestDirectory& test, const nlohmann::json& config);
