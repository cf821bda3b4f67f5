// InputLayer: the columns' parts, sorted, in one pass.
#include <weft/layers/column_parts.h>
#include <weft/layers/input_columns.h>
#include <weft/layers/input_layer.h>

namespace weft {

struct InputLayer::State {
  ColumnParts parts{{.where = "input_layer"}};
  std::vector<Place> places;
};

InputLayer::InputLayer(ParameterStore& params, const FeatureColumns& columns, const InputLayerOptions& options)
    : state_(std::make_unique<State>()) {
  // Everything that the columns alone can tell comes before files are read and tables made.
  const auto sorted = input_columns(columns, options);
  NewParameters made(params);
  for (const auto& [name, column] : sorted) {
    ColumnPart part = input_part(params, name, column, options);
    part.keys = bag_keys(column);
    state_->places.push_back({.column = name, .first = state_->parts.width(), .width = part.width});
    state_->parts.add(std::move(part));
  }
  made.keep();
}

InputLayer::InputLayer(InputLayer&&) noexcept = default;
InputLayer& InputLayer::operator=(InputLayer&&) noexcept = default;
InputLayer::~InputLayer() = default;

int64_t InputLayer::width() const {
  return state_->parts.width();
}
const std::vector<InputLayer::Place>& InputLayer::places() const {
  return state_->places;
}

const Parameter* InputLayer::table(size_t place) const {
  return state_->parts.parts().at(place).table;
}

void InputLayer::prepare(Features& features) const {
  state_->parts.prepare(features);
}

Var InputLayer::operator()(Tape& tape, const Features& features) const {
  const ColumnParts& parts = state_->parts;
  return parts(tape, features, [&](const std::vector<Ids>& ids) { return parts.check_rows(features, ids); });
}

std::optional<RowOrigin> InputLayer::origin(const Parameter& table, int64_t row, const Features& features,
                                            int64_t example) const {
  return state_->parts.origin(table, row, features, example);
}

std::vector<ColumnCounts> InputLayer::counts() const {
  return state_->parts.counts();
}

void InputLayer::reset_counts() {
  state_->parts.reset_counts();
}

}  // namespace weft
