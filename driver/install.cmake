# `make install`: the program `lacuna`, the driver with what it stands on, headers, a CMake package (find_package(lacuna),
# target lacuna::driver) and a pkg-config file (lacuna); liblacuna.so with its C header, and the Python module.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set_target_properties(lacuna_driver PROPERTIES EXPORT_NAME driver)
install(TARGETS lacuna_driver lacuna_pack lacuna_golden lacuna_common lacuna_options EXPORT lacuna
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS lacuna_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES driver/lacuna.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES python/lacuna.py DESTINATION ${CMAKE_INSTALL_DATADIR}/lacuna)
install(TARGETS lacuna RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(folder common golden pack driver spec)
    install(DIRECTORY ${folder}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lacuna/${folder} FILES_MATCHING PATTERN "*.hpp")
endforeach()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/lacuna)
install(EXPORT lacuna NAMESPACE lacuna:: FILE lacuna-targets.cmake DESTINATION ${package})
configure_package_config_file(driver/lacuna-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/lacuna-config.cmake
    INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/lacuna-config-version.cmake COMPATIBILITY SameMajorVersion)
file(RELATIVE_PATH prefix_from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)  # the installation can be moved
configure_file(driver/lacuna.pc.in ${CMAKE_CURRENT_BINARY_DIR}/lacuna.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/lacuna-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/lacuna-config-version.cmake
    DESTINATION ${package})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/lacuna.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
