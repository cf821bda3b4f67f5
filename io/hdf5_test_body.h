// A new HDF5 file as other programs write it, in the library's default format. For tests only.
#pragma once
#include <weft/io/hdf5_body.h>

#include <string>

namespace weft {

inline hdf5::Id new_file(const std::string& path) {
  return {H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose};
}

}  // namespace weft
