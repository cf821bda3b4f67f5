// Warm start: what a second DNNClassifier starts with, from TensorFlow's first model as a checkpoint of weft's.
#include <fmt/format.h>
#include <weft/estimator/dnn_classifier.h>
#include <weft/io/checkpoint.h>

#include <algorithm>

#include "classifier.h"
#include "errors.h"
#include "family_h.h"
#include "tables.h"

namespace weft::reference {
namespace {

std::string member(const std::string& group, std::string name) {
  std::ranges::replace(name, '/', '|');
  return group + "/" + name;
}

class WarmStarts {
 public:
  WarmStarts(const Fixture& fixture, Report& report) : fixture_(fixture), report_(report) {
    DNNClassifier first = classifier("old_vocabulary", {4, 2}, {});
    for (Parameter& parameter : first.params()) load(parameter.value(), first_numbers(parameter.name()));
    ModelDirectory directory(directory_.path());
    save_checkpoint(directory.checkpoint_path(5), first.params());
    directory.record(5, 0);
  }

  void run(size_t number, const Json& row) {
    const std::string label = row.at("label");
    DNNClassifier second = classifier(row.at("vocabulary") == "old" ? "old_vocabulary" : "new_vocabulary",
                                      row.at("hidden_units").get<std::vector<int64_t>>(), settings(row));
    compare_error(report_, label, {row.at("error")}, [&] { start(second); });
    if (!row.at("error").is_null()) return;
    const auto equal = row.at("equal_to_first").get<std::vector<std::string>>();
    for (const Parameter& parameter : second.params()) {
      const std::string& name = parameter.name();
      const bool same = numbers(parameter.value()) == first_numbers(name);
      report_.check(label + ": " + name, same == (std::ranges::find(equal, name) != equal.end()),
                    same ? "was taken from the first model" : "was not taken from the first model");
    }
    const std::string table = fixture_.config().at("table");
    report_.check(label + ": the table's rows",
                  numbers(second.params().at(table).value()) ==
                      fixture_.array(member(fmt::format("start_{:02}", number), table)).as_floats(),
                  "are others than TensorFlow's");
  }

 private:
  DNNClassifier classifier(const char* vocabulary, std::vector<int64_t> hidden_units,
                           WarmStartSettings warm_start) const {
    const bool v1 = fixture_.config().at("api") == "v1";
    const std::string file = fixture_.data() + "/" + fixture_.config().at(vocabulary).get<std::string>();
    const std::vector<CategoricalColumn> words = {
        categorical_column_with_vocabulary_file({.key = "a", .vocabulary_file = file}),
        categorical_column_with_vocabulary_file({.key = "b", .vocabulary_file = file})};
    const SharedEmbeddingOptions table{.dimension = 3, .initializer = constant_initializer(0.125f)};
    return DNNClassifier(
        {.hidden_units = std::move(hidden_units),
         .feature_columns = v1 ? shared_embedding_columns(words, table) : shared_embeddings(words, table),
         .optimizer = sgd(),
         .warm_start_from = std::move(warm_start),
         .names = v1 ? NamingScheme::v1 : NamingScheme::v2});
  }

  std::vector<float> first_numbers(const std::string& name) const {
    return fixture_.array(member("first_model", name)).as_floats();
  }

  WarmStartSettings settings(const Json& row) const {
    const Json& given = row.at("settings");
    const bool nowhere = row.at("label") == "no such directory";
    WarmStartSettings settings{.ckpt_to_initialize_from = nowhere ? "/nowhere" : directory_.path()};
    if (given.contains("vars_to_warm_start")) {
      const Json& vars = given.at("vars_to_warm_start");
      if (vars.is_null()) settings.vars_to_warm_start = std::monostate();
      if (vars.is_string()) settings.vars_to_warm_start = vars.get<std::string>();
      if (vars.is_array()) settings.vars_to_warm_start = vars.get<std::vector<std::string>>();
    }
    const Json previous_names = given.value("var_name_to_prev_var_name", Json::object());
    for (const auto& [name, previous] : previous_names.items()) {
      settings.var_name_to_prev_var_name[name] = previous.get<std::string>();
    }
    if (!given.contains("vocabulary")) return settings;
    const auto file = [&](const char* which) {
      return fixture_.data() + "/" + fixture_.config().at(which).get<std::string>();
    };
    VocabInfo info{.new_vocab = file("new_vocabulary"), .old_vocab = file("old_vocabulary")};
    if (!given.contains("backup") || !given.at("backup").is_null())
      info.backup_initializer = constant_initializer(1.0f);
    settings.var_name_to_vocab_info[given.at("vocabulary").get<std::string>()] = info;
    return settings;
  }

  static void start(DNNClassifier& classifier) {
    Features features;
    const std::vector<std::vector<std::string_view>> words = {{"ant"}, {"dog"}};
    features["a"] = sparse_feature(words);
    features["b"] = sparse_feature(words);
    Predictions predictions;
    classifier.predict(features, predictions);
  }

  const Fixture& fixture_;
  Report& report_;
  TemporaryDirectory directory_;
};

}  // namespace

void run_warm_start(const Fixture& fixture, Report& report) {
  WarmStarts starts(fixture, report);
  const Json& rows = fixture.config().at("rows");
  for (size_t i = 0; i < rows.size(); ++i) {
    report.part(rows[i].at("label"), [&] { starts.run(i, rows[i]); });
  }
}

}  // namespace weft::reference
