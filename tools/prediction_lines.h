// Predictions as lines of text.
#pragma once
#include <weft/estimator/heads/predictions.h>

#include <string>

struct LineFormat {
  bool json = false;    ///< an object a line, in place of CSV
  bool logits = false;  ///< a classifier's logits too
};

/// The line of names in front of CSV: "probabilities_0,probabilities_1,class".
std::string csv_header(const weft::Prediction& prediction, const LineFormat& format);
/// Appends an example's line. JSON has null for a number that is not finite.
void append_line(std::string& out, const weft::Prediction& prediction, const LineFormat& format);
