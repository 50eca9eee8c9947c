/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The things that tests may need, and probes for them. A probe does what a test would do, in a
 * child process, which may die.
 */
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/netns.h>
#include <gons/privilege.h>
#include <gons/reexec.h>

#include "check.h"

/* ---- the things ---- */

static int try_types(const struct thing *thing)
{
	return gons_can(thing->types) ? 0 : -1;
}

static int try_loopback(const struct thing *thing)
{
	(void)thing;
	return gons_netns_enter_transient() < 0 ? -1 : gons_netns_loopback_up();
}

/* What GONS_CAPTURE opens in each network of a test. */
static int try_capture(const struct thing *thing)
{
	(void)thing;
	return gons_netns_enter_transient() < 0 || gons_netns_socket(-1, AF_PACKET, SOCK_RAW, 0) < 0
		       ? -1
		       : 0;
}

static int try_link(const struct thing *thing)
{
	return gons_can_link(thing->word) ? 0 : -1;
}

/* Root tries it as another user, if there is one. */
static int try_unprivileged(const struct thing *thing)
{
	const unsigned nobody = 65534;

	(void)thing;
	if (geteuid() == 0 && chdir("/") == 0 && setgroups(0, NULL) == 0 &&
	    setresgid(nobody, nobody, nobody) == 0)
		(void)setresuid(nobody, nobody, nobody);
	return gons_become_root();
}

GONS_ACTION(nothing)
{
	return 0;
}

/* This program runs again, and ends in its gons_reexec_check(). */
static int try_reexec(const struct thing *thing)
{
	const struct gons_reexec job = { .action = "nothing" };

	(void)thing;
	return gons_reexec_run(&job, NULL);
}

#define TYPE(word, type)                                                                           \
	{                                                                                          \
		word, try_types, type, NULL                                                        \
	}
#define LINK(kind, option)                                                                         \
	{                                                                                          \
		kind, try_link, CLONE_NEWNET, option                                               \
	}
const struct thing things[] = {
	TYPE("net", CLONE_NEWNET),
	TYPE("mnt", CLONE_NEWNS),
	TYPE("uts", CLONE_NEWUTS),
	TYPE("ipc", CLONE_NEWIPC),
	TYPE("cgroup", CLONE_NEWCGROUP),
	TYPE("user", CLONE_NEWUSER),
	TYPE("pid", CLONE_NEWPID),
	TYPE("time", CLONE_NEWTIME),
	TYPE("sysfs", CLONE_NEWNET | CLONE_NEWNS),
	{ "loopback", try_loopback, CLONE_NEWNET, NULL },
	{ "capture", try_capture, CLONE_NEWNET, NULL },
	{ "unprivileged", try_unprivileged, 0, NULL },
	{ "reexec", try_reexec, 0, NULL },
	LINK("veth", "CONFIG_VETH"),
	LINK("dummy", "CONFIG_DUMMY"),
	LINK("bridge", "CONFIG_BRIDGE"),
	LINK("macvlan", "CONFIG_MACVLAN"),
	LINK("ipvlan", "CONFIG_IPVLAN"),
	LINK("vlan", "CONFIG_VLAN_8021Q"),
	LINK("vxlan", "CONFIG_VXLAN"),
	LINK("ifb", "CONFIG_IFB"),
	LINK("vrf", "CONFIG_NET_VRF"),
	LINK("bond", "CONFIG_BONDING"),
	LINK("netdevsim", "CONFIG_NETDEVSIM"),
};
const size_t things_count = sizeof(things) / sizeof(things[0]);

struct thing things_link(const char *kind)
{
	return (struct thing)LINK(kind, NULL);
}

/* ---- trying ---- */

static void try_now(const struct thing *thing, struct finding *finding)
{
	const char *option = thing->option;

	finding->there = thing->try(thing) == 0;
	/* Another kernel, such as gVisor, has no options. */
	if (errno != EOPNOTSUPP || !strstr(gons_error(), "this kernel lacks it"))
		option = NULL;
	if (!finding->there)
		(void)snprintf(finding->reason, sizeof(finding->reason), "%s%s%s", gons_error(),
			       option ? "; kernel option " : "", option ? option : "");
}

/* The namespaces that gons_become_root() may replace. */
static void take_inodes(uint64_t ino[6])
{
	const int types[] = { CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWNS,
			      CLONE_NEWUTS,  CLONE_NEWIPC, CLONE_NEWCGROUP };

	for (size_t i = 0; i < 6; i++)
		ino[i] = gons_current_ino(types[i]);
}

/* As in tests that begin with gons_group_setup_root: whether that changes anything, or -1. */
static int move(void)
{
	uint64_t before[6], after[6];

	take_inodes(before);
	if (gons_become_root() < 0)
		return -1;
	take_inodes(after);
	return memcmp(before, after, sizeof(before)) != 0;
}

static void try_as_root(const struct thing *thing, struct finding *finding)
{
	const int has_moved = move();

	if (has_moved == 0)
		return;
	try_now(thing, finding); /* if it was refused, for a message that says so */
	finding->in_user_namespace = finding->there;
}

/* What is there may be missing after gons_become_root(), which root without CAP_NET_ADMIN needs for
 * other things. */
static void try_again_as_root(const struct thing *thing, struct finding *finding)
{
	struct finding there = *finding;

	if (move() != 1)
		return;
	try_now(thing, &there);
	if (!there.there)
		*finding = there;
}

static void in_child(void (*fn)(const struct thing *, struct finding *), const struct thing *thing,
		     struct finding *finding)
{
	const pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		fn(thing, finding);
		_exit(0);
	}
	if (pid < 0)
		(void)snprintf(finding->reason, sizeof(finding->reason),
			       "cannot fork a child process for this check: %s%s", strerror(errno),
			       errno == EAGAIN ? ": the limit on threads is reached: ulimit -u, or "
						 "pids.max of a control group; raise it"
					       : "");
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && WIFSIGNALED(status))
		(void)snprintf(finding->reason, sizeof(finding->reason),
			       "the child process of this check was killed: %s%s",
			       strsignal(WTERMSIG(status)),
			       WTERMSIG(status) == SIGSYS ? ", as by a seccomp filter" : "");
}

void things_try(const struct thing *thing, const struct finding *net, struct finding *finding)
{
	finding->known = true;
	/* A thing in a network namespace fails for the same reason, and perhaps as slowly. */
	if (net && !net->there) {
		*finding = *net;
		return;
	}
	/* A test that cannot return from a network namespace cannot create anything in one. */
	if (!net || !net->in_user_namespace)
		in_child(try_now, thing, finding);
	if (thing->types != 0)
		in_child(finding->there ? try_again_as_root : try_as_root, thing, finding);
}
