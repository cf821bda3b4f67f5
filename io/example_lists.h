// Value lists of a tf.train.Example: packed varints, packed floats, byte strings, decoded at once.
#pragma once
#include <weft/io/example_wire.h>

#include <string_view>

namespace weft::wire {

/// Decodes the varints of a packed list into `out`, which has room for in.size() values. Returns how many there were,
/// or -1 if the last one has no end.
int64_t decode_varints(Bytes in, int64_t* out);

/// Copies a packed list of floats into `out`, which has room for in.size() / 4. Returns how many, or -1 if the size is
/// no multiple of 4.
int64_t decode_floats(Bytes in, float* out);

/// Points out[0 ..] at the strings of a BytesList; `out` has room for in.size() / 2. Returns how many, or -1 if there
/// is anything but whole strings in the list.
int64_t decode_strings(Bytes in, std::string_view* out);

}  // namespace weft::wire
