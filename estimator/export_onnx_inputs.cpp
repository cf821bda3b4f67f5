// OnnxInputs: an input a feature, ids padded or with offsets; boundaries become part of the model.
#include <fmt/format.h>
#include <weft/core/error.h>
#include <weft/estimator/export_onnx_inputs.h>

#include <cstdint>

namespace weft {
namespace {

using Number = OnnxModel::Number;

constexpr std::string_view kIds = "ids", kOffsets = "offsets", kWeights = "weights", kNumbers = "numbers";

}  // namespace

// One input a name: columns over the same feature read the same numbers.
std::string OnnxInputs::input(const std::string& name, std::string_view content,
                              const std::vector<OnnxModel::Extent>& shape) {
  const auto [place, made] = contents_.try_emplace(name, content);
  const bool integers = content == kIds || content == kOffsets;
  if (made) return model_.input(name, integers ? Number::int64 : Number::float32, shape);
  if (place->second == content) return name;
  throw ValueError(
      fmt::format("[export_onnx] input '{}' can't be: got {} and {} under one name, expected one of them. Give the "
                  "features other keys.",
                  name, place->second, content));
}

std::string OnnxInputs::numbers(const NumericColumn& column) {
  if (column.normalizer_fn) {
    throw ValueError(
        fmt::format("[export_onnx] column '{}' can't be written: got a normalizer_fn, expected none. "
                    "Normalise in the data, or feed the model in weft.",
                    column.key));
  }
  return input(column.key, kNumbers, {std::string("batch"), column.width()});
}

const OnnxPieces& OnnxInputs::pieces_of(const std::string& ids) {
  const auto found = pieces_.find(ids);
  if (found != pieces_.end()) return found->second;
  const std::string flat = input(ids, kIds, {ids + "_ids"});
  const std::string offsets = input(ids + "_offsets", kOffsets, {ids + "_bags_and_1"});
  return pieces_.emplace(ids, cut_bags(model_, flat, offsets)).first->second;
}

// [rows, length] of an input that goes with `ids`: -1 or 0 where there is no id.
std::string OnnxInputs::laid_out(const std::string& name, std::string_view content, const std::string& ids,
                                 const std::optional<OnnxPieces>& pieces) {
  if (!pieces) return input(name, content == kIds ? kIds : kNumbers, {std::string("batch"), ids + "_ids"});
  const std::string flat = input(name, content, {ids + "_ids"});
  const std::string none = content == kIds ? model_.integers({-1}) : model_.floats({0});
  return model_.node("Gather", {model_.node("Concat", {flat, none}, {{"axis", int64_t{0}}}), pieces->places});
}

OnnxBags OnnxInputs::bags(const CategoricalColumn& column) {
  if (const auto* bucketized = column.get_if<BucketizedColumn>()) return buckets(*bucketized);
  const auto* weighted = column.get_if<WeightedColumn>();
  const std::string name = weighted ? weighted->categorical_column->name() : column.name();
  std::optional<OnnxPieces> pieces;
  if (kind_ == OnnxInput::offsets) pieces = pieces_of(name);
  const std::string given = laid_out(name, kIds, name, pieces);
  const std::string zero = model_.integers({0}), held = model_.node("GreaterOrEqual", {given, zero});
  OnnxBags out{.ids = model_.node("Max", {given, zero}), .weights = {}, .pieces = pieces};
  if (weighted) {
    const std::string factors = laid_out(weighted->weight_feature_key, kWeights, name, pieces);
    // Selected, not multiplied: padding may hold anything.
    out.weights = model_.node("Where", {held, factors, model_.floats({0})});
  } else {
    out.weights = to_float(held);
  }
  return out;
}

// Element k of the source has its own ids: bucket + k * buckets.
OnnxBags OnnxInputs::buckets(const BucketizedColumn& column) {
  const std::string x = numbers(column.source_column);
  const std::string apart = model_.node("Unsqueeze", {x, model_.integers({2})});
  // NaN lies in the last bucket: it is below no boundary.
  const std::string below = to_float(model_.node("Less", {apart, model_.floats(column.boundaries)}));
  const auto boundaries = std::ssize(column.boundaries);
  const std::string passed =
      model_.node("Sub", {model_.scalar(static_cast<float>(boundaries)),
                          model_.node("ReduceSum", {below, model_.integers({2})}, {{"keepdims", int64_t{0}}})});
  std::vector<int64_t> first(static_cast<size_t>(column.source_column.width()));
  for (size_t k = 0; k < first.size(); ++k) first[k] = static_cast<int64_t>(k) * (boundaries + 1);
  const std::string bucket = model_.node("Cast", {passed}, {{"to", static_cast<int64_t>(Number::int64)}});
  return {.ids = model_.node("Add", {bucket, model_.integers(first)}),
          .weights = to_float(model_.node("GreaterOrEqual", {passed, model_.scalar(0)}))};
}

std::string OnnxInputs::to_float(const std::string& value) {
  return model_.node("Cast", {value}, {{"to", static_cast<int64_t>(Number::float32)}});
}

}  // namespace weft
