/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The namespaces of a host, and the settings in them before any link is created.
 */
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include <gons/mntns.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/types.h"
#include "gons/core/nsfd.h"
#include "gons/core/scope.h"
#include "gons/core/switch.h"
#include "gons/diagnosis/cause.h"
#include "gons/sets/set.h"
#include "net/host.h"
#include "netns/sysctl.h"

int gons_i_net_enter_mounts(void)
{
	return gons_i_switch_new(CLONE_NEWNS, NULL);
}

/* ---- sysctls ---- */

static int write_sysctl(const char *path, const char *value)
{
	cleanup_fd int fd = gons_i_sysctl_open(path, O_WRONLY);

	if (fd < 0)
		return -1;
	return write(fd, value, strlen(value)) < 0 ? -1 : 0;
}

static int fail_forward(const char *name)
{
	int errnum = errno;

	(void)gons_i_fail(errnum, "cannot let the host %s forward packets", name);
	if (errnum == EROFS)
		gons_i_sysctl_explain_read_only();
	else if (errnum == EACCES) /* this thread has created the namespace */
		gons_i_diagnose_confinement("", "possibly refuses it", GONS_I_GUARDED_OTHER);
	errno = errnum;
	return -1;
}

/*
 * A new network namespace has the IPv4 settings of the initial one, which may forward, or drop
 * packets that arrive on another link than the one that leads to the sender (rp_filter). Only the
 * settings for forwarding must succeed. The others save time, or make all machines behave alike: a
 * host that does not forward works without them, where /proc/sys is read-only.
 */
static int write_sysctls(const struct gons_i_net_host *host)
{
	/* No duplicate address detection for link-local addresses, so that they are usable at once. */
	(void)write_sysctl("sys/net/ipv6/conf/default/accept_dad", "0");
	if (!host->forwards) {
		(void)write_sysctl("sys/net/ipv4/ip_forward", "0");
		return 0;
	}
	(void)write_sysctl("sys/net/ipv4/conf/all/rp_filter", "0");
	(void)write_sysctl("sys/net/ipv4/conf/default/rp_filter", "0");
	if (write_sysctl("sys/net/ipv4/ip_forward", "1") < 0)
		return fail_forward(host->name);
	/* A kernel without IPv6 lacks it. */
	if (write_sysctl("sys/net/ipv6/conf/all/forwarding", "1") < 0 && errno != ENOENT)
		return fail_forward(host->name);
	return 0;
}

/* ---- namespaces ---- */

static int open_namespaces(int types, gons_set *set)
{
	for (size_t i = 0; i < GONS_I_TYPES; i++) {
		int fd;

		if (!(types & gons_i_types[i].flag))
			continue;
		fd = gons_i_open_own(&gons_i_types[i]);
		if (fd >= 0)
			fd = gons_i_move_from_0(fd);
		if (fd < 0)
			return -1;
		set->fd[i] = fd;
		set->types |= gons_i_types[i].flag;
	}
	return 0;
}

static int set_up(const struct gons_i_net_host *host, int types)
{
	if ((types & CLONE_NEWUTS) && sethostname(host->name, strlen(host->name)) < 0) {
		(void)gons_i_fail(errno, "cannot set the host name %s", host->name);
		if (errno == EPERM) /* by filters of containers without CAP_SYS_ADMIN */
			(void)gons_i_diagnose_filter("sethostname(2)", 0);
		return -1;
	}
	if ((types & CLONE_NEWNS) && gons_mntns_mount_sysfs_ro() < 0)
		return -1;
	return write_sysctls(host);
}

gons_set *gons_i_net_host_create(const struct gons_i_net_host *host, int types)
{
	const int all = types | CLONE_NEWNET;
	gons_set *set = gons_i_set_new();

	if (!set)
		return NULL;
	if (gons_i_switch_new(all, NULL) == 0 && open_namespaces(all, set) == 0 &&
	    set_up(host, types) == 0)
		return set;
	gons_set_close(set); /* keeps errno */
	return NULL;
}

int gons_i_net_bridges_create(void)
{
	int fd;

	if (gons_i_switch_new(CLONE_NEWNET, NULL) < 0)
		return -1;
	/* Bridges only pass frames on. */
	(void)write_sysctl("sys/net/ipv6/conf/default/disable_ipv6", "1");
	fd = gons_i_open_own(gons_i_type_entry(CLONE_NEWNET));
	return fd < 0 ? -1 : gons_i_move_from_0(fd);
}

/* ---- of a network ---- */

int gons_i_net_place_fd(const gons_net *net, size_t number)
{
	return number < net->model.n_hosts ? gons_set_fd(net->sets[number], CLONE_NEWNET)
					   : net->bridge_fd;
}

void gons_i_net_close_place(gons_net *net, size_t number)
{
	if (number < net->model.n_hosts) {
		gons_set_close(net->sets[number]);
		net->sets[number] = NULL;
	} else {
		gons_i_close_fd(&net->bridge_fd);
	}
}
