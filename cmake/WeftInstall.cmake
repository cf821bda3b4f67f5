# cmake --install: the library, its headers as <weft/...>, and the files that find_package(weft CONFIG) reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(weft_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weft)
install(TARGETS weft EXPORT weftTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT weftTargets NAMESPACE weft:: DESTINATION ${weft_package_dir})
foreach(room ${WEFT_ROOMS})
  install(DIRECTORY ${room} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/weft FILES_MATCHING PATTERN "*.h"
          PATTERN "*_body.h" EXCLUDE)
endforeach()
install(FILES weft.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/weft)

write_basic_package_version_file(${PROJECT_BINARY_DIR}/weftConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/weftConfig.cmake cmake/WeftDependencies.cmake ${PROJECT_BINARY_DIR}/weftConfigVersion.cmake
        DESTINATION ${weft_package_dir})
