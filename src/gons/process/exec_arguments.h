/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_PROCESS_EXEC_ARGUMENTS_H
#define GONS_I_PROCESS_EXEC_ARGUMENTS_H

/* What execve(2) needs to run a program, prepared before the fork. The arrays are NULL if memory is
 * short, and are freed by free(3). */

/* The value of a variable in an environment, or NULL. */
const char *gons_i_find_variable(const char *name, char *const environment[]);

/* The paths that execvp(3) would try for a program with this environment; ends with NULL. */
const char **gons_i_list_paths(const char *program, char *const environment[]);

/* The arguments of a shell that runs argv[0] as a script. The strings are those of argv. */
char **gons_i_list_shell_arguments(const char *const argv[]);

/* A copy of the array and of its strings. */
char **gons_i_copy_arguments(const char *const argv[]);

#endif
