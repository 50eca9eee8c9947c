/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_SETS_IDMAP_HELPER_H
#define GONS_I_SETS_IDMAP_HELPER_H

#include <stddef.h>

/*
 * Runs argv[0], newuidmap(1) or newgidmap(1), which is looked up in PATH or, if this program has
 * elevated privileges, in /usr/bin. It is killed after 30 s. Returns 0; an error number if it
 * cannot be run; or -1 if it has failed: then line is the first line that it has printed.
 */
int gons_i_helper_run(char *const argv[], char *line, size_t size);

/* Adds to the message why the program, which was run and has failed, can have no more privileges than
 * this process, if that is so. */
void gons_i_helper_explain(const char *program);

#endif
