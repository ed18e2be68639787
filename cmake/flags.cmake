# SPDX-License-Identifier: Apache-2.0
#
# Compiler and linker flags, all on one target: ds_flags.

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Every object can become part of the shared library (cmake/library.cmake), which
# shows what the public headers declare and nothing else.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

include(CheckCCompilerFlag)

add_library(ds_flags INTERFACE)
target_compile_definitions(ds_flags INTERFACE
    _GNU_SOURCE DSTREAM_VERSION="${PROJECT_VERSION}"
    $<$<BOOL:${DSTREAM_TEST_HOOKS}>:DSTREAM_TEST_HOOKS=1>)
target_compile_options(ds_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wformat=2
    -Werror=format-security -fno-strict-aliasing -fno-strict-overflow
    -fno-delete-null-pointer-checks -fno-omit-frame-pointer
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
    $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
    $<$<COMPILE_LANGUAGE:C>:-Werror=implicit>
    $<$<COMPILE_LANGUAGE:C>:-Werror=incompatible-pointer-types>
    $<$<COMPILE_LANGUAGE:C>:-Werror=int-conversion>
    $<$<BOOL:${DSTREAM_WERROR}>:-Werror>
    $<$<BOOL:${DSTREAM_SYNTAX_ONLY}>:-fsyntax-only>)

if(DSTREAM_HARDEN)
    foreach(flag
            -fstrict-flex-arrays=3
            -fstack-clash-protection
            -fstack-protector-strong
            -ftrivial-auto-var-init=zero
            -fcf-protection=full
            -mbranch-protection=standard)
        string(MAKE_C_IDENTIFIER "DS_HAS${flag}" has)
        check_c_compiler_flag(${flag} ${has})
        if(${has})
            target_compile_options(ds_flags INTERFACE ${flag})
        endif()
    endforeach()
    target_compile_options(ds_flags INTERFACE
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -D_GLIBCXX_ASSERTIONS
        -fexceptions)
    target_link_options(ds_flags INTERFACE -pie
        -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,nodlopen
        -Wl,-z,defs -Wl,--as-needed -Wl,--no-copy-dt-needed-entries)
endif()

if(DSTREAM_SANITIZE)
    target_compile_options(ds_flags INTERFACE
        -fsanitize=${DSTREAM_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(ds_flags INTERFACE -fsanitize=${DSTREAM_SANITIZE})
endif()
