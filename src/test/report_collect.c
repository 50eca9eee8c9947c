/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network namespaces of a scope, for the failure report.
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
#include "gons/core/scope.h"
#include "test/report.h"

/* ---- which ones ---- */

struct collecting {
	struct gons_i_report *report;
	uint64_t outside; /* inode number of the namespace that the thread comes from; 0: none */
	bool out_of_memory;
};

static uint64_t net_ino(int fd)
{
	struct stat st;

	if (fd < 0 || ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET || fstat(fd, &st) < 0)
		return 0;
	return st.st_ino;
}

static void add_namespace(int fd, const char *name, void *arg)
{
	struct collecting *collecting = arg;
	struct gons_i_report *report = collecting->report;
	const uint64_t ino = net_ino(fd);
	struct gons_i_report_namespace *larger;

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
	if (larger[report->n].fd >= 0)
		report->n++;
}

/* The oldest namespace that the scope returns to is where the thread comes from. */
static void find_outside(int fd, const char *name, void *arg)
{
	struct collecting *collecting = arg;

	(void)name;
	if (collecting->outside == 0)
		collecting->outside = net_ino(fd);
}

static void name_them(struct gons_i_report *report, uint64_t own)
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
	gons_i_state_read_sockets(namespace->fd, state);
	gons_i_state_read_procfs(namespace->fd, state);
	gons_i_state_read_firewall(namespace->fd, state);
}

static void read_fresh(struct gons_i_report *report)
{
	int mark = gons_scope_begin();
	int fd = mark < 0 ? -1 : gons_netns_new_transient();

	report->fresh.is_complete = true;
	if (fd >= 0)
		gons_i_state_read_procfs(fd, &report->fresh);
	if (mark >= 0)
		(void)gons_scope_end(mark);
}

int gons_i_report_collect(struct gons_i_report *ret_report)
{
	struct collecting collecting = { .report = ret_report };
	int mark, own_fd;
	uint64_t own;

	*ret_report = (struct gons_i_report){ .namespaces = NULL };
	gons_i_scope_each_nsfd(true, find_outside, &collecting);
	gons_i_scope_each_nsfd(true, add_namespace, &collecting);
	gons_i_scope_each_nsfd(false, add_namespace, &collecting);
	mark = gons_scope_begin();
	own_fd = mark < 0 ? -1 : gons_current(CLONE_NEWNET);
	own = net_ino(own_fd);
	if (collecting.outside != 0)
		add_namespace(own_fd, NULL, &collecting);
	if (mark >= 0)
		(void)gons_scope_end(mark);
	if (collecting.out_of_memory)
		return gons_i_fail(ENOMEM, "cannot list the namespaces of the scope");
	name_them(ret_report, own);
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

		/* Checked last, since many namespaces have a link with this index. */
		if (!peer || peer->lower != link->ifindex || strcmp(peer->kind, "veth") != 0 ||
		    gons_i_state_nsid(namespace->fd, other->fd) != link->lower_nsid)
			continue;
		*ret_namespace = other;
		return peer;
	}
	return NULL;
}
