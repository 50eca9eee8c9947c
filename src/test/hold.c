/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A failed test that waits, so that a developer can look into its namespaces.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "gons/base/clock.h"
#include "test/hold.h"
#include "test/test.h"

/* The value of GONS_HOLD: 0: do not wait; 1: wait without a limit; otherwise seconds. */
static long hold_seconds(void)
{
	const char *value = getenv("GONS_HOLD");

	return value ? strtol(value, NULL, 10) : 0;
}

bool gons_i_test_holds(void)
{
	return hold_seconds() > 0;
}

/* Whether this process is in another user namespace than the initial one. The map of the initial
 * one is a single line with all ids. */
static bool is_in_user_namespace(void)
{
	FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned inside = 1, outside = 1, count = 0;

	if (!file)
		return false;
	if (fscanf(file, "%u %u %u", &inside, &outside, &count) != 3)
		count = 0;
	(void)fclose(file);
	return inside != 0 || outside != 0 || count != 4294967295U;
}

static __thread const char *hint;

void gons_i_test_hold_set_hint(const char *new_hint)
{
	hint = new_hint;
}

static void print_commands(const struct gons_i_report *report, const char *name)
{
	const char *user = is_in_user_namespace() ? " --user --preserve-credentials" : "";
	const pid_t tid = gettid();

	gons_i_test_note("gons: %s has failed and waits. To get into its namespaces:\n", name);
	gons_i_test_note("    nsenter --target %d%s --net --mount --uts --ipc --wd\n", tid, user);
	for (size_t i = 0; i < report->n; i++)
		if (strcmp(report->namespaces[i].name, "the test's namespace") != 0)
			gons_i_test_note("    nsenter --target %d%s --net=/proc/%d/fd/%d # %s\n",
					 tid, user, getpid(), report->namespaces[i].fd,
					 report->namespaces[i].name);
	gons_i_test_note("To go on: %skill -USR1 %d\n",
			 isatty(STDIN_FILENO) ? "press Enter here, or " : "", getpid());
	if (hint)
		gons_i_test_note("%s\n", hint);
}

/* ---- waiting ---- */

static int event_fd = -1;

/* Handles SIGUSR1, on any thread. */
static void end_hold(int number)
{
	const uint64_t one = 1;
	int saved = errno;

	(void)number;
	(void)!write(event_fd, &one, sizeof(one));
	errno = saved;
}

static void wait_for_user(int64_t timeout_ms)
{
	const int64_t end = gons_i_nanoseconds() / GONS_I_NS_OF_MS + timeout_ms;
	/* poll(2) ignores a negative descriptor. */
	struct pollfd events[] = {
		{ .fd = event_fd, .events = POLLIN },
		{ .fd = isatty(STDIN_FILENO) ? STDIN_FILENO : -1, .events = POLLIN },
	};
	char line[256];

	for (;;) {
		const int64_t left = end - gons_i_nanoseconds() / GONS_I_NS_OF_MS;

		if (timeout_ms > 0 && left <= 0)
			return;
		if (poll(events, 2, timeout_ms > 0 ? (int)(left < 60000 ? left : 60000) : -1) > 0)
			break;
	}
	if (events[1].revents)
		(void)!read(STDIN_FILENO, line, sizeof(line));
}

void gons_i_test_hold(const struct gons_i_report *report, const char *name)
{
	const struct sigaction action = { .sa_handler = end_hold };
	const long seconds = hold_seconds();
	struct sigaction before;

	event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	(void)sigaction(SIGUSR1, &action, &before);
	gons_i_test_write_notes();
	print_commands(report, name);
	wait_for_user(seconds > 1 ? (int64_t)seconds * 1000 : 0);
	(void)sigaction(SIGUSR1, &before, NULL);
	gons_i_close_fd(&event_fd);
}
