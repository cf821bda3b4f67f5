// The data of a configuration: files, and how they are read.
#pragma once
#include "config_features.h"

#include <weft/estimator/training/training.h>

struct ConfigFiles {
  std::vector<std::string> train, eval, predict;  ///< names or globs
};

struct ConfigData {
  ConfigFiles files;
  bool csv = false;
  char delimiter = ',', value_separator = '|';  ///< of CSV
  std::vector<std::string> header;              ///< of CSV
  std::string compression;                      ///< of TFRecord files
  std::string label;
  weft::FixedLenFeature label_feature;
  int64_t batch_size = 128;
  std::optional<int64_t> epochs = 1;  ///< absent: for ever
  int64_t shuffle_buffer = 0;
  uint64_t shuffle_seed = 1;
  bool drop_remainder = false;
};

/// Reads "data".
ConfigData read_data(Section& config, const ConfigFeatures& features);

/// The batches of training: shuffled, for so many epochs; of evaluation: once, in order; of prediction: without labels.
/// `spec` has the features that the model reads. The functions throw as read_examples() and read_csv().
weft::InputFn train_input(const ConfigData& data, const weft::ParseSpec& spec);
weft::InputFn eval_input(const ConfigData& data, const weft::ParseSpec& spec);
weft::InputFn predict_input(const ConfigData& data, const weft::ParseSpec& spec);
