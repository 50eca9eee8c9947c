/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the network and mount namespaces of a test for the failure report, and reads their state.
 */
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <gons/netns.h>

#include "gons/base/error.h"
#include "gons/base/forks.h"
#include "gons/core/scope.h"
#include "gons/leak/exempt.h"
#include "gons/leak/snapshot.h"
#include "test/report.h"

/* ---- which ones ---- */

struct collecting {
	struct gons_i_report *report;
	/* The namespaces in which the thread was before the test: inode numbers (0: not known), and
	 * a descriptor. */
	uint64_t outside;
	uint64_t mnt_outside;
	int mnt_outside_fd;
	bool out_of_memory;
};

static uint64_t ino_of(int fd, int type)
{
	struct stat st;

	if (fd < 0 || ioctl(fd, NS_GET_NSTYPE) != type || fstat(fd, &st) < 0)
		return 0;
	return st.st_ino;
}

static void add_namespace(int fd, const char *name, void *arg)
{
	struct collecting *collecting = arg;
	struct gons_i_report *report = collecting->report;
	const uint64_t ino = ino_of(fd, CLONE_NEWNET);
	const uint64_t mnt = ino_of(fd, CLONE_NEWNS);
	struct gons_i_report_namespace *larger;

	if (mnt != 0 && mnt != collecting->mnt_outside &&
	    !gons_i_report_add_mounts(report, fd, name))
		collecting->out_of_memory = true;
	if (ino == 0 || ino == collecting->outside)
		return;
	for (size_t i = 0; i < report->n; i++)
		if (report->namespaces[i].ino == ino) {
			if (name)
				(void)snprintf(report->namespaces[i].name,
					       sizeof(report->namespaces[i].name), "%s", name);
			return;
		}
	larger = reallocarray(report->namespaces, report->n + 1, sizeof(*larger));
	if (!larger) {
		collecting->out_of_memory = true;
		return;
	}
	report->namespaces = larger;
	larger[report->n] = (struct gons_i_report_namespace){
		.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3),
		.ino = ino,
	};
	if (name)
		(void)snprintf(larger[report->n].name, sizeof(larger[report->n].name), "%s", name);
	if (larger[report->n].fd >= 0) {
		report->n++;
	} else {
		report->unreadable_errnum = errno;
		report->n_unreadable++;
	}
}

/* Before the test the thread was in the namespace of the scope's oldest record. */
static void find_outside(int fd, const char *name, void *arg)
{
	struct collecting *collecting = arg;

	(void)name;
	if (collecting->outside == 0)
		collecting->outside = ino_of(fd, CLONE_NEWNET);
	if (collecting->mnt_outside == 0) {
		collecting->mnt_outside = ino_of(fd, CLONE_NEWNS);
		collecting->mnt_outside_fd = fd;
	}
}

/* Adds namespaces that are not on the scope: those of sets, and those that the program has opened
 * itself. Leaves out exempt descriptors, such as those of pools. */
static void add_descriptors(struct collecting *collecting)
{
	struct gons_i_items fds = { 0 };
	unsigned last;

	gons_i_forks_forbid();
	last = gons_i_exempt_last();
	gons_i_forks_allow();
	if (gons_i_list_fds(last, &fds) == 0)
		for (size_t i = 0; i < fds.n; i++)
			add_namespace(fds.list[i].number, NULL, collecting);
	gons_i_items_free(&fds);
}

static void name_namespaces(struct gons_i_report *report, uint64_t own)
{
	unsigned number = 0;

	for (size_t i = 0; i < report->n; i++) {
		struct gons_i_report_namespace *namespace = &report->namespaces[i];

		if (namespace->name[0] != '\0')
			continue;
		if (namespace->ino == own)
			(void)strcpy(namespace->name, "the test's namespace");
		else
			(void)snprintf(namespace->name, sizeof(namespace->name), "namespace %u",
				       ++number);
	}
}

/* ---- reading them ---- */

static void read_state(struct gons_i_report_namespace *namespace)
{
	struct gons_i_state *state = &namespace->state;

	state->is_complete = true;
	gons_i_state_read_rtnetlink(namespace->fd, state);
	gons_i_state_read_procfs(namespace->fd, state);
	gons_i_state_read_sockets(namespace->fd, state);
	gons_i_state_read_firewall(namespace->fd, state);
	gons_i_state_sort(state);
}

