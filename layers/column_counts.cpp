// ColumnCounts as text.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <weft/layers/input_layer.h>

#include <iterator>

namespace weft {

std::string to_string(const std::vector<ColumnCounts>& counts) {
  std::string text;
  for (const auto& [column, c] : counts) {
    const auto out = std::back_inserter(text);
    fmt::format_to(out, "{}{}: {} values", text.empty() ? "" : "\n", column, c.values);
    if (c.out_of_vocabulary > 0) fmt::format_to(out, ", {} out of vocabulary", c.out_of_vocabulary);
    if (c.negative_ids > 0) fmt::format_to(out, ", {} negative", c.negative_ids);
    if (c.pruned_weights > 0) fmt::format_to(out, ", {} of weight 0 or less", c.pruned_weights);
    if (c.empty_bags > 0) fmt::format_to(out, ", {} of {} bags empty", c.empty_bags, c.bags);
  }
  return text;
}

}  // namespace weft

TEST_CASE("column counts: a line a column, without what did not occur") {
  using namespace weft;
  CHECK(to_string(std::vector<ColumnCounts>{{"a", {.bags = 4, .values = 6, .out_of_vocabulary = 2, .empty_bags = 1}},
                                            {"b", {.bags = 4, .values = 5}},
                                            {"c", {.bags = 4, .values = 5, .negative_ids = 1, .pruned_weights = 3}}}) ==
        "a: 6 values, 2 out of vocabulary, 1 of 4 bags empty\n"
        "b: 5 values\n"
        "c: 5 values, 1 negative, 3 of weight 0 or less");
}
