// ArrayInfo: the types' names and sizes.
#include <weft/io/array_info.h>

namespace weft {

std::string_view to_string(ArrayType type) {
  switch (type) {
    case ArrayType::float32:
      return "float32";
    case ArrayType::float64:
      return "float64";
    case ArrayType::bfloat16:
      return "bfloat16";
    case ArrayType::int32:
      return "int32";
    case ArrayType::int64:
      return "int64";
    case ArrayType::uint8:
      break;
  }
  return "uint8";
}

size_t size_of(ArrayType type) {
  if (type == ArrayType::uint8) return 1;
  if (type == ArrayType::bfloat16) return 2;
  return type == ArrayType::float32 || type == ArrayType::int32 ? 4 : 8;
}

}  // namespace weft
