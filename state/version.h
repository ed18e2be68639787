/* SPDX-License-Identifier: Apache-2.0 */
/* version.h - of the store's library. */
#ifndef STATE_VERSION_H
#define STATE_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

const char *state_library_version(void);

#ifdef __cplusplus
}
#endif

#endif
