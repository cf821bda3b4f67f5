// read_tensors: what is listed can be read, whole and by rows, with the same numbers.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <algorithm>
#include <vector>

#include "fuzz.h"

namespace weft::fuzz {

inline void read_tensor(const NamedTensors& tensors, const TensorInfo& info) {
  constexpr int64_t kMost = 1 << 16, kMostRows = 8;
  if (info.size() > kMost) return;
  if (info.type == TensorType::string) {
    const auto strings = tensors.read_strings(info.name);
    check(static_cast<int64_t>(strings.size()) == info.size(), "other strings than the shape says");
  }
  const size_t number = size_of(info.type);
  if (number == 0) return;
  std::vector<std::byte> whole(static_cast<size_t>(info.size()) * number);
  tensors.read_bytes(info.name, 0, info.rows(), whole);
  if (whole.empty()) return;
  std::vector<std::byte> row(static_cast<size_t>(info.width()) * number);
  for (int64_t i = 0; i < std::min(info.rows(), kMostRows); ++i) {
    tensors.read_bytes(info.name, i, 1, row);
    check(std::equal(row.begin(), row.end(), whole.begin() + i * std::ssize(row)), "a row alone has other numbers");
  }
}

inline void read_tensors(const NamedTensors& tensors) {
  for (const TensorInfo& info : tensors.tensors()) read_tensor(tensors, info);
}

}  // namespace weft::fuzz
