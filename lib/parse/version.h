/* SPDX-License-Identifier: Apache-2.0 */
/* version.h - of the grammar. */
#ifndef PARSE_VERSION_H
#define PARSE_VERSION_H

const char *parse_library_version(void);

#endif
