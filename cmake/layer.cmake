# SPDX-License-Identifier: Apache-2.0
#
# ds_layer() - a folder of sources whose headers only the layers above can see.
#
# Each layer gets a folder of links in the build tree,
#
#     include/NAME/NAME        -> the layer's source folder  "NAME/x.h"
#     include/NAME/dstream/x.h -> lib/include/dstream/x.h    "dstream/x.h"
#
# and that folder is the only include path the layer adds. It goes with DEPENDS
# to the layers above, so what a file can include is what its layer declares.

set(DS_LINKS ${PROJECT_BINARY_DIR}/include)
set(DS_PUBLIC_DIR ${PROJECT_SOURCE_DIR}/lib/include/dstream)
# Those of layers that are gone.
file(REMOVE_RECURSE ${DS_LINKS} ${PROJECT_BINARY_DIR}/layers)
set_property(GLOBAL PROPERTY DS_LAYERS "")
set_property(GLOBAL PROPERTY DS_PUBLIC_HEADERS "")

# ds_layer(name DIR dir [DEPENDS layer…] [PUBLIC header…] [LINK library…]
#          [EXCLUDE file…])
#
# The target is ds_NAME. A layer without a source file is only its headers.
function(ds_layer name)
    cmake_parse_arguments(PARSE_ARGV 1 L "" "DIR"
        "DEPENDS;PUBLIC;LINK;EXCLUDE")
    set(dir ${PROJECT_SOURCE_DIR}/${L_DIR})
    set(target ds_${name})

    set(links ${DS_LINKS}/${name})
    file(MAKE_DIRECTORY ${links}/dstream)
    file(CREATE_LINK ${dir} ${links}/${name} SYMBOLIC)
    foreach(header IN LISTS L_PUBLIC)
        file(CREATE_LINK ${DS_PUBLIC_DIR}/${header} ${links}/dstream/${header}
            SYMBOLIC)
    endforeach()

    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${dir}/*.c ${dir}/*.cc)
    foreach(file IN LISTS L_EXCLUDE)
        list(REMOVE_ITEM sources ${dir}/${file})
    endforeach()
    set(above)
    foreach(layer IN LISTS L_DEPENDS)
        list(APPEND above ds_${layer})
    endforeach()

    if(sources)
        add_library(${target} STATIC ${sources})
        set(scope PUBLIC)
        target_link_libraries(${target} PRIVATE ds_flags)
    else()
        add_library(${target} INTERFACE)
        set(scope INTERFACE)
    endif()
    target_include_directories(${target} ${scope} ${links})
    # For tests/lint/layers.sh: what a file of this layer is compiled with.
    set(paths $<TARGET_PROPERTY:${target},INTERFACE_INCLUDE_DIRECTORIES>)
    file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/layers/${name}
        CONTENT "-I$<JOIN:${paths},\n-I>\n")
    target_link_libraries(${target} ${scope} ${above} ${L_LINK})
    set_property(GLOBAL APPEND PROPERTY DS_LAYERS ${target})
    set_property(GLOBAL APPEND PROPERTY DS_PUBLIC_HEADERS ${L_PUBLIC})
    set_property(GLOBAL PROPERTY DS_DIR_OF_${name} ${L_DIR})
endfunction()

# ds_program(name main layer…): a program, once its main file exists.
function(ds_program name main)
    file(GLOB exists CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${main})
    if(NOT exists)
        return()
    endif()
    add_executable(${name} ${main})
    list(TRANSFORM ARGN PREPEND ds_)
    target_link_libraries(${name} PRIVATE ds_flags ${ARGN})
    if(DSTREAM_MIMALLOC)
        # First on the command line and needed by name: it takes malloc over.
        target_link_options(${name} PRIVATE
            "LINKER:--push-state,--no-as-needed"
            -lmimalloc
            "LINKER:--pop-state")
    endif()
endfunction()

# Every public header belongs to a layer, or nobody could include it.
function(ds_check_public_headers)
    get_property(known GLOBAL PROPERTY DS_PUBLIC_HEADERS)
    file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${DS_PUBLIC_DIR}
        ${DS_PUBLIC_DIR}/*.h)
    foreach(header IN LISTS headers)
        if(NOT header IN_LIST known)
            message(WARNING "lib/include/dstream/${header} belongs to no layer:"
                " name it after PUBLIC of its layer in CMakeLists.txt")
        endif()
    endforeach()
endfunction()
cmake_language(DEFER DIRECTORY ${PROJECT_SOURCE_DIR}
    CALL ds_check_public_headers)
