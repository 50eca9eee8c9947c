/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_H
#define RUN_H

/*
 * gons-run: a command in namespaces of its own.
 *
 * Options are read by options.c, namespaces are created by prepare.c, and the command is started by
 * supervise.c if a process has to stay with it; otherwise gons-run becomes the command.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Exit statuses that gons-run itself returns. */
enum {
	STATUS_IMPOSSIBLE = 77, /* test runners take it for a skip */
	STATUS_TIMEOUT = 124,
	STATUS_FAILURE = 125,
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127,
};

enum sysfs { SYSFS_RO, SYSFS_RW, SYSFS_NONE };

enum on_failure { ON_FAILURE_REPORT = 1, ON_FAILURE_SHELL = 2, ON_FAILURE_HOLD = 4 };

struct options {
	int types; /* beside the network and mount namespaces */
	bool no_net, no_loopback, hermetic, map_current_user, draw, capture;
	enum sysfs sysfs;
	const char *uts_name; /* NULL: keep the host name */
	int private_dirs; /* GONS_PRIVATE_*, 0: none */
	const char **sysctls; /* "NAME=VALUE" */
	size_t n_sysctls;
	char *plan; /* the text, also of a file; NULL: none */
	const char *host; /* of the plan; NULL: a network namespace beside the hosts */
	const char *in; /* the host of a surrounding gons-run to go to; NULL: none */
	double timeout; /* in seconds; 0: none */
	int on_failure;
	const char *artifacts; /* a directory; NULL: none */
	int artifacts_fd; /* of it, as it was before the command got private files; or -1 */
	const char *require;
	char **command; /* ends with NULL; NULL with --draw alone */
};

/* Reads the command line. -1: go on; otherwise the exit status, after a message. */
int options_read(int argc, char **argv, struct options *ret_options);

/* Whether a process has to stay with the command, to end, report or hold something after it. */
bool options_need_supervisor(const struct options *options);

/* The variable by which commands find the network namespace of a host: GONS_HOST_, and the name
 * with _ for - and . in it. */
enum { HOST_VARIABLE_SIZE = 64 };
void host_variable(const char *host, char variable[HOST_VARIABLE_SIZE]);

struct gons_net;

/* Makes this process capable of what follows, in a user namespace if need be. -1 to go on; else the
 * exit status. */
int get_capabilities(const struct options *options);

/* Creates the namespaces, and puts this process into them. -1 to go on; else the exit status. */
int prepare(const struct options *options, struct gons_net **ret_net);

/* What only the process itself can set up that the command is to be in: after the fork with a new
 * PID namespace. Called by a child. -1 to go on; else the exit status. */
int prepare_procfs(const struct options *options);

/* Runs the command in a child and stays with it. Returns the exit status; does not return where the
 * command has died of a signal. */
int supervise(const struct options *options, const struct gons_net *net);

/* Ends the test of the test core that keeps the namespaces for a report, if there is one. */
void end_test(bool failed);

/* Restores the variables that gons-run has set for the library. */
void restore_variables(void);

/* Becomes the command. Returns only if that fails: the exit status. */
int become(char **command);

/* "gons-run: <formatted>" on standard error. Returns status. */
int complain(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
