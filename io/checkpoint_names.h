// Names of a checkpoint: of objects in the file, and of slots.
#pragma once
#include <string>
#include <string_view>

namespace weft {

/// The name of an array within the group /arrays: '/' is written '|', since HDF5 would make groups of it and then
/// "a/bias" could not stand beside "a/bias/Adagrad". '|', '%' and names of dots alone are written %XX. Throws
/// ValueError for an empty name or one with a NUL.
std::string object_name(std::string_view array);
/// The array of an object. Throws DataError for what object_name() does not give.
std::string array_name(std::string_view object);

/// `pattern` with {variable}, {slot} and {optimizer} replaced. Throws ValueError for another {word}, or without {slot}
/// or {variable}.
struct SlotNameParts {
  std::string_view variable;
  std::string_view slot;
  std::string_view optimizer;
};
std::string slot_array_name(std::string_view pattern, const SlotNameParts& parts);

}  // namespace weft
