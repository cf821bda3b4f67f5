// The estimators that tf_estimator.py builds with TensorFlow, built here, and what is asked of them.
#pragma once
#include <weft/weft.h>

#include <memory>
#include <string>
#include <vector>

/// Words in <directory>/words.txt, examples in <directory>/examples.tfrecord: "watched" and "shown" are lists of words,
/// "age" is a float, "clicked" the label.
class InterchangeModel {
 public:
  /// `kind` is "dnn" (DNNClassifier, Adagrad) or "wide_and_deep" (DNNLinearCombinedClassifier, Ftrl and Adagrad).
  /// Throws ValueError for another.
  InterchangeModel(const std::string& kind, const std::string& directory, const std::string& model_dir = {});

  weft::Estimator& estimator() { return *estimator_; }
  /// The probability of a click for every example.
  std::vector<float> predict();
  /// The loss of each of `steps` steps, from the first example on, in their order.
  std::vector<float> train(int64_t steps);

 private:
  weft::Dataset open(std::optional<int64_t> repeat) const;

  std::string directory_;
  weft::ParseSpec spec_;
  std::unique_ptr<weft::Estimator> estimator_;
};
