// Wire: whether bytes are a well formed tf.train.Example by protobuf's rules.
#pragma once
#include <string_view>

namespace weft::reference {

bool well_formed_example(std::string_view bytes);

}  // namespace weft::reference
