// cut_bags, sum_pieces: a segment sum as two products of matrices.
#include <weft/estimator/export_onnx_bags.h>

#include <cstdint>
#include <limits>

namespace weft {

// ONNX's own way is to scatter with reduction "add". But onnxruntime up to 1.20 at least loses sums of ScatterND where
// two threads meet in one bag, and ScatterElements takes number by number on one thread, several times as slow on bags
// of 16 ids. Padding all bags to the longest takes batch * longest rows. So a bag is cut into pieces of sqrt(longest)
// ids:
//
//   ids, offsets         a bag of 5 ids, an empty one, a bag of 2; pieces of 3
//   places   [4, 3]      0 1 2 | 3 4 - | - - - | 5 6 -
//   of_bag   [3, 2]      0 1   | 2 .           | 3 .
//
// which takes n + 2 * batch * sqrt(longest) rows at most.
OnnxPieces cut_bags(OnnxModel& model, const std::string& ids, const std::string& offsets) {
  using Attributes = std::vector<OnnxModel::Attribute>;
  const Attributes whole = {{"keepdims", int64_t{1}}}, first_axis = {{"axis", int64_t{0}}};
  const std::string zero = model.integer(0), one = model.integer(1);
  const std::string from_0 = model.integers({0}), from_1 = model.integers({1}), but_last = model.integers({-1});
  const auto to = [&](const std::string& value, OnnxModel::Number number) {
    return model.node("Cast", {value}, {{"to", static_cast<int64_t>(number)}});
  };
  const auto count_to = [&](const std::string& limit) { return model.node("Range", {zero, limit, one}); };
  const auto largest = [&](const std::string& values) {  // 1 if there are none
    return model.node("ReduceMax", {model.node("Concat", {values, from_1}, first_axis)}, {{"keepdims", int64_t{0}}});
  };
  const auto upright = [&](const std::string& values) { return model.node("Unsqueeze", {values, from_1}); };

  // [batch] each.
  const std::string begin = model.node("Slice", {offsets, from_0, but_last});
  const std::string end = model.node("Slice", {offsets, from_1, model.integers({std::numeric_limits<int64_t>::max()})});
  const std::string size = model.node("Sub", {end, begin});
  const std::string root = model.node("Sqrt", {to(largest(size), OnnxModel::Number::float32)});
  const std::string length = to(model.node("Ceil", {root}), OnnxModel::Number::int64);
  const std::string rounded = model.node("Add", {size, model.node("Sub", {length, one})});
  const std::string count = model.node("Max", {model.node("Div", {rounded, length}), from_1});
  const std::string next = model.node("CumSum", {count, zero});
  const std::string before = model.node("Sub", {next, count});

  // [pieces] each. A piece's bag is the number of bags that end before it; no two end at one place.
  const std::string pieces = model.node("ReduceSum", {count}, whole);
  const std::string unmarked = model.node("Expand", {from_0, model.node("Add", {pieces, from_1})});
  const std::string ones = model.node("Expand", {from_1, model.node("Shape", {next})});
  const std::string marks = model.node("ScatterElements", {unmarked, next, ones}, first_axis);
  const std::string bag = model.node("Slice", {model.node("CumSum", {marks, zero}), from_0, but_last});
  const std::string nth =
      model.node("Sub", {count_to(model.node("Squeeze", {pieces})), model.node("Gather", {before, bag})});
  const std::string start = model.node("Add", {model.node("Gather", {begin, bag}), model.node("Mul", {nth, length})});

  const std::string place = model.node("Add", {upright(start), count_to(length)});
  const std::string within = model.node("Less", {place, upright(model.node("Gather", {end, bag}))});
  const std::string piece = model.node("Add", {upright(before), count_to(largest(count))});
  const std::string stop = upright(next);
  return {.places = model.node("Where", {within, place, model.node("Shape", {ids})}),
          .of_bag = model.node("Min", {piece, model.node("Sub", {stop, from_1})}),
          .present = to(model.node("Less", {piece, stop}), OnnxModel::Number::float32)};
}

std::string sum_pieces(OnnxModel& model, const OnnxPieces& pieces, const std::string& values) {
  return weighted_sum(model, pieces.present, model.node("Gather", {values, pieces.of_bag}));
}

std::string weighted_sum(OnnxModel& model, const std::string& weights, const std::string& values) {
  const std::string row = model.node("Unsqueeze", {weights, model.integers({1})});
  return model.node("Squeeze", {model.node("MatMul", {row, values}), model.integers({1})});
}

}  // namespace weft
