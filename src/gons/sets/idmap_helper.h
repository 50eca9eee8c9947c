/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_SETS_IDMAP_HELPER_H
#define GONS_I_SETS_IDMAP_HELPER_H

#include <stddef.h>

/*
 * Runs program argv[0], such as newuidmap(1), which is looked for in PATH or, by a program with
 * elevated privileges, in /usr/bin. It is killed after 10 s. Returns 0; an error number when it
 * cannot be run; or -1 when it has failed: then line is the first line that it has printed.
 */
int gons_i_helper_run(char *const argv[], char *line, size_t size);

#endif
