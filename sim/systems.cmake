# lacuna_systems(<library> [TRACE] [FAST] [ECP5] SYSTEMS <system> ...)
#
# Makes a library with Verilated systems, engine and link behind a UART, and the factory for them (sim/system.hpp). A
# system is written tiles:ports:weight_depth:bank_depth:row_depth:accumulator_bits:act, then
# embedding_depth:frame_bytes:window:boot_depth:clocks_per_bit:watchdog_cycles:trial_cycles. An executable links one such
# library. ECP5: with rtl/ecp5 and models of the vendor's primitives instead of rtl/generic.
include_guard(GLOBAL)
include(${CMAKE_CURRENT_LIST_DIR}/factory.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/verilate.cmake)

function(lacuna_systems library)
    cmake_parse_arguments(PARSE_ARGV 1 arg "TRACE;FAST;ECP5" "" "SYSTEMS")
    lacuna_given(flags arg TRACE FAST)
    set(primitives)
    if(arg_ECP5)
        file(GLOB cells CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sim/ecp5/*.sv)
        set(primitives LIST ${LACUNA_RTL_DIR}/ecp5/ecp5.f SOURCES ${cells})
    endif()
    set(includes)
    set(entries)
    foreach(system ${arg_SYSTEMS})
        lacuna_fields("lacuna_systems(${library})" ${system} tiles ports weights banks rows accumulator act embedding frame
            window boot clocks watchdog trial)
        math(EXPR clock "${clocks} * 1000000")
        string(REPLACE ":" "_" prefix "Vsystem_${system}")
        lacuna_verilate(${library}_verilated ${flags} TOP lacuna_system PREFIX ${prefix} ACT ${act} ${primitives}
            PARAMETERS Tiles=${tiles} Ports=${ports} WeightDepth=${weights} BankDepth=${banks} RowDepth=${rows} AccW=${accumulator}
                EmbeddingDepth=${embedding} FrameBytes=${frame} Window=${window} BootDepth=${boot} ClockHz=${clock} Baud=1000000
                WatchdogCycles=${watchdog} TrialCycles=${trial}
            ARGS ${CMAKE_SOURCE_DIR}/sim/system.vlt)
        string(APPEND includes "#include \"${prefix}.h\"\n#include \"${prefix}___024root.h\"\n")
        string(APPEND entries "        {SystemParameters{Geometry{${tiles}, ${ports}, ${weights}, ${banks}, ${rows}, 64, ${accumulator}, ${act}}, ${embedding}, ${frame}, ${window}, ${boot}, ${clocks}, ${watchdog}, ${trial}}, &create<${prefix}>},\n")
    endforeach()
    lacuna_factory(${library} system_factory.cpp.in lacuna_board)
endfunction()
