/* SPDX-License-Identifier: Apache-2.0 */
/*
 * public.h - what every public header stands between.
 *
 * All functions and variables that are declared between the two are exported by
 * the shared library, and have C linkage for C++; everything else is hidden
 * (tests/lint/symbols.sh).
 */
#ifndef DSTREAM_PUBLIC_H
#define DSTREAM_PUBLIC_H

#if defined(__GNUC__)
#define DS_VISIBLE _Pragma("GCC visibility push(default)")
#define DS_VISIBLE_END _Pragma("GCC visibility pop")
#else
#define DS_VISIBLE
#define DS_VISIBLE_END
#endif

/* clang-format off */
#ifdef __cplusplus
#define DS_PUBLIC_BEGIN DS_VISIBLE extern "C" {
#define DS_PUBLIC_END } DS_VISIBLE_END
#define DS_NORETURN [[noreturn]]
#define DS_STATIC_ASSERT static_assert
#else
#define DS_PUBLIC_BEGIN DS_VISIBLE
#define DS_PUBLIC_END DS_VISIBLE_END
#define DS_NORETURN _Noreturn
#define DS_STATIC_ASSERT _Static_assert
#endif
/* clang-format on */

#endif