static void read_fresh(struct gons_i_report *report)
{
	int mark = gons_scope_begin();
	int fd = mark < 0 ? -1 : gons_netns_new_transient();

	report->fresh.is_complete = true;
	if (fd >= 0)
		gons_i_state_read_procfs(fd, &report->fresh);
	gons_i_state_sort(&report->fresh);
	if (mark >= 0)
		(void)gons_scope_end(mark);
}

/* Adds the namespaces of the calling thread, on a scope that the caller ends. If the thread has not
 * entered any, these are the ones before the test. */
static void add_own(struct collecting *collecting, uint64_t *ret_own)
{
	const int net_fd = gons_current(CLONE_NEWNET);
	const int mnt_fd = gons_current(CLONE_NEWNS);

	*ret_own = ino_of(net_fd, CLONE_NEWNET);
	if (collecting->outside == 0)
		collecting->outside = *ret_own;
	if (collecting->mnt_outside == 0) {
		collecting->mnt_outside = ino_of(mnt_fd, CLONE_NEWNS);
		collecting->mnt_outside_fd = mnt_fd;
	}
	add_namespace(net_fd, NULL, collecting);
	add_namespace(mnt_fd, NULL, collecting);
}

int gons_i_report_collect(struct gons_i_report *ret_report)
{
	struct collecting collecting = { .report = ret_report, .mnt_outside_fd = -1 };
	uint64_t own = 0;
	int mark;

	*ret_report = (struct gons_i_report){ .namespaces = NULL };
	gons_i_scope_each_nsfd(true, find_outside, &collecting);
	gons_i_scope_each_nsfd(true, add_namespace, &collecting);
	gons_i_scope_each_nsfd(false, add_namespace, &collecting);
	mark = gons_scope_begin();
	if (mark >= 0)
		add_own(&collecting, &own);
	if (collecting.outside != 0)
		add_descriptors(&collecting);
	if (ret_report->n_mounts > 0)
		gons_i_report_compare_mounts(ret_report, collecting.mnt_outside_fd);
	if (mark >= 0)
		(void)gons_scope_end(mark);
	if (collecting.out_of_memory)
		return gons_i_fail(ENOMEM, "cannot list the namespaces of the scope");
	name_namespaces(ret_report, own);
	for (size_t i = 0; i < ret_report->n; i++)
		read_state(&ret_report->namespaces[i]);
	if (ret_report->n > 0)
		read_fresh(ret_report);
	gons_i_capture_take(ret_report, &ret_report->capture);
	return 0;
}

void gons_i_report_free(struct gons_i_report *report)
{
	int saved = errno;

	for (size_t i = 0; i < report->n; i++) {
		gons_i_close_fd(&report->namespaces[i].fd);
		gons_i_state_free(&report->namespaces[i].state);
	}
	free(report->namespaces);
	gons_i_report_free_mounts(report);
	gons_i_state_free(&report->fresh);
	gons_i_capture_free(&report->capture);
	errno = saved;
}

/* ---- cables ---- */

const struct gons_i_state_link *gons_i_report_peer(
	const struct gons_i_report *report, const struct gons_i_report_namespace *namespace,
	const struct gons_i_state_link *link, const struct gons_i_report_namespace **ret_namespace)
{
	if (strcmp(link->kind, "veth") != 0 || link->lower == 0)
		return NULL;
	*ret_namespace = namespace;
	if (link->lower_nsid < 0)
		return gons_i_state_link(&namespace->state, link->lower);
	for (size_t i = 0; i < report->n; i++) {
		const struct gons_i_report_namespace *other = &report->namespaces[i];
		const struct gons_i_state_link *peer =
			gons_i_state_link(&other->state, link->lower);

		/* Compares the namespaces last, by requests to the kernel: many have a link with
		 * this index. */
		if (!peer || peer->lower != link->ifindex || strcmp(peer->kind, "veth") != 0 ||
		    gons_i_state_nsid(namespace->fd, other->fd) != link->lower_nsid)
			continue;
		*ret_namespace = other;
		return peer;
	}
	return NULL;
}
