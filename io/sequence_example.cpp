// SequenceExample: the context is an Example's features; every list becomes rows, one a step, which are then nested in
// their examples.
#include <weft/core/error.h>
#include <weft/io/example.h>
#include <weft/io/example_output.h>
#include <weft/io/example_rules.h>
#include <weft/io/sequence_example.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

// SequenceExample { 1: Features (the context), 2: FeatureLists }
// FeatureLists    { 1: entry, any number }
// entry           { 1: key, 2: FeatureList }
// FeatureList     { 1: Feature, one a step }

namespace weft {
namespace {

using wire::Bytes;

constexpr uint8_t kFirst = wire::tag(1, wire::kDelimited);
constexpr uint8_t kSecond = wire::tag(2, wire::kDelimited);

[[noreturn]] void fail_kind(const char* kind, const std::string& key, const char* cure) {
  throw ValueError(fmt::format("[parse_sequence_example] Unsupported {} for key '{}'. {}", kind, key, cure));
}

void check_context(const ParseSpec& spec) {
  for (const auto& [key, feature] : spec) {
    if (std::holds_alternative<FixedLenSequenceFeature>(feature))
      fail_kind("FixedLenSequenceFeature", key, "Name it among the sequence_features.");
  }
}

// The specification as parse_example would take it: it has no lists that are required.
ParseSpec checked_sequences(ParseSpec spec) {
  for (auto& [key, feature] : spec) {
    if (std::holds_alternative<FixedLenFeature>(feature))
      fail_kind("FixedLenFeature", key, "Read it as FixedLenSequenceFeature, or name it among the context_features.");
    if (std::holds_alternative<SparseFeature>(feature))
      fail_kind("SparseFeature", key, "Read its keys as VarLenFeature.");
    if (auto* sequence = std::get_if<FixedLenSequenceFeature>(&feature)) {
      if (sequence->default_value)
        throw ValueError(fmt::format(
            "[parse_sequence_example] key '{}': Value feature_list.dense_defaults[{}] must be None. Leave it out.", key,
            key));
      sequence->allow_missing = true;
    }
  }
  return spec;
}

bool is_required(const ParseSpec& spec, const std::string& key) {
  const auto found = spec.find(key);
  const auto* sequence = found == spec.end() ? nullptr : std::get_if<FixedLenSequenceFeature>(&found->second);
  return sequence != nullptr && !sequence->allow_missing;
}

// Calls f(field number's tag, content) for the delimited fields of a message and passes over the others; false if the
// message is malformed or f says so.
template <class F>
bool walk(Bytes in, const F& f) {
  while (!in.empty()) {
    uint64_t tag;
    Bytes content;
    if (!wire::read_varint(in, tag) || tag >> 3 == 0) return false;
    if ((tag & 7) != wire::kDelimited) {
      if (!wire::skip_field(in, tag)) return false;
    } else if (!wire::read_delimited(in, content) || !f(tag, content)) {
      return false;
    }
  }
  return true;
}

// All lists of one key.
struct ListColumn {
  ColumnOutput values;         ///< its feature's offsets: a row a step, of all examples
  std::vector<int64_t> steps;  ///< [examples + 1]: which rows are an example's
  bool required = false;
  Bytes list = {};  ///< of the example at hand
  bool present = false;
};

class SequencePass {
 public:
  SequencePass(const ExamplePlan& plan, const ParseSpec& spec, const ExampleOrigin& where)
      : plan_(plan), where_(where), columns_(plan.columns.size()) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      const ExampleColumn& column = plan.columns[i];
      Feature& feature = parts_[column.key];
      feature.type = column.type;
      feature.sparse = true;
      feature.offsets = {0};
      columns_[i] = {.values = {.column = &column, .feature = &feature}, .steps = {0}};
      columns_[i].required = is_required(spec, column.key);
    }
  }

  void run(size_t example, std::string_view serialized) {
    example_ = example;
    for (ListColumn& column : columns_) column.present = false;
    if (!find_lists(Bytes(serialized)))
      fail(fmt::format("Invalid protocol message input ({} bytes). Check what wrote the record.", serialized.size()));
    for (ListColumn& column : columns_) read_list(column);
  }

  void finish(SequenceFeatures& out) {
    std::vector<ColumnOutput> outputs;
    for (ListColumn& column : columns_) {
      drop_unused(column.values);
      outputs.push_back(column.values);
    }
    for (const ListColumn& column : columns_) {
      if (column.values.column->shown) finish_list(column, out);
    }
    for (const ExampleComposite& composite : plan_.composites) finish_composite(composite, outputs, out);
  }

 private:
  bool find_lists(Bytes in) {
    return walk(in, [this](uint64_t tag, Bytes lists) {
      return tag != kSecond ||
             walk(lists, [this](uint64_t field, Bytes entry) { return field != kFirst || find_list(entry); });
    });
  }

  // The last list of a key counts.
  bool find_list(Bytes entry) {
    Bytes key, list;
    const bool whole = walk(entry, [&](uint64_t tag, Bytes content) {
      if (tag == kFirst) key = content;
      if (tag == kSecond) list = content;
      return true;
    });
    const size_t column = plan_.find({key.at, key.size()});
    if (column < columns_.size()) {
      columns_[column].list = list;
      columns_[column].present = true;
    }
    return whole;
  }

  void read_list(ListColumn& column) {
    const ExampleColumn& what = *column.values.column;
    if (!column.present && column.required)
      fail(what, "Feature list is required but could not be found. Set allow_missing, or write it in every example.");
    int64_t step = 0;
    const auto add = [&](uint64_t tag, Bytes feature) {
      if (tag == kFirst) read_step(column, step++, feature);
      return true;
    };
    if (column.present && !walk(column.list, add)) fail(what, "Can't parse the list. Check what wrote the record.");
    column.steps.push_back(std::ssize(column.values.feature->offsets) - 1);
  }

