/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_PROCESS_LOOKUP_H
#define GONS_I_PROCESS_LOOKUP_H

/* Arguments and paths of a program, prepared before its process is started. Free what is returned
 * by free(3); it is NULL if memory is short. */

/* The value of an environment's variable, or NULL. */
const char *gons_i_find_variable(const char *name, char *const environment[]);

/* The paths at which execvp(3) would look for a program with this environment; ends with NULL. */
const char **gons_i_list_paths(const char *program, char *const environment[]);

/* The arguments of a shell that runs argv[0] as a script. The strings still belong to argv. */
char **gons_i_list_shell_arguments(const char *const argv[]);

char **gons_i_copy_arguments(const char *const argv[]);

/* "exited with status 3", or which signal has killed it; end is filled and returned. */
enum { GONS_I_END_SIZE = 80 };
const char *gons_i_describe_end(int status, char end[GONS_I_END_SIZE]);

#endif
