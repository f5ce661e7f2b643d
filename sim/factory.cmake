# What lacuna_engines() and lacuna_systems() share: the text that describes a model, and the library of its factory.
include_guard(GLOBAL)

# lacuna_fields(<caller> <text> <name>[=<default>] ...): sets variables to the fields of the text, which colons separate.
# Those with a default, the last ones, may be missing.
function(lacuna_fields caller text)
    string(REPLACE ":" ";" fields ${text})
    list(LENGTH fields count)
    set(given ${count})
    foreach(entry ${ARGN})
        string(REGEX MATCH "^([a-z]+)=?(.*)$" entry ${entry})
        set(value "${CMAKE_MATCH_2}")
        if(fields)
            list(POP_FRONT fields value)
        endif()
        if("${value}" STREQUAL "")
            set(given -1)
        endif()
        set(${CMAKE_MATCH_1} "${value}" PARENT_SCOPE)
    endforeach()
    list(LENGTH fields left)
    if(given LESS 0 OR left GREATER 0)
        string(REPLACE ";" ":" expected "${ARGN}")
        message(FATAL_ERROR "${caller}: '${text}' has ${count} fields, expected ${expected}")
    endif()
endfunction()

# lacuna_given(<variable> <prefix> <flag> ...): those flags that cmake_parse_arguments(<prefix>) has found.
function(lacuna_given variable prefix)
    set(flags)
    foreach(flag ${ARGN})
        if(${prefix}_${flag})
            list(APPEND flags ${flag})
        endif()
    endforeach()
    set(${variable} ${flags} PARENT_SCOPE)
endfunction()

# lacuna_factory(<library> <template> <base>): <library>, of the factory that the template gives with the caller's
# variables, on <library>_verilated and the library <base> of what the factory makes.
macro(lacuna_factory library template base)
    set(target ${library})
    configure_file(${CMAKE_SOURCE_DIR}/sim/${template} ${CMAKE_CURRENT_BINARY_DIR}/${library}.cpp @ONLY)
    add_library(${library} ${CMAKE_CURRENT_BINARY_DIR}/${library}.cpp)
    target_link_libraries(${library} PUBLIC ${base} ${library}_verilated)
endmacro()