  void read_step(ListColumn& column, int64_t step, Bytes feature) {
    const ExampleColumn& what = *column.values.column;
    int64_t count = 0;
    if (!feature.empty()) {
      if (static_cast<uint8_t>(*feature.at++) != what.list_tag)
        fail(what,
             fmt::format("Feature list, Index: {}. Data types don't match. Expected type: {}. Read it as the type "
                         "that was written.",
                         step, tensorflow_name(what.type)));
      count = append_list(column.values, feature);
    }
    if (count < 0) fail(what, fmt::format("Index: {}. Can't parse the step. Check what wrote the record.", step));
    if (what.sequence && count != what.elements)
      fail(what, fmt::format("Index: {}. Number of values != expected. values size: {} but output shape: {}. Give "
                             "FixedLenSequenceFeature the shape of a step.",
                             step, count, shape_text(what.shape)));
    column.values.used += static_cast<size_t>(count);
    column.values.feature->offsets.push_back(static_cast<int64_t>(column.values.used));
  }

  void finish_list(const ListColumn& column, SequenceFeatures& out) {
    const ExampleColumn& what = *column.values.column;
    Feature& feature = out.sequence[what.key];
    feature = *column.values.feature;
    nest_steps(column.steps, feature);
    if (what.sequence) {
      std::vector<int64_t>& lengths = out.lengths[what.key];
      for (size_t i = 1; i < column.steps.size(); ++i) lengths.push_back(column.steps[i] - column.steps[i - 1]);
      make_dense(what, feature);
    }
    // What was asked for as VarLenFeature is a plain sparse feature.
    if (what.sequence || std::holds_alternative<VarLenFeature>(plan_.spec.at(what.key))) feature.row_splits.clear();
  }

  void finish_composite(const ExampleComposite& composite, const std::vector<ColumnOutput>& outputs,
                        SequenceFeatures& out) {
    const std::vector<int64_t>& steps = columns_[composite.values].steps;
    for (const size_t part : composite.parts) {
      if (part == columns_.size() || columns_[part].steps == steps) continue;
      const auto other = std::ranges::mismatch(columns_[part].steps, steps).in1 - columns_[part].steps.begin() - 1;
      throw DataError(fmt::format(
          "[parse_sequence_example] {}, key '{}': values and partitions are not aligned: got another number of steps "
          "of key '{}'. Write a partition a step.",
          place_of(where_, static_cast<size_t>(other)), composite.key, plan_.columns[part].key));
    }
    // Rows are steps here: the example is looked for from the step.
    const ExampleOrigin place = [&](size_t row) {
      const auto next = std::ranges::upper_bound(steps, static_cast<int64_t>(row));
      const auto example = static_cast<size_t>(next - steps.begin()) - 1;
      return fmt::format("{}, step {}", place_of(where_, example), static_cast<int64_t>(row) - steps[example]);
    };
    ComposeScratch scratch;
    Feature& feature = out.sequence[composite.key];
    feature.type = plan_.columns[composite.values].type;
    feature.sparse = true;
    compose(composite, outputs, place, scratch, feature);
    nest_steps(steps, feature);
  }

  // From a row a step to a row an example.
  void nest_steps(const std::vector<int64_t>& steps, Feature& feature) const {
    if (feature.row_splits.empty()) feature.row_splits = {feature.offsets};
    feature.row_splits.insert(feature.row_splits.begin(), steps);
    std::vector<int64_t> examples;
    for (const int64_t step : steps) examples.push_back(feature.offsets[static_cast<size_t>(step)]);
    feature.offsets = std::move(examples);
    std::vector<size_t> cursors;
    nest(cursors, feature);
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(fmt::format("[parse_sequence_example] {}: {}", place_of(where_, example_), what));
  }
  [[noreturn]] void fail(const ExampleColumn& column, const std::string& what) const {
    throw DataError(
        fmt::format("[parse_sequence_example] {}, key '{}': {}", place_of(where_, example_), column.key, what));
  }

  const ExamplePlan& plan_;
  const ExampleOrigin& where_;
  Features parts_;
  std::vector<ListColumn> columns_;
  size_t example_ = 0;
};

}  // namespace

SequenceFeatures parse_sequence_example(std::span<const std::string_view> serialized, const SequenceExampleSpec& spec,
                                        const std::function<std::string(size_t example)>& where) {
  if (spec.context_features.empty() && spec.sequence_features.empty())
    throw ValueError(
        "[parse_sequence_example] Both context_features and sequence_features are None, but at least one should have "
        "values. Name the features to read.");
  check_context(spec.context_features);
  SequenceFeatures out;
  if (!spec.context_features.empty()) ExampleParser(spec.context_features).parse(serialized, out.context, where);
  if (spec.sequence_features.empty()) return out;
  const ExamplePlan plan(checked_sequences(spec.sequence_features));
  SequencePass pass(plan, spec.sequence_features, where);
  for (size_t i = 0; i < serialized.size(); ++i) pass.run(i, serialized[i]);
  pass.finish(out);
  return out;
}

SequenceFeatures parse_single_sequence_example(std::string_view serialized, const SequenceExampleSpec& spec) {
  SequenceFeatures out =
      parse_sequence_example({&serialized, 1}, spec, [](size_t) { return std::string("the example"); });
  for (Features* features : {&out.context, &out.sequence}) {
    for (const auto& [key, feature] : *features) feature->shape.erase(feature->shape.begin());
  }
  return out;
}

}  // namespace weft
