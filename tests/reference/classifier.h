// Classifier: DNNClassifier with the arguments of a case, its input, and what its checkpoint holds.
#pragma once
#include <weft/estimator/dnn_classifier.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "columns.h"
#include "fixture.h"
#include "report.h"

namespace weft::reference {

/// What a case says of a classifier.
struct ClassifierCase {
  std::string api = "v1";
  Json columns;
  /// The interface whose columns they are; v1's estimator takes both.
  std::string column_api = "v1";
  /// Arguments by TensorFlow's names.
  Json arguments = Json::object();
  std::string weight_column = {};
  std::string directory = {};
  std::string model_dir = {};
  /// TensorFlow's v2 estimator does not train shared tables, unless it was patched.
  bool train_shared_tables = true;
};
/// Throws what weft throws for the arguments, NotExpressible, Unsupported.
DNNClassifierOptions classifier_options(const ClassifierCase& wanted);

/// A directory that is gone with this object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Shapes by name.
using Listing = std::map<std::string, std::vector<int64_t>>;
/// The newest checkpoint of a directory, without what only weft keeps there (`weft/...`: the position in the input).
Listing checkpoint_listing(const std::string& model_dir);
/// [["name", [shape]], ...] of a case. Constants that Keras keeps among its variables are left out unless asked for.
Listing expected_listing(const Json& variables, bool with_constants);
/// A constant of a Keras optimizer, "training/Adagrad/learning_rate": an option in weft, not state.
bool is_keras_constant(const std::string& name);
/// Notes the names that only one side has, and other shapes.
void compare_listings(Report& report, const std::string& where, const Listing& got, const Listing& want);

NamingScheme naming_scheme(const std::string& api, const std::string& column_api);

}  // namespace weft::reference
