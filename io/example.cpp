// ExampleParser: batches through the fast pass, what it refuses through the plain one.
#include <weft/io/example.h>
#include <weft/io/example_output.h>
#include <weft/io/example_passes.h>
#include <weft/io/example_plan.h>

#include <mutex>
#include <utility>

namespace weft {

struct ExampleParser::Plan {
  explicit Plan(ParseSpec spec) : plan(std::make_shared<const ExamplePlan>(std::move(spec))) {}

  std::shared_ptr<const ExamplePlan> plan;  // shared with features that hold its default strings
  /// Outputs that no parse() uses at the moment: as many as there were threads at once.
  mutable std::mutex mutex;
  mutable std::vector<std::unique_ptr<ExampleOutput>> idle;

  std::unique_ptr<ExampleOutput> take() const {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return std::make_unique<ExampleOutput>();
    auto output = std::move(idle.back());
    idle.pop_back();
    return output;
  }
  void give_back(std::unique_ptr<ExampleOutput> output) const {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(output));
  }
};

ExampleParser::ExampleParser(ParseSpec spec) : plan_(std::make_unique<const Plan>(std::move(spec))) {}
ExampleParser::ExampleParser(ExampleParser&&) noexcept = default;
ExampleParser::~ExampleParser() = default;

const ParseSpec& ExampleParser::spec() const {
  return plan_->plan->spec;
}

namespace {

void parse_each(const ExamplePlan& plan, std::span<const std::string_view> serialized, ExampleOutput& output,
                const ExampleParser::Where& where) {
  for (size_t i = 0; i < serialized.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    if (parse_fast(plan, serialized[i], row, output)) continue;
    output.roll_back(row);
    parse_plain(plan, serialized[i], row, output, [&] { return place_of(where, i); });
  }
}

}  // namespace

void ExampleParser::parse(std::span<const std::string_view> serialized, Features& out, const Where& where) const {
  const ExamplePlan& plan = *plan_->plan;
  auto output = plan_->take();
  const auto batch = static_cast<int64_t>(serialized.size());
  output->begin(plan, batch, out);
  try {
    parse_each(plan, serialized, *output, where);
    output->finish(plan, batch, where);
  } catch (...) {
    output->abandon();
    throw;
  }
  if (plan.has_default_strings) out.own(plan_->plan);
  plan_->give_back(std::move(output));
}

void ExampleParser::parse_single(std::string_view serialized, Features& out, const Where& where) const {
  parse(
      {&serialized, 1}, out, where ? where : [](size_t) { return std::string("the example"); });
  for (const auto& [key, feature] : plan_->plan->spec) {
    auto& shape = out[key].shape;
    shape.erase(shape.begin());
  }
}

Features parse_single_example(std::string_view serialized, const ParseSpec& spec) {
  Features out;
  ExampleParser(spec).parse_single(serialized, out);
  return out;
}

Features parse_example(std::span<const std::string_view> serialized, const ParseSpec& spec) {
  Features out;
  ExampleParser(spec).parse(serialized, out);
  return out;
}

}  // namespace weft
