// Rules for names: which tensors are taken, what they are called, which matrices are turned.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <cstdint>
#include <string>
#include <vector>

namespace weft {

/// What a user says of names. Regular expressions are ECMAScript's; a name must have one in it.
struct NameRules {
  std::vector<std::string> only = {};    ///< a name that has any of them is taken; none: all
  std::vector<std::string> except = {};  ///< ... and one that has any of these is not
  /// "regex=replacement", one after the other; "$1" is the first group. An empty name leaves the tensor out.
  std::vector<std::string> map = {};
  std::vector<std::string> transpose = {};  ///< matrices whose name in the file has one of them are turned
};

struct RenamedTensor {
  std::string from;
  std::string to;  ///< empty: left out
  bool transposed = false;
};

struct RenamedTensors {
  NamedTensors tensors;
  std::vector<RenamedTensor> names;       ///< of all tensors of the file, in name order
  std::vector<std::string> unused_rules;  ///< "map none=x": that no name met, likely a slip
};

/// Throws ValueError for what is no rule, DataError if two tensors get one name or what is to be turned is no matrix.
RenamedTensors apply(const NameRules& rules, const NamedTensors& tensors);

}  // namespace weft
