// Checkpoints of TensorFlow: what they hold, what is told of damaged ones, and which one a directory stands for.
#include <fmt/format.h>
#include <weft/core/test_directory.h>
#include <weft/io/formats/checkpoint_path.h>
#include <weft/io/formats/tensor_bundle.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "errors.h"
#include "family_h.h"

namespace weft::reference {
namespace {

std::string type_name(TensorType type) {
  return type == TensorType::boolean ? "bool" : std::string(weft::to_string(type));
}

std::vector<std::byte> bytes_of(const NamedTensors& tensors, const TensorInfo& info) {
  std::vector<std::byte> bytes(static_cast<size_t>(info.size()) * size_of(info.type));
  tensors.read_bytes(info.name, 0, info.rows(), bytes);
  return bytes;
}

// Numbers of small types are in the fixture as bytes.
void compare_bytes(Report& report, const std::string& name, std::span<const std::byte> got, const Array& want) {
  std::vector<int64_t> integers;
  for (const std::byte byte : got) integers.push_back(std::to_integer<int64_t>(byte));
  report.equal(name, integers, want.integers);
}

void compare_tensor(Report& report, const NamedTensors& tensors, const TensorInfo& info, const Array& want) {
  switch (info.type) {
    case TensorType::float32:
      return report.close(info.name, tensors.read_floats(info.name), info.shape, want, exact);
    case TensorType::float64: {
      const auto bytes = bytes_of(tensors, info);
      std::vector<double> numbers(bytes.size() / sizeof(double));
      std::memcpy(numbers.data(), bytes.data(), bytes.size());
      return report.check(info.name, numbers == want.floats, "other numbers");
    }
    case TensorType::int32:
    case TensorType::int64:
    case TensorType::uint8:
      return report.equal(info.name, tensors.read_integers(info.name), want.integers);
    case TensorType::string:
      return report.equal(info.name, tensors.read_strings(info.name), want.strings);
    case TensorType::other:
      return report.check(info.name, true, "");  // listed, not read
    default:
      return compare_bytes(report, info.name, bytes_of(tensors, info), want);
  }
}

std::vector<std::string> names_of(const NamedTensors& tensors) {
  std::vector<std::string> names;
  for (const TensorInfo& info : tensors.tensors()) names.push_back(info.name);
  return names;
}

// The source's files under another name, and the state file.
void put_checkpoints(const Fixture& fixture, const Json& row, const TestDirectory& directory,
                     const std::function<std::string(std::string)>& in_place) {
  const std::string source = fixture.path(fixture.config().at("source"));
  for (const std::string name : row.at("files")) {
    for (const char* suffix : {".index", ".data-00000-of-00001"}) {
      std::filesystem::copy_file(source + suffix, directory.file(name + suffix));
    }
  }
  const Json& state = row.at("checkpoint_file");
  if (!state.is_null()) directory.put("checkpoint", in_place(state));
}

void compare_state(const Fixture& fixture, Report& report, const Json& row) {
  const TestDirectory directory;
  const auto in_place = [&](std::string text) {
    for (size_t at; (at = text.find("{dir}")) != std::string::npos;) text.replace(at, 5, directory.path);
    return text;
  };
  put_checkpoints(fixture, row, directory, in_place);
  const std::string label = row.at("case"), asked = row.at("asked");
  const std::string target = asked.empty() ? directory.path : directory.file(asked);
  const Json wanted = Json::parse(in_place(row.dump()));
  compare_error(report, label + ": latest", {wanted.at("latest_error")}, [&] {
    const auto latest = latest_checkpoint(target);
    const Json& want = wanted.at("latest_checkpoint");
    report.equal(label + ": latest", latest.value_or("none"), want.is_null() ? "none" : want.get<std::string>());
  });
  compare_error(report, label + ": open", {wanted.at("load_error")}, [&] {
    const auto names = names_of(open_tensor_bundle(target));
    // TensorFlow takes an index for a checkpoint of its first format, with nothing in it; weft for the checkpoint's
    // name.
    if (asked.ends_with(".index")) return report.check(label, !names.empty(), "no variables");
    report.equal(label, names, wanted.at("variables").get<std::vector<std::string>>());
  });
}

}  // namespace

void run_checkpoint(const Fixture& fixture, Report& report) {
  const NamedTensors tensors = open_tensor_bundle(fixture.path(fixture.config().at("prefix")));
  const Json& variables = fixture.config().at("variables");
  report.check("number of tensors", tensors.tensors().size() == variables.size(), "another number");
  for (const Json& variable : variables) {
    const std::string name = variable.at(0), type = variable.at(1);
    const TensorInfo* info = tensors.find(name);
    if (info == nullptr) {
      report.fail(name, "is not found");
      continue;
    }
    report.equal(name + ": shape", info->shape, variable.at(2).get<std::vector<int64_t>>());
    report.equal(name + ": type", type_name(info->type), type.starts_with("complex") ? "other" : type);
    std::string member = name;
    std::ranges::replace(member, '/', '|');
    report.part(name, [&] { compare_tensor(report, tensors, *info, fixture.array("contents/" + member)); });
  }
}

void run_damaged_checkpoints(const Fixture& fixture, Report& report) {
  for (const Json& row : fixture.config().at("rows")) {
    const std::string label = row.at("case"), prefix = fixture.path(row.at("prefix"));
    compare_error(report, label + ": list", {row.at("list_error")}, [&] {
      const int64_t listed[] = {std::ssize(open_tensor_bundle(prefix).tensors())};
      const int64_t wanted[] = {row.at("listed").get<int64_t>()};
      report.equal(label + ": listed", listed, wanted);
    });
    compare_error(report, label + ": read", {row.at("load_error")},
                  [&] { open_tensor_bundle(prefix).read_floats("tables/video"); });
  }
}

void run_checkpoint_states(const Fixture& fixture, Report& report) {
  for (const Json& row : fixture.config().at("rows")) {
    report.part(row.at("case"), [&] { compare_state(fixture, report, row); });
  }
}

}  // namespace weft::reference
