/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netdevsim: the kernel's simulated network devices, with ports that are links.
 *
 * rtnetlink creates none. A device is created by writing "ID PORTS" to a file of sysfs, and its
 * ports are created in the network namespace of the thread that writes. The sysfs used here is not
 * mounted, so it does not matter what is on /sys, or whether that is read-only.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/signal_safe_read.h"
#include "gons/base/types.h"
#include "gons/core/nsfd.h"
#include "gons/core/scope.h"
#include "gons/diagnosis/cause.h"
#include "mntns/sysfs.h"
#include "netns/kind.h"
#include "netns/link.h"
#include "netns/netdevsim.h"
#include "netns/rtnl.h"

/* From this index on, the driver takes a port for a virtual function. */
enum { MAX_PORTS = 128 };

struct simulator {
	int sysfs_fd, new_fd, delete_fd;
	int net_fd; /* the namespace that devices are created in */
};

static void close_simulator(struct simulator *simulator)
{
	gons_i_close_fd(&simulator->sysfs_fd);
	gons_i_close_fd(&simulator->new_fd);
	gons_i_close_fd(&simulator->delete_fd);
	gons_i_close_fd(&simulator->net_fd);
}

/* A request for a link of the kind netdevsim has the kernel load the module, as for every other
 * kind. It creates no link. (Linux before 5.2 would, but there this is not reached, for lack of a
 * sysfs without a mount.) Whether the module was loaded shows by its bus. */
static void load_module(struct gons_i_rtnl *rtnl)
{
	(void)gons_i_kind_request(rtnl, "netdevsim");
}

static bool is_missing(const struct simulator *simulator)
{
	return faccessat(simulator->sysfs_fd, "bus/netdevsim", F_OK, 0) < 0;
}

static int fail_open(int errnum)
{
	static const char what[] = "cannot create a netdevsim device";

	if (errnum == ENOENT) {
		(void)gons_i_fail(EOPNOTSUPP, what);
		if (gons_i_diagnose_gvisor("it"))
			return -1;
		gons_i_add_cause("this kernel lacks it");
		gons_i_add_remedy("load the module netdevsim, if there is one");
		return -1;
	}
	(void)gons_i_fail(errnum, what);
	if (errnum == EACCES || errnum == EPERM) {
		gons_i_add_cause("the files new_device and del_device of /sys/bus/netdevsim belong "
				 "to root of the initial user namespace");
		gons_i_add_remedy("run as root there, or have root give them to this user (chown)");
	} else if (errnum == EROFS) {
		gons_i_add_cause("the sysfs of this network namespace was made read-only as a "
				 "whole, and not just a mount of it");
		gons_i_add_remedy("use a new network namespace");
	}
	return -1;
}

static int open_simulator(struct gons_i_rtnl *rtnl, struct simulator *ret_simulator)
{
	struct simulator simulator = { -1, -1, -1, -1 };
	int errnum;

	simulator.net_fd = gons_i_open_own(gons_i_type_entry(CLONE_NEWNET));
	if (simulator.net_fd >= 0)
		simulator.sysfs_fd = gons_i_sysfs_create(0);
	if (simulator.sysfs_fd < 0) {
		close_simulator(&simulator);
		return -1;
	}
	if (is_missing(&simulator))
		load_module(rtnl);
	simulator.new_fd =
		openat(simulator.sysfs_fd, "bus/netdevsim/new_device", O_WRONLY | O_CLOEXEC);
	if (simulator.new_fd >= 0)
		simulator.delete_fd = openat(simulator.sysfs_fd, "bus/netdevsim/del_device",
					     O_WRONLY | O_CLOEXEC);
	if (simulator.delete_fd < 0) {
		errnum = errno;
		close_simulator(&simulator);
		return fail_open(errnum);
	}
	*ret_simulator = simulator;
	return 0;
}

int gons_i_netdevsim_try(struct gons_i_rtnl *rtnl)
{
	struct simulator simulator;

	if (open_simulator(rtnl, &simulator) < 0)
		return -1;
	close_simulator(&simulator);
	return 0;
}

/* ---- removing a device ---- */

/* The namespace must exist until its device is removed. Otherwise the kernel moves the device to
 * the initial namespace, and if it is removed at that moment, Linux 6.1 waits for itself
 * forever. */
struct device {
	unsigned id;
	int delete_fd; /* works in whichever namespace the thread is then */
	int net_fd;
};

static int delete_device(int delete_fd, unsigned id)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", id);

	/* ENOENT: another process has removed it. */
	if (write(delete_fd, text, (size_t)length) == length || errno == ENOENT)
		return 0;
	return gons_i_fail(errno, "cannot remove the device netdevsim%u", id);
}

static int undo_device(void *data)
{
	struct device *device = data;
	uncancelled int cancel = gons_i_forbid_cancel();
	int result = delete_device(device->delete_fd, device->id);

	gons_i_close_fd(&device->delete_fd);
	gons_i_close_fd(&device->net_fd);
	return result;
}

static void drop_device(void *data)
{
	struct device *device = data;
	uncancelled int cancel = gons_i_forbid_cancel();

	gons_i_close_fd(&device->delete_fd);
	gons_i_close_fd(&device->net_fd);
}

/* ---- creating one ---- */

