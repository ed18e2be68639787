/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.h - named points at which tests make the engine crash.
 *
 * The names are those of contract.md 3.9: after_poll, before_produce,
 * mid_produce, after_flush, after_offsets, before_commit, after_commit,
 * before_store, after_store, during_restore.
 *
 * `dstream test` sets a hook: the call then returns DS_E_CRASH, and the caller
 * drops the engine as it is. A build with DSTREAM_TEST_HOOKS also obeys the
 * environment: DSTREAM_FAULT=POINT[:N[:ACTION]] does ACTION to the process
 * (kill: SIGKILL, the default; stop: SIGSTOP) at the N-th passing (default 1),
 * and DSTREAM_BREAK=RULE breaks a rule on purpose (negative controls).
 */
#ifndef DSTREAM_FAULT_H
#define DSTREAM_FAULT_H

#include <stdbool.h>

#include "dstream/error.h"
#include "dstream/public.h"

DS_PUBLIC_BEGIN

typedef bool ds_fault_hook(void *arg, const char *point);
/* NULL: none. Thread: main, before the engine runs or between steps. */
void ds_fault_set_hook(ds_fault_hook *hook, void *arg);
ds_rc ds_fault(const char *point, ds_err *err);
/* All names, NULL-terminated. */
extern const char *const ds_fault_points[];

#ifdef DSTREAM_TEST_HOOKS
bool ds_breaks(const char *rule);
#else
#define ds_breaks(rule) false
#endif

DS_PUBLIC_END

#endif
