// unpickle: what a pickle of torch.save says, without executing anything.
#pragma once
#include <weft/io/formats/named_tensors.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::pickle {

// A pickle is a program for a stack machine that may call any function of Python. Here the operations are the closed
// set that torch writes (protocols 2 to 5), functions are names of a short list, and calling one of them makes a value
// of the kinds below. Everything else is an error that names it.

enum class Kind : uint8_t {
  none,
  boolean,  ///< number is 0 or 1
  integer,  ///< number is it
  real,     ///< number has the bits of the double
  text,     ///< number counts texts; bytes too
  list,     ///< number counts containers; a set too
  tuple,    ///< the same
  dict,     ///< the same: key, value, key, value ...
  global,   ///< a name that was allowed
  storage,  ///< number counts storages
  tensor,   ///< number counts tensors
  opaque,   ///< a device, an integer beyond 64 bits: of no use here
};

/// A handle: copies of it are the same list or dict, as in Python.
struct Value {
  Kind kind = Kind::none;
  int64_t number = 0;
};

struct Storage {
  TensorType type = TensorType::other;
  std::string_view key;  ///< its name in the file
  int64_t size = 0;      ///< numbers, as the pickle says
};

/// A view of a storage, in numbers of `type`. Shape and strides have the same length and no negative numbers.
struct Tensor {
  TensorType type = TensorType::other;
  size_t storage = 0;
  int64_t offset = 0;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
};

/// All values, side by side: nothing is nested in memory, however deep a pickle is.
struct Objects {
  std::vector<std::string_view> texts;  ///< into the pickle's bytes
  std::vector<std::vector<Value>> containers;
  std::vector<Storage> storages;
  std::vector<Tensor> tensors;
};

struct Unpickled {
  Value value;
  Objects objects;
  size_t size = 0;  ///< bytes of the pickle, its end included
};

/// The first pickle in `bytes`, which must outlive the result. Throws DataError (where, offset) for an operation or a
/// name that is not allowed, or bytes that are no pickle. Memory is a small multiple of bytes.size().
Unpickled unpickle(std::string_view bytes, const std::string& where);

}  // namespace weft::pickle