/* 1 when it is created, 0 when the id is taken, -1 with errno. */
static int write_device(const struct simulator *simulator, unsigned id, unsigned ports)
{
	char text[48];
	int length;

	/* The kernel would return EEXIST as well, but with a stack trace in its log. */
	(void)snprintf(text, sizeof(text), "bus/netdevsim/devices/netdevsim%u", id);
	if (faccessat(simulator->sysfs_fd, text, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	length = snprintf(text, sizeof(text), "%u %u", id, ports);
	if (write(simulator->new_fd, text, (size_t)length) == length)
		return 1;
	return errno == EEXIST || errno == ENOSPC ? 0 : -1;
}

static int create_device(const struct simulator *simulator, unsigned ports, unsigned *ret_id)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int result = 0;

	for (int tries = 0; result == 0 && tries < 1000; tries++) {
		if (getrandom(ret_id, sizeof(*ret_id), 0) != sizeof(*ret_id))
			return gons_i_fail(errno, "cannot choose the id of a netdevsim device");
		*ret_id &= INT_MAX; /* higher numbers are refused */
		result = write_device(simulator, *ret_id, ports);
		if (result < 0 && errno == EBUSY) { /* while the module is being loaded */
			(void)nanosleep(&pause, NULL);
			result = 0;
		}
	}
	if (result > 0)
		return 0;
	return gons_i_fail(result == 0 ? EEXIST : errno,
			   "cannot create a netdevsim device of %u ports", ports);
}

/* ---- its ports ---- */

static int by_ifindex(const void *a, const void *b)
{
	const struct gons_link *left = a, *right = b;

	return (left->ifindex > right->ifindex) - (left->ifindex < right->ifindex);
}

/* -1 with errno. */
static int read_ifindex(int net_fd, const char *name)
{
	char text[32];
	cleanup_fd int fd = -1;
	ssize_t got;

	(void)snprintf(text, sizeof(text), "%.15s/ifindex", name);
	fd = openat(net_fd, text, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : gons_i_read(fd, text, sizeof(text) - 1);
	if (got < 0)
		return -1;
	text[got] = '\0';
	return (int)strtol(text, NULL, 10);
}

static int read_entries(DIR *dir, struct gons_link *links, int max)
{
	const struct dirent *entry;
	int n = 0;

	while (n < max && (errno = 0, entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		memset(&links[n], 0, sizeof(links[n]));
		(void)snprintf(links[n].name, sizeof(links[n].name), "%.15s", entry->d_name);
		links[n].ifindex = read_ifindex(dirfd(dir), entry->d_name);
		if (links[n++].ifindex < 0)
			return -1;
	}
	return n < max && errno != 0 ? -1 : n;
}

/* Fills in at most max links, and returns how many; -1 with errno. */
static int read_ports(int net_fd, struct gons_link *links, int max)
{
	int fd = openat(net_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int n, saved;

	if (!dir) {
		gons_i_close_fd(&fd);
		return -1;
	}
	n = read_entries(dir, links, max);
	saved = errno;
	(void)closedir(dir);
	errno = saved;
	return n;
}

/* The ports are created one after the other, so that their ifindexes are in order. */
static int find_ports(const struct simulator *simulator, unsigned id, struct gons_link *links,
		      unsigned ports)
{
	cleanup_fd int net_fd = -1;
	char path[48];
	int n = -1;

	(void)snprintf(path, sizeof(path), "devices/netdevsim%u/net", id);
	net_fd = openat(simulator->sysfs_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* udev may rename the links meanwhile. */
	for (int tries = 0; net_fd >= 0 && n != (int)ports && tries < 10; tries++)
		n = read_ports(net_fd, links, (int)ports);
	if (n < 0 && errno != ENOENT)
		return gons_i_fail(errno, "cannot find the ports of the device netdevsim%u", id);
	if (n != (int)ports) {
		(void)gons_i_fail(EIO, "the device netdevsim%u did not get its %u ports", id,
				  ports);
		gons_i_add_remedy("look for the cause in the kernel's log (dmesg)");
		return -1;
	}
	qsort(links, ports, sizeof(*links), by_ifindex);
	return 0;
}

static int fail_and_delete(const struct simulator *simulator, unsigned id)
{
	struct gons_i_failure failure;

	gons_i_failure_save(&failure);
	(void)delete_device(simulator->delete_fd, id);
	return gons_i_failure_restore(&failure);
}

GONS_EXPORT int gons_netdevsim_new_transient(unsigned ports, struct gons_link *ret_links)
{
	static const struct gons_i_undo undo = { .undo = undo_device, .drop = drop_device };
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_link links[MAX_PORTS];
	struct gons_i_rtnl *rtnl;
	struct simulator simulator;
	struct device device;
	int result;

	if (ports < 1 || ports > MAX_PORTS)
		return gons_i_fail(EINVAL, "ports is %u, and may be 1 to %d", ports, MAX_PORTS);
	if (gons_i_scope_reserve(1) < 0)
		return -1;
	rtnl = gons_i_rtnl_open(-1);
	if (!rtnl)
		return -1;
	result = open_simulator(rtnl, &simulator);
	gons_i_rtnl_close(rtnl);
	if (result < 0)
		return -1;
	result = create_device(&simulator, ports, &device.id);
	if (result == 0 && find_ports(&simulator, device.id, links, ports) < 0)
		result = fail_and_delete(&simulator, device.id);
	if (result == 0) {
		device.delete_fd = gons_i_take_fd(&simulator.delete_fd);
		device.net_fd = gons_i_take_fd(&simulator.net_fd);
		(void)gons_i_scope_push(&undo, &device, sizeof(device));
		if (ret_links)
			memcpy(ret_links, links, ports * sizeof(*links));
	}
	close_simulator(&simulator);
	return result;
}
