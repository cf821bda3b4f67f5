# What find_package(weft CONFIG) reads: the libraries weft needs, then the target weft::weft.
include(${CMAKE_CURRENT_LIST_DIR}/WeftDependencies.cmake)
if(WEFT_MISSING)
  list(JOIN WEFT_MISSING ", " missing)
  set(weft_FOUND FALSE)
  set(weft_NOT_FOUND_MESSAGE "weft needs these libraries, which were not found: ${missing}.")
  return()
endif()
include(${CMAKE_CURRENT_LIST_DIR}/weftTargets.cmake)
