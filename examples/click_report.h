// What the demo shows of a trained model: predictions for users, and videos that lie near each other in the table.
#pragma once
#include "click_model.h"

#include <weft/estimator/dnn_classifier.h>

/// Prints, for some new users, what they watched, what they are shown, the classifier's and the planted probability.
void print_predictions(weft::DNNClassifier& classifier, const ClickModel& model);

/// Prints the nearest neighbours of some popular videos in the learnt table, and how many of them share the genre. The
/// genres are the planted model's: the classifier has never seen one.
void print_neighbours(const weft::DNNClassifier& classifier, const ClickModel& model);

/// Prints a line a column: its values, and those that were dropped.
void print_counts(const std::vector<weft::ColumnCounts>& counts);
