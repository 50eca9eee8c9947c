/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_RUN_RUN_H
#define GONS_RUN_RUN_H

/*
 * gons-run: runs a command in new namespaces.
 *
 * options.c reads the options, and prepare.c creates the namespaces. Then gons-run becomes the
 * command (gons-run.c), or supervise.c runs the command and waits for it, with a process between
 * the two (guard.c). failure.c is about what happens after a failure.
 *
 * Several functions return -1 for success, and otherwise the exit status of gons-run: they have
 * printed a message then.
 */

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Exit statuses that gons-run itself returns. */
enum {
	STATUS_IMPOSSIBLE = 77, /* test runners take this for a skip */
	STATUS_TIMEOUT = 124,
	STATUS_FAILURE = 125,
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127,
};

enum sysfs { SYSFS_RO, SYSFS_RW, SYSFS_NONE };

enum on_failure { ON_FAILURE_REPORT = 1, ON_FAILURE_SHELL = 2, ON_FAILURE_HOLD = 4 };

struct options {
	int types; /* of namespaces, besides network and mount namespaces */
	bool no_net, no_loopback, hermetic, map_current_user, draw, capture;
	enum sysfs sysfs;
	const char *uts_name; /* NULL: keep the host name */
	int private_dirs; /* GONS_PRIVATE_*, 0: none */
	const char **sysctls; /* "NAME=VALUE" */
	size_t n_sysctls;
	char *plan; /* its text, which may come from a file; NULL: none */
	const char *host; /* the host of the plan to run in; NULL: a network namespace of its own */
	const char *in; /* the host of another gons-run to run in; NULL: none */
	double timeout; /* in seconds; 0: none */
	int on_failure;
	const char *artifacts; /* a directory; NULL: none */
	int artifacts_fd; /* of this directory, which private files may hide later; -1: none */
	const char *require;
	char **command; /* ends with NULL; or NULL, if there is only --draw */
};

/* Reads the command line. Returns -1, or an exit status (0 after --help and --version). */
int options_read(int argc, char **argv, struct options *ret_options);

/* Whether gons-run must wait for the command and not become it. */
bool options_need_supervisor(const struct options *options);

struct gons_net;

/* Gets the capabilities for what follows, in a new user namespace if necessary. Returns -1 or an
 * exit status. */
int get_capabilities(const struct options *options);

/* Creates the namespaces of the command and enters them. Returns -1 or an exit status. */
int prepare(const struct options *options, struct gons_net **ret_net);

/* If the options ask for a new PID namespace, later children of this process are in it. There is no
 * return. Returns -1 or an exit status. */
int enter_pid_namespace(void);

/* Mounts the /proc of a new PID namespace. Called by a child, which is in that namespace. Returns
 * -1 or an exit status. */
int prepare_procfs(const struct options *options);

/* Sets the variables with the paths of the hosts' network namespaces, which are descriptors of the
 * process owner. Returns -1 or an exit status. */
int set_host_variables(const struct gons_net *net, pid_t owner);

/* Runs the command in a child and waits for it. Returns the exit status. If a signal has killed the
 * command, it ends this process by the same signal. */
int supervise(const struct options *options, const struct gons_net *net);

/* Does what the options say after a failure of the command. mask: the signals that were blocked
 * when gons-run started. */
void handle_failure(const struct options *options, const struct gons_net *net,
		    const sigset_t *mask);

/* Ends the test of the library that the command is, if there is one, with a report if it failed. */
void end_test(bool failed);

/* Restores the environment variables that gons-run has set for the library. */
void restore_variables(void);

/* Executes the command in this process. Returns only if that fails: the exit status. */
int become(char **command);

/* "gons-run: <formatted>" on standard error. Returns status. */
int complain(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
