/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_RUN_GUARD_H
#define GONS_RUN_GUARD_H

/*
 * The guard, a process between gons-run and the command. gons-run and the guard send each other
 * messages by a socket, and notice by it when the other one has ended.
 */

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "run.h"

/* From gons-run to the guard: send a signal to the command or to its process group. */
struct signal_request {
	int number; /* of the signal */
	bool to_group;
	bool to_foreground; /* first make that group the foreground group of the terminal */
};

/* From the guard to gons-run: the state of the command has changed. */
struct command_state {
	int status; /* as of waitpid(2) */
	bool could_not_start; /* then status is the exit status of gons-run */
	bool has_foreground; /* the command's group is the foreground group of the terminal */
};

/* What gons-run found when it was started. */
struct start_state {
	sigset_t mask; /* of blocked signals */
	struct sigaction sigchld;
	int tty_fd; /* of the controlling terminal; -1: none */
	bool has_foreground; /* gons-run is in the foreground group of the terminal */
};

/* Runs the command as a child of this process, and ends when the command or gons-run has ended,
 * after killing all that the command has started. fd is the socket to gons-run. Returns the exit
 * status of the guard. */
int guard(const struct options *options, const struct gons_net *net,
	  const struct start_state *start, int fd);

/* Makes a process group the foreground group of the terminal, if there is one. */
void set_foreground(const struct start_state *start, pid_t group);

/* ---- remaining.c ---- */

/* Opens /proc for kill_remaining(). Called before the command runs, since that may mount something
 * over /proc, or unmount it. */
void open_procfs(void);
void close_procfs(void);

/* Kills a process group (0: none) and all children of this process, and waits until they have
 * ended. */
void kill_remaining(pid_t group);

#endif
