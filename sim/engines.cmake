# lacuna_engines(<library> [TRACE] [FAST] GEOMETRIES <geometry> ...)
#
# Makes a library with Verilated engines and the factory for them (sim/engine.hpp). A geometry is written
# tiles:ports:weight_depth:bank_depth:row_depth:accumulator_bits, or with :16 behind it for activations of 16 bits
# (:8 is the default). An executable links one such library.
include_guard(GLOBAL)
include(${CMAKE_CURRENT_LIST_DIR}/factory.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/verilate.cmake)

function(lacuna_engines library)
    cmake_parse_arguments(PARSE_ARGV 1 arg "TRACE;FAST" "" "GEOMETRIES")
    lacuna_given(flags arg TRACE FAST)
    set(includes)
    set(entries)
    set(memories)
    foreach(geometry ${arg_GEOMETRIES})
        lacuna_fields("lacuna_engines(${library})" ${geometry} tiles ports weights banks rows accumulator act=8)
        string(REPLACE ":" "_" prefix "Vengine_${geometry}")
        lacuna_verilate(${library}_verilated ${flags} TOP lacuna_engine PREFIX ${prefix} ACT ${act} PARAMETERS
            Tiles=${tiles} Ports=${ports} WeightDepth=${weights} BankDepth=${banks} RowDepth=${rows} AccW=${accumulator})
        string(APPEND includes "#include \"${prefix}.h\"\n#include \"${prefix}___024root.h\"\n")
        string(APPEND memories "template <>\nstd::vector<std::uint64_t*> weight_memories(${prefix}& model) {\n    auto& root = *model.rootp;\n    return {\n")
        math(EXPR last_tile "${tiles} - 1")
        foreach(lane RANGE 3)
            foreach(tile RANGE ${last_tile})
                string(APPEND memories "        &root.lacuna_engine__DOT__gen_lane__BRA__${lane}__KET____DOT__u_lane__DOT__gen_tile__BRA__${tile}__KET____DOT__u_tile__DOT__u_weights__DOT__mem[0],\n")
            endforeach()
        endforeach()
        string(APPEND memories "    };\n}\n")
        string(APPEND entries "        {Geometry{${tiles}, ${ports}, ${weights}, ${banks}, ${rows}, 64, ${accumulator}, ${act}}, &create<${prefix}>},\n")
    endforeach()
    lacuna_factory(${library} engine_factory.cpp.in lacuna_sim)
endfunction()
