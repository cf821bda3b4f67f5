// SummaryHistogram: how many numbers lie where, in TensorFlow's buckets.
#pragma once
#include <span>
#include <vector>

namespace weft {

/// What an event file keeps of many numbers (TensorFlow's HistogramProto). Bucket i holds those in
/// [limits[i - 1], limits[i]); the first one those below its limit. Empty buckets are left out, but for one before
/// each run of others, whose limit is where the run begins.
struct SummaryHistogram {
  double min = 0.0;
  double max = 0.0;
  double num = 0.0;  ///< how many numbers
  double sum = 0.0;
  double sum_squares = 0.0;
  std::vector<double> limits = {};
  std::vector<double> counts = {};
};

/// The histogram in the buckets of tf.compat.v1.summary.histogram: from 1e-12 to 1e20 each a tenth wider than the one
/// before, the same below 0. Throws ValueError for a number that is not finite.
SummaryHistogram make_summary_histogram(std::span<const float> values);

}  // namespace weft
