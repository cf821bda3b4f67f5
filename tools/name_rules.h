// Rules for names: which tensors are taken, what they are called, which matrices are turned.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <cstdint>
#include <string>
#include <vector>

struct NameRules {
  std::vector<std::string> only;       ///< regular expressions: a name that has any of them in it is taken; none: all
  std::vector<std::string> except;     ///< ... and one that has any of these is not
  std::vector<std::string> map;        ///< "regex=replacement", one after the other; "$1" is the first group
  std::vector<std::string> transpose;  ///< regular expressions: matrices whose name in the file has one of them
};

struct RenamedTensor {
  std::string from;
  std::string to;  ///< empty: left out
  bool transposed = false;
};

struct RenamedTensors {
  weft::NamedTensors tensors;
  std::vector<RenamedTensor> names;       ///< of all tensors of the file, in name order
  std::vector<std::string> unused_rules;  ///< that no name met: likely a slip
};

/// Throws ValueError for what is no rule, DataError if two tensors get one name or what is to be turned is no matrix.
RenamedTensors apply(const NameRules& rules, const weft::NamedTensors& tensors);
