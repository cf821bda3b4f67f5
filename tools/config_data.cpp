// The data of a configuration: TFRecord and CSV files.
#include "config_data.h"

#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/read_csv.h>

using namespace weft;

namespace {

/// A name or a list of names.
void read_files(Section& section, const char* key, std::vector<std::string>& files) {
  const ConfigJson* json = section.find(key);
  if (json != nullptr && json->is_string()) {
    files = {json->get<std::string>()};
  } else {
    section.get(key, files);
  }
}

void read_character(Section& section, const char* key, char& out) {
  std::string text;
  if (!section.get(key, text)) return;
  if (text.size() == 1) {
    out = text[0];
  } else {
    section.fail(key, fmt::format("got '{}', expected one character", text));
  }
}

void read_format(Section& section, ConfigData& data) {
  std::string format = "tfrecord";
  section.choose("format", format, {"tfrecord", "csv"});
  data.csv = format == "csv";
  if (data.csv) {
    read_character(section, "delimiter", data.delimiter);
    read_character(section, "value_separator", data.value_separator);
    section.get("header", data.header);
  } else {
    section.choose("compression", data.compression, {"", "GZIP", "ZLIB"});
  }
}

void read_label(Section& section, const ConfigFeatures& features, ConfigData& data) {
  const ConfigFeature* label = features.find(section, "label", data.label);
  if (label != nullptr) data.label_feature = fixed_length(*label);
}

template <class Options>
Options reading(const ConfigData& data, const std::vector<std::string>& files, const ParseSpec& spec) {
  Options options;
  options.more_files = files;
  options.spec = spec;
  options.batch_size = data.batch_size;
  return options;
}

/// Both ways of reading have these options.
template <class Options>
void set_labels(const ConfigData& data, Options& options) {
  options.spec.emplace(data.label, data.label_feature);
  options.label = data.label;
}

template <class Options>
void set_training(const ConfigData& data, Options& options) {
  options.repeat = data.epochs;
  options.shuffle_buffer = data.shuffle_buffer;
  options.seed = data.shuffle_seed;
  options.drop_remainder = data.drop_remainder;
}

using Files = std::vector<std::string> ConfigFiles::*;
enum class Use { train, eval, predict };

template <class Options>
Options options_for(const ConfigData& data, const ParseSpec& spec, Files files, Use use) {
  auto options = reading<Options>(data, data.files.*files, spec);
  if (use != Use::predict) set_labels(data, options);
  if (use == Use::train) set_training(data, options);
  return options;
}

InputFn input(const ConfigData& data, const ParseSpec& spec, const char* key, Files files, Use use) {
  if ((data.files.*files).empty()) {
    throw ValueError(fmt::format("data.{}: is missing, expected the names of files. Add it, or --set it.", key));
  }
  if (use != Use::predict && data.label.empty()) {
    throw ValueError("data.label: is missing, expected the name of the feature that is to be learnt.");
  }
  if (data.csv) {
    auto options = options_for<ReadCsvOptions>(data, spec, files, use);
    options.delimiter = data.delimiter;
    options.value_separator = data.value_separator;
    options.header = data.header;
    return [options] { return read_csv(options); };
  }
  auto options = options_for<ReadExamplesOptions>(data, spec, files, use);
  options.compression = data.compression;
  return [options] { return read_examples(options); };
}

}  // namespace

ConfigData read_data(Section& config, const ConfigFeatures& features) {
  ConfigData data;
  if (!config.has("data", "an object with the files of data")) return data;
  Section section(*config.find("data"), config.path("data"), config.errors());
  read_files(section, "train", data.files.train);
  read_files(section, "eval", data.files.eval);
  read_files(section, "predict", data.files.predict);
  read_format(section, data);
  if (section.find("label") != nullptr) read_label(section, features, data);
  section.get("batch_size", data.batch_size);
  section.at_least("batch_size", static_cast<double>(data.batch_size), 1);
  if (section.get("epochs", data.epochs)) {
    if (*data.epochs != -1) section.at_least("epochs", static_cast<double>(*data.epochs), 1);
    if (*data.epochs == -1) data.epochs = {};
  }
  section.get("shuffle_buffer", data.shuffle_buffer);
  section.at_least("shuffle_buffer", static_cast<double>(data.shuffle_buffer), 0);
  section.get("shuffle_seed", data.shuffle_seed);
  section.get("drop_remainder", data.drop_remainder);
  section.finish("data");
  return data;
}

InputFn train_input(const ConfigData& data, const ParseSpec& spec) {
  return input(data, spec, "train", &ConfigFiles::train, Use::train);
}

InputFn eval_input(const ConfigData& data, const ParseSpec& spec) {
  return input(data, spec, "eval", &ConfigFiles::eval, Use::eval);
}

InputFn predict_input(const ConfigData& data, const ParseSpec& spec) {
  return input(data, spec, "predict", &ConfigFiles::predict, Use::predict);
}
