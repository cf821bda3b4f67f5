// Composing: the errors' place, and which kind of composite it is.
#include <weft/core/error.h>
#include <weft/io/example_compose.h>

#include <fmt/format.h>

namespace weft {

std::string place_of(const ExampleOrigin& where, size_t example) {
  return where ? where(example) : fmt::format("example {}", example);
}

void ComposePlace::fail(size_t example, const std::string& what) const {
  throw DataError(fmt::format("[parse_example] {}, key '{}': {}", place_of(where, example), composite.key, what));
}

void compose(const ExampleComposite& composite, std::span<const ColumnOutput> columns, const ExampleOrigin& where,
             ComposeScratch& scratch, Feature& out) {
  const ComposePlace place{composite, where};
  if (const auto* sparse = std::get_if<SparseFeature>(&composite.feature)) {
    compose_sparse(place, *sparse, columns, scratch, out);
  } else {
    compose_ragged(place, std::get<RaggedFeature>(composite.feature), columns, scratch, out);
  }
}

}  // namespace weft
