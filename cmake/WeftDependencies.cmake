# The libraries weft is linked with. The build and an installed weft's find_package include this one file; it makes the
# targets of WEFT_LIBRARIES and leaves the names of what is not there in WEFT_MISSING.
set(WEFT_MISSING "")

# A library without a CMake package of its own, or with one that asks for too much: oneDNN's wants the OpenCL headers, which
# nothing here uses; CMake's for HDF5 links everything that HDF5 was linked with.
function(weft_find_plain name header)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "LIBRARY;INCLUDE_SUFFIX")
  string(TOUPPER WEFT_${name} cache)
  find_path(${cache}_INCLUDE ${header} PATH_SUFFIXES ${arg_INCLUDE_SUFFIX})
  find_library(${cache}_LIBRARY NAMES ${arg_LIBRARY})
  mark_as_advanced(${cache}_INCLUDE ${cache}_LIBRARY)
  if(NOT ${cache}_INCLUDE OR NOT ${cache}_LIBRARY)
    set(WEFT_MISSING ${WEFT_MISSING} ${name} PARENT_SCOPE)
  elseif(NOT TARGET weft::${name})
    add_library(weft::${name} UNKNOWN IMPORTED)
    set_target_properties(weft::${name} PROPERTIES IMPORTED_LOCATION ${${cache}_LIBRARY}
                          INTERFACE_INCLUDE_DIRECTORIES ${${cache}_INCLUDE})
  endif()
endfunction()

weft_find_plain(onednn oneapi/dnnl/dnnl.hpp LIBRARY dnnl)
weft_find_plain(hdf5 hdf5.h LIBRARY hdf5_serial hdf5 INCLUDE_SUFFIX hdf5/serial)
weft_find_plain(isal isa-l/crc.h LIBRARY isal)
weft_find_plain(farmhash farmhash.h LIBRARY farmhash)

find_package(OpenMP QUIET COMPONENTS CXX)
find_package(Threads QUIET)
find_package(ZLIB QUIET)
find_package(fmt QUIET)
set(WEFT_LIBRARIES weft::onednn weft::hdf5 weft::isal weft::farmhash ZLIB::ZLIB fmt::fmt OpenMP::OpenMP_CXX Threads::Threads)
foreach(target OpenMP::OpenMP_CXX Threads::Threads ZLIB::ZLIB fmt::fmt)
  if(NOT TARGET ${target})
    string(REGEX REPLACE "::.*" "" name ${target})
    list(APPEND WEFT_MISSING ${name})
  endif()
endforeach()
