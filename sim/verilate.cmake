# lacuna_verilate(<target> TOP <module> PREFIX <class> [PARAMETERS Name=Value ...] [LIST <file>] [SOURCES <file> ...]
#                 [ACT 8|16] [TRACE] [FAST] [ARGS ...])
#
# Adds the C++ class <class>, made by Verilator from rtl/rtl.f and the primitives of LIST (default:
# rtl/generic/generic.f), to the static library <target>, which the first call creates. Several models in one library
# share Verilator's run-time. ACT: bits of an activation, 8 by default. SOURCES come after the lists; TRACE allows FST traces (of all calls for a target or none);
# FAST compiles a large model for long runs; without it, small models are compiled together for a short build.
# Warnings are errors; those of style are left to tools/lint. Generated code is compiled without our warnings.
include_guard(GLOBAL)

if(POLICY CMP0144)
    cmake_policy(SET CMP0144 NEW)
endif()
find_package(verilator QUIET HINTS $ENV{VERILATOR_ROOT} ${CMAKE_CURRENT_LIST_DIR}/../.tools/verilator)
if(NOT verilator_FOUND)
    message(FATAL_ERROR "Verilator not found: run `make setup`, or install Verilator 5.032 or later and set VERILATOR_ROOT to its share/verilator")
endif()

cmake_path(SET rtl_folder NORMALIZE ${CMAKE_CURRENT_LIST_DIR}/../rtl)
set(LACUNA_RTL_DIR ${rtl_folder} CACHE INTERNAL "Hardware sources")

# Absolute names of the sources in a file list, whose names are relative to it.
function(lacuna_read_list list variable)
    file(STRINGS ${list} names)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${list})
    cmake_path(GET list PARENT_PATH folder)
    list(TRANSFORM names PREPEND ${folder}/)
    set(${variable} ${names} PARENT_SCOPE)
endfunction()

function(lacuna_verilate target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "TRACE;FAST" "TOP;PREFIX;LIST;ACT" "PARAMETERS;SOURCES;ARGS")
    if(NOT arg_TOP OR NOT arg_PREFIX OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "lacuna_verilate(${target}): needs TOP and PREFIX; not understood: '${arg_UNPARSED_ARGUMENTS}'")
    endif()
    if(NOT arg_LIST)
        set(arg_LIST ${LACUNA_RTL_DIR}/generic/generic.f)
    endif()
    cmake_path(NORMAL_PATH arg_LIST)  # one spelling, as it becomes a dependency of the build files
    if(NOT arg_ACT)
        set(arg_ACT 8)
    endif()
    if(NOT TARGET ${target})
        add_library(${target} STATIC)
        # System headers for its users: our warnings are not for generated code.
        set_target_properties(${target} PROPERTIES SYSTEM ON EXPORT_COMPILE_COMMANDS OFF)
        if(NOT arg_FAST)
            set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
            target_compile_options(${target} PRIVATE -O1)
            target_precompile_headers(${target} PRIVATE <verilated.h>)
        endif()
    endif()

    lacuna_read_list(${LACUNA_RTL_DIR}/rtl.f design)
    lacuna_read_list(${arg_LIST} primitives)
    list(TRANSFORM arg_PARAMETERS PREPEND -G)
    set(optimise)
    if(arg_FAST)
        set(optimise OPT_SLOW -O0 OPT_FAST -O3)
    endif()
    set(trace)
    if(arg_TRACE)
        set(trace TRACE_FST)
    endif()
    verilate(${target} ${trace}
        PREFIX ${arg_PREFIX}
        TOP_MODULE ${arg_TOP}
        SOURCES ${design} ${primitives} ${arg_SOURCES}
        VERILATOR_ARGS --assert -O3 --x-assign unique --x-initial unique -DLACUNA_ACT=${arg_ACT} ${arg_PARAMETERS} ${arg_ARGS}
        ${optimise})
    get_target_property(generated ${target} SOURCES)
    list(FILTER generated INCLUDE REGEX "/${arg_PREFIX}\\.dir/.*\\.cpp$")
    set_source_files_properties(${generated} PROPERTIES UNITY_GROUP ${arg_PREFIX})
    if(arg_TRACE)
        find_package(ZLIB REQUIRED)
        target_link_libraries(${target} PUBLIC ZLIB::ZLIB)
    endif()
endfunction()
