// The estimators of tf_estimator.py with weft's names for the same things.
#include "estimators.h"

using namespace weft;

InterchangeModel::InterchangeModel(const std::string& kind, const std::string& directory, const std::string& model_dir)
    : directory_(directory) {
  const std::string words = directory + "/words.txt";
  const auto watched = categorical_column_with_vocabulary_file({.key = "watched", .vocabulary_file = words});
  const auto shown = categorical_column_with_vocabulary_file({.key = "shown", .vocabulary_file = words});
  const FeatureColumns deep = {shared_embedding_columns({watched, shown}, {.dimension = 3}),
                               numeric_column({.key = "age"})};
  spec_ = make_parse_example_spec(deep);
  spec_["clicked"] = FixedLenFeature{.shape = {1}, .type = DataType::int64};
  if (kind == "dnn") {
    estimator_ = std::make_unique<DNNClassifier>(
        DNNClassifierOptions{.hidden_units = {6, 4}, .feature_columns = deep, .model_dir = model_dir});
  } else if (kind == "wide_and_deep") {
    estimator_ = std::make_unique<DNNLinearCombinedClassifier>(DNNLinearCombinedClassifierOptions{
        .model_dir = model_dir,
        .linear_feature_columns = {watched, crossed_column({"watched", "shown"}, {.hash_bucket_size = 30})},
        .dnn_feature_columns = deep,
        .dnn_optimizer = adagrad({.learning_rate = 0.05f}),
        .dnn_hidden_units = {6, 4}});
  } else {
    throw ValueError("no estimator is called " + kind);
  }
}

Dataset InterchangeModel::open(std::optional<int64_t> repeat) const {
  return read_examples({.files = directory_ + "/examples.tfrecord",
                        .spec = spec_,
                        .label = "clicked",
                        .batch_size = 16,
                        .repeat = repeat});
}

std::vector<float> InterchangeModel::predict() {
  std::vector<float> clicks;
  for (const Prediction& prediction : estimator_->predict([&] { return open(1); })) {
    clicks.push_back(prediction.logistic[0]);
  }
  return clicks;
}

std::vector<float> InterchangeModel::train(int64_t steps) {
  std::vector<float> losses;
  estimator_->train([&] { return open({}); },
                    {.steps = steps,
                     .progress = [&](const TrainProgress& at) { losses.push_back(static_cast<float>(at.loss)); },
                     .progress_steps = 1});
  return losses;
}
