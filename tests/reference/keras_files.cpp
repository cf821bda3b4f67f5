// Family H: files of Keras 2: weights in both layouts, and whole models.
#include <weft/io/formats/keras.h>

#include <algorithm>
#include <set>

#include "family_h.h"

namespace weft::reference {
namespace {

/// A member is called "<number>|<layer>|<weight>:0".
std::string keras_name(const std::string& member) {
  std::string name = member.substr(member.find('|') + 1);
  std::ranges::replace(name, '|', '/');
  return name;
}

void compare(const Fixture& fixture, const std::string& group, const NamedTensors& tensors, Report& report) {
  for (const std::string& member : fixture.children(group)) {
    const std::string name = keras_name(member);
    const Array want = fixture.array(group + "/" + member);
    report.part(name, [&] {
      const std::vector<float> got = tensors.read_floats(name);
      report.equal(name, tensors.find(name)->shape, want.shape);
      const std::vector<float> wanted = want.as_floats();
      report.check(name, got == wanted, "other numbers");
    });
  }
}

/// Its names are those of the layers' classes: every weight is there under one of them, and once.
void compare_newer(const Fixture& fixture, const NamedTensors& tensors, Report& report) {
  std::set<std::string> found;
  for (const std::string& member : fixture.children("weights")) {
    const Array want = fixture.array("weights/" + member);
    const auto same = std::ranges::find_if(tensors.tensors(), [&](const TensorInfo& info) {
      return info.name.starts_with("layers/") && info.shape == want.shape && !found.contains(info.name) &&
             tensors.read_floats(info.name) == want.as_floats();
    });
    report.check(member, same != tensors.tensors().end(), "is not there");
    if (same != tensors.tensors().end()) found.insert(same->name);
  }
}

}  // namespace

void run_keras_files(const Fixture& fixture, Report& report) {
  const auto open = [&](const char* key) { return open_keras_h5(fixture.path(fixture.config().at(key))); };
  compare(fixture, "weights", open("legacy_weights_file"), report);
  compare(fixture, "weights", open("model_file"), report);
  compare(fixture, "optimizer", open("model_file"), report);
  compare_newer(fixture, open("weights_file"), report);
}

}  // namespace weft::reference
