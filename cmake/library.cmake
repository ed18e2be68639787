# SPDX-License-Identifier: Apache-2.0
#
# ds_library() - the layers as a library for other programs, and what
# `cmake --install` puts where.
#
#     lib/libdstream.so.0     shared; only what the public headers declare
#     lib/libdstream.a        the same as one object: its other names are local
#     lib/pkgconfig/dstream.pc
#     include/dstream/        lib/include/dstream
#     bin/dstream, share/doc/dstream

include(GNUInstallDirs)

# ds_library_parts(out_layers out_links layer…): the layers with a source file,
# those below them too, and the libraries that they link.
function(ds_library_parts out_layers out_links)
    set(todo ${ARGN})
    set(layers)
    set(links)
    while(todo)
        list(POP_FRONT todo item)
        if(NOT item MATCHES "^ds_")
            list(APPEND links ${item})
            continue()
        endif()
        if(item IN_LIST layers OR item STREQUAL ds_flags)
            continue()
        endif()
        list(APPEND layers ${item})
        get_target_property(below ${item} INTERFACE_LINK_LIBRARIES)
        if(below)
            list(APPEND todo ${below})
        endif()
    endwhile()
    list(FILTER links EXCLUDE REGEX "LINK_ONLY")
    list(REMOVE_DUPLICATES links)
    set(${out_layers} ${layers} PARENT_SCOPE)
    set(${out_links} ${links} PARENT_SCOPE)
endfunction()

# The libraries are named one by one, not required as packages: whoever links
# libdstream.a links their shared libraries, and those need no more.
function(ds_library_pc name links)
    set(DS_PC_LIBS)
    foreach(link IN LISTS links)
        if(link MATCHES "Threads")
            string(APPEND DS_PC_LIBS " -pthread")
        else()
            string(APPEND DS_PC_LIBS " -l${link}")
        endif()
    endforeach()
    configure_file(${PROJECT_SOURCE_DIR}/cmake/dstream.pc.in
        ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
endfunction()

# ds_library(name layer…): targets NAME_shared and NAME_static. Not in builds
# that make nothing, or whose objects need a sanitizer's runtime.
function(ds_library name)
    if(DSTREAM_SYNTAX_ONLY OR DSTREAM_SANITIZE)
        return()
    endif()
    list(TRANSFORM ARGN PREPEND ds_ OUTPUT_VARIABLE top)
    ds_library_parts(layers links ${top})
    set(objects)
    foreach(layer IN LISTS layers)
        get_target_property(type ${layer} TYPE)
        if(type STREQUAL STATIC_LIBRARY)
            list(APPEND objects $<TARGET_OBJECTS:${layer}>)
        endif()
    endforeach()

    set(exports ${PROJECT_SOURCE_DIR}/cmake/${name}.map)
    add_library(${name}_shared SHARED ${objects})
    target_link_libraries(${name}_shared PRIVATE ${links})
    target_link_options(${name}_shared PRIVATE
        "LINKER:--version-script=${exports}" "LINKER:-z,defs"
        "LINKER:--as-needed")
    set_target_properties(${name}_shared PROPERTIES OUTPUT_NAME ${name}
        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
        LINK_DEPENDS ${exports} LINKER_LANGUAGE CXX)

    # One object, so that a hidden name can become a local one.
    set(whole ${PROJECT_BINARY_DIR}/${name}_whole.o)
    set(list ${PROJECT_BINARY_DIR}/${name}_objects)
    file(GENERATE OUTPUT ${list} CONTENT "$<JOIN:${objects},\n>\n")
    add_custom_command(OUTPUT ${whole}
        COMMAND ${CMAKE_LINKER} -r -o ${whole} "@${list}"
        COMMAND ${CMAKE_OBJCOPY} --localize-hidden ${whole}
        DEPENDS ${objects} ${list} VERBATIM COMMAND_EXPAND_LISTS)
    add_library(${name}_static STATIC ${whole})
    set_target_properties(${name}_static PROPERTIES OUTPUT_NAME ${name}
        LINKER_LANGUAGE CXX)

    ds_library_pc(${name} "${links}")
    install(TARGETS ${name}_shared ${name}_static ${name})
    install(DIRECTORY ${DS_PUBLIC_DIR} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
    install(FILES ${PROJECT_BINARY_DIR}/${name}.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
    install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
endfunction()
