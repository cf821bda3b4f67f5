// What a tape holds.
#pragma once
#include <weft/core/tape.h>

#include <typeinfo>
#include <vector>

namespace weft {

/// It goes back to its thread when the tape ends, so that the next tape starts with its room.
struct Tape::Memory {
  static constexpr size_t kChunk = 1 << 14;

  struct Node {
    Tensor value;
    Tensor gradient;
    bool has_gradient = false;
    bool needs_gradient = true;
  };

  struct Closure {
    int32_t out;
    void* state;
    void (*run)(void*);
    void (*destroy)(void*);
    const char* name;  ///< null: the type says it
    const std::type_info* type;
  };

  std::vector<std::unique_ptr<Node>> nodes;
  size_t used_nodes = 0;
  std::vector<Closure> closures;
  std::vector<Buffer> chunks;
  size_t used_chunks = 0;
  size_t used_bytes = 0;  ///< of the last used chunk

  Node& node(int32_t index) { return *nodes[static_cast<size_t>(index)]; }

  int32_t add(Tensor value, bool needs_gradient) {
    if (used_nodes == nodes.size()) nodes.push_back(std::make_unique<Node>());
    Node& node = *nodes[used_nodes];
    node.value = std::move(value);
    node.needs_gradient = needs_gradient;
    return static_cast<int32_t>(used_nodes++);
  }

  void clear() {
    for (size_t i = closures.size(); i-- > 0;) closures[i].destroy(closures[i].state);
    closures.clear();
    for (size_t i = 0; i < used_nodes; ++i) *nodes[i] = Node();
    used_nodes = used_chunks = used_bytes = 0;
  }
};

}  // namespace weft
