// Saving and restoring the whole state of a model.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/io/checkpoint.h>
#include <weft/io/checkpoint_layout.h>
#include <weft/io/checkpoint_names.h>

#include <algorithm>
#include <set>

namespace weft {
namespace {

constexpr const char* kGlobalStep = "global_step";

/// A parameter or a slot under its name on disk.
struct NamedRows {
  std::string name;
  Shape shape;
  RowsView rows;
};

std::vector<NamedRows> named_rows(const ParameterStore& params, const CheckpointNames& names) {
  std::vector<NamedRows> all;
  for (const Parameter& parameter : params) {
    all.push_back({parameter.name(), parameter.shape(), parameter.value()});
    for (size_t i = 0; i < parameter.slot_count(); ++i) {
      const Parameter::Slot slot = parameter.slot(i);
      all.push_back({names.slot_name(parameter.name(), slot.name), slot.shape, slot.view});
    }
  }
  return all;
}

bool is_extra(std::string_view name) {
  return name.starts_with(CheckpointLayout::kExtraPrefix);
}

std::string shape_text(std::span<const int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

/// Collects what does not fit, to say all of it at once.
class Mismatches {
 public:
  explicit Mismatches(const CheckpointReader& reader) : reader_(reader) {}

  void expect(const std::string& name, ArrayType type, std::span<const int64_t> shape) {
    expected_.insert(name);
    const ArrayInfo* found = reader_.find(name);
    if (found == nullptr) {
      lines_.push_back(fmt::format("{} is missing", name));
    } else if (found->type != type || !std::ranges::equal(found->shape, shape)) {
      lines_.push_back(fmt::format("{}: got {} {}, expected {} {}", name, to_string(found->type),
                                   shape_text(found->shape), to_string(type), shape_text(shape)));
    }
  }
  /// Throws DataError if there are any.
  void check(const std::string& path) {
    for (const ArrayInfo& array : reader_.arrays()) {
      if (!expected_.contains(array.name) && !is_extra(array.name)) {
        lines_.push_back(fmt::format("{} is surplus", array.name));
      }
    }
    if (lines_.empty()) return;
    throw DataError(fmt::format(
        "[restore_checkpoint] {} is not of this model: {}. Build the model as it was saved, or give another "
        "model_dir.",
        path, fmt::join(lines_, "; ")));
  }

 private:
  const CheckpointReader& reader_;
  std::set<std::string, std::less<>> expected_;
  std::vector<std::string> lines_;
};

void check_fit(const CheckpointReader& reader, const std::string& path, const std::vector<NamedRows>& rows,
               const ParameterStore& params) {
  Mismatches mismatches(reader);
  for (const NamedRows& array : rows) mismatches.expect(array.name, ArrayType::float32, array.shape.extents());
  for (const auto& [name, value] : params.scalars()) mismatches.expect(name, ArrayType::float32, {});
  mismatches.expect(kGlobalStep, ArrayType::int64, {});
  mismatches.check(path);
}

}  // namespace

std::string CheckpointNames::slot_name(std::string_view variable, std::string_view slot) const {
  std::string_view by = optimizer;
  for (const auto& [prefix, name] : optimizer_by_prefix) {
    if (variable.starts_with(prefix)) by = name;
  }
  return slot_array_name(slot_pattern, {variable, slot, by});
}

void save_checkpoint(const std::string& path, const ParameterStore& params, const CheckpointNames& names,
                     const std::map<std::string, std::vector<int64_t>>& extra, const CheckpointWriterOptions& options) {
  CheckpointWriter writer(path, options);
  for (const NamedRows& array : named_rows(params, names)) {
    if (is_extra(array.name)) {
      throw ValueError(
          fmt::format("[save_checkpoint] parameter '{}': names that start with '{}' are not for parameters.",
                      array.name, CheckpointLayout::kExtraPrefix));
    }
    writer.write(array.name, array.shape, array.rows);
  }
  for (const auto& [name, value] : params.scalars()) writer.write(name, value);
  writer.write(kGlobalStep, {&params.global_step, 1}, true);
  for (const auto& [key, values] : extra) writer.write(CheckpointLayout::kExtraPrefix + key, values);
  writer.close();
}

std::map<std::string, std::vector<int64_t>> restore_checkpoint(const std::string& path, ParameterStore& params,
                                                               const CheckpointNames& names) {
  const CheckpointReader reader(path);
  const std::vector<NamedRows> rows = named_rows(params, names);
  check_fit(reader, path, rows, params);
  std::map<std::string, std::vector<int64_t>> extra;
  for (const ArrayInfo& array : reader.arrays()) {
    if (is_extra(array.name)) {
      extra[array.name.substr(std::string_view(CheckpointLayout::kExtraPrefix).size())] =
          reader.read_integers(array.name);
    }
  }
  const int64_t step = reader.read_integers(kGlobalStep).front();
  for (const NamedRows& array : rows) reader.read(array.name, 0, array.rows);
  for (const auto& [name, value] : params.scalars()) params.scalar(name, value) = reader.read_floats(name).front();
  params.global_step = step;
  return extra;
}

}  // namespace weft
