/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ids of user namespaces: the maps of new ones, and the ids of a child that joins one. All but
 * the check runs in forked children, and so allocates no memory.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "gons/base/caps.h"
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/diagnosis/cause.h"
#include "gons/diagnosis/container.h"
#include "gons/sets/idmap_helper.h"
#include "gons/sets/idmap.h"

/* The kernel's own limits: lines since Linux 4.15, bytes where a page has 4096. */
enum { MOST_LINES = 340, MOST_BYTES = 4096 };

struct kind {
	const char *long_name, *file, *program;
	int cap; /* to map the ids of others */
	const char *cap_name;
};
static const struct kind uids = { "uid", "uid_map", "newuidmap", CAP_SETUID, "CAP_SETUID" };
static const struct kind gids = { "gid", "gid_map", "newgidmap", CAP_SETGID, "CAP_SETGID" };

/* ---- checks ---- */

static bool overlap(unsigned a, unsigned n_a, unsigned b, unsigned n_b)
{
	return a < b ? b - a < n_a : a - b < n_b;
}

static int check_line(const struct kind *kind, const struct gons_idmap *map, size_t i)
{
	const struct gons_idmap *line = &map[i];

	if (line->count == 0)
		return gons_i_fail(EINVAL, "count is 0 in line %zu of the %s map", i,
				   kind->long_name);
	/* The last one, 4294967295, means "no id" everywhere. */
	if (line->count > ~0U - line->inside || line->count > ~0U - line->outside)
		return gons_i_fail(EINVAL,
				   "line %zu of the %s map goes beyond the last id, 4294967294", i,
				   kind->long_name);
	for (size_t j = 0; j < i; j++) {
		if (overlap(line->inside, line->count, map[j].inside, map[j].count))
			return gons_i_fail(
				EINVAL, "the inside ids of lines %zu and %zu of the %s map overlap",
				j, i, kind->long_name);
		if (overlap(line->outside, line->count, map[j].outside, map[j].count))
			return gons_i_fail(
				EINVAL,
				"the outside ids of lines %zu and %zu of the %s map overlap", j, i,
				kind->long_name);
	}
	return 0;
}

/* The map as the kernel reads it. Returns its length, 0 where it is too long. */
static size_t format_map(const struct gons_idmap *map, size_t n, char text[MOST_BYTES])
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		used += (size_t)snprintf(text + used, MOST_BYTES - used, "%u %u %u\n",
					 map[i].inside, map[i].outside, map[i].count);
		if (used >= MOST_BYTES)
			return 0;
	}
	return used;
}

static int check_map(const struct kind *kind, const struct gons_idmap *map, size_t n)
{
	char text[MOST_BYTES];

	if (n > 0 && !map)
		return gons_i_fail(EINVAL, "the %s map is NULL but has %zu lines", kind->long_name,
				   n);
	if (n > MOST_LINES)
		return gons_i_fail(EINVAL, "the %s map has %zu lines, more than %d",
				   kind->long_name, n, MOST_LINES);
	for (size_t i = 0; i < n; i++)
		if (check_line(kind, map, i) < 0)
			return -1;
	if (n > 0 && format_map(map, n, text) == 0)
		return gons_i_fail(EINVAL, "the %s map takes more than %d bytes", kind->long_name,
				   MOST_BYTES);
	return 0;
}

int gons_i_idmaps_check(const struct gons_idmaps *maps)
{
	return check_map(&uids, maps->uid, maps->n_uid) < 0
		       ? -1
		       : check_map(&gids, maps->gid, maps->n_gid);
}

/* ---- newuidmap and newgidmap ---- */

/* Static, since a child must not allocate memory. A child maps one set of ids at a time. */
static struct {
	char text[MOST_BYTES], words[MOST_BYTES], pid[16];
	char *argv[3 + 3 * MOST_LINES];
} room;

/* Lets the program write the map of process pid: it may have a capability that this process
 * lacks. Returns 0; or -1 with errno unchanged, and adds the reason to the message. */
static int map_by_program(const struct kind *kind, pid_t pid)
{
	const int refusal = errno;
	char line[256];
	char *rest = NULL;
	size_t n = 0;
	int errnum;

	(void)snprintf(room.pid, sizeof(room.pid), "%d", pid);
	(void)strcpy(room.words, room.text);
	room.argv[n++] = (char *)kind->program;
	room.argv[n++] = room.pid;
	for (char *word = strtok_r(room.words, " \n", &rest); word;
	     word = strtok_r(NULL, " \n", &rest))
		room.argv[n++] = word;
	room.argv[n] = NULL;
	errnum = gons_i_helper_run(room.argv, line, sizeof(line));
	if (errnum == 0)
		return 0;
	errno = errnum;
	/* EACCES: a directory of PATH may not be read */
	if (errnum == ENOENT || errnum == EACCES) {
		gons_i_add_remedy("install %s, which may map them (Debian: uidmap)", kind->program);
	} else if (errnum > 0) {
		gons_i_add_cause("%s cannot be run: %m", kind->program);
	} else {
		gons_i_add_cause("%s", line);
		gons_i_helper_explain(kind->program);
	}
	errno = refusal;
	return -1;
}

/* ---- writing them ---- */

static int write_file(int proc_fd, int number, const char *file, const char *text)
{
	cleanup_fd int fd = -1;
	char path[48];

	(void)snprintf(path, sizeof(path), "%d/%s", number, file); /* fits */
	fd = openat(proc_fd, path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text))
		return 0;
	(void)gons_i_fail(errno, "cannot write the %s of a new user namespace", file);
	if (errno == EROFS) {
		gons_i_add_cause("/proc is mounted read-only");
		gons_i_add_remedy("%s", GONS_I_WRITABLE_PROCFS);
	}
	return -1;
}

/* Whether the map has an id that is not mapped in this user namespace: then neither privileges nor
 * newuidmap(1) help. */
static bool has_unmapped(const struct kind *kind, const struct gons_idmap *map, size_t n)
{
	const char *path =
		kind == &uids ? "/proc/thread-self/uid_map" : "/proc/thread-self/gid_map";
	const unsigned long n_mapped = gons_i_count_mapped(path);

	for (size_t i = 0; i < n; i++) {
		const unsigned last = map[i].outside + map[i].count - 1;
		unsigned id = map[i].outside;

		if (gons_i_is_mapped(path, id)) {
			if (gons_i_is_mapped(path, last))
				continue;
			id = last;
		}
		if (n_mapped == 1) {
			gons_i_add_cause("%s %u is not mapped in this user namespace "
					 "(gons_become_root() maps one id only)",
					 kind->long_name, id);
			gons_i_add_remedy("create the set before gons_become_root(), or call "
					  "gons_enter_user_namespace() with maps instead of it");
		} else {
			gons_i_add_cause("%s %u is not mapped in this user namespace, which has "
					 "%lu of them",
					 kind->long_name, id, n_mapped);
			gons_i_add_remedy("use those that its %s lists, in /etc/sub%s, too, "
					  "or start the container with more (LXC: lxc.idmap)",
					  kind->file, kind == &uids ? "uid" : "gid");
		}
		return true;
	}
	return false;
}

static bool maps_0(const struct gons_idmap *map, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (map[i].outside == 0)
			return true;
	return false;
}

/* The rules of man 7 user_namespaces: ids of others take CAP_SETUID or CAP_SETGID, and user 0 takes
 * CAP_SETFCAP besides. The programs gain no capability that the bounding set lacks. */
static int map_without_cap(const struct kind *kind, const struct gons_idmap *map, size_t n,
			   pid_t pid)
{
	const bool lacks_cap = !gons_i_has_cap(kind->cap);
	const bool lacks_setfcap = kind == &uids && maps_0(map, n) && !gons_i_has_cap(CAP_SETFCAP);

	if (lacks_cap && prctl(PR_CAPBSET_READ, kind->cap) == 0) {
		gons_i_add_cause("%s is missing, without which a process can only map its own %s",
				 kind->cap_name, kind->long_name);
		gons_i_add_remedy(GONS_I_ADD_CAP, kind->cap_name + strlen("CAP_"));
		return -1;
	}
	if (lacks_setfcap && prctl(PR_CAPBSET_READ, CAP_SETFCAP) == 0) {
		gons_i_add_cause("CAP_SETFCAP is missing, without which user 0 cannot be mapped");
		gons_i_add_remedy(GONS_I_ADD_CAP ", or map other users", "SETFCAP");
		return -1;
	}
	if (lacks_cap)
		gons_i_add_cause("an unprivileged process can only map its own id");
	else if (lacks_setfcap)
		gons_i_add_cause("CAP_SETFCAP is missing, without which user 0 cannot be mapped");
	else
		gons_i_add_cause("possibly a security module refuses it");
	return map_by_program(kind, pid);
}

/* map NULL: the caller's own id becomes 0, unless the kernel forbids that to user 0. */
static int write_map(const struct gons_i_idmaps_target *target, const struct kind *kind,
		     const struct gons_idmap *map, size_t n)
{
	const unsigned own_id = kind == &uids ? geteuid() : getegid();
	const struct gons_idmap own = { 0, own_id, 1 };
	bool is_own, is_impossible;
	int errnum;

	if (!map) {
		map = &own;
		n = 1;
	}
	if (n == 0)
		return 0;
	is_own = n == 1 && map[0].count == 1 && map[0].outside == own_id;
	(void)format_map(map, n, room.text); /* fits, as was checked */
	if (write_file(target->proc_fd, target->number, kind->file, room.text) == 0)
		return 0;
	if (errno != EPERM && errno != EACCES)
		return -1;
	/* A process may map its own group after it has given up setgroups(2). */
	if (kind == &gids && is_own &&
	    write_file(target->proc_fd, target->number, "setgroups", "deny") == 0)
		return write_file(target->proc_fd, target->number, kind->file, room.text);
	if (kind == &uids && is_own && own_id == 0 && !gons_i_has_cap(CAP_SETFCAP)) {
		if (map == &own) /* without a map, it has the capabilities, too */
			return 0;
		gons_i_add_cause("CAP_SETFCAP is missing, without which user 0 cannot be mapped");
		gons_i_add_remedy("give no maps, which leaves the user unmapped");
		return -1;
	}
	if (is_own) {
		gons_i_add_cause("possibly a security module such as AppArmor leaves user "
				 "namespaces without capabilities");
		return -1;
	}
	errnum = errno;
	is_impossible = has_unmapped(kind, map, n);
	errno = errnum;
	if (is_impossible)
		return -1;
	return map_without_cap(kind, map, n, target->pid);
}

int gons_i_idmaps_write(const struct gons_i_idmaps_target *target, const struct gons_idmaps *maps)
{
	return write_map(target, &uids, maps->uid, maps->n_uid) < 0
		       ? -1
		       : write_map(target, &gids, maps->gid, maps->n_gid);
}

/* ---- the ids of a child that joins ---- */

/*
 * The bare system calls, for the calling thread. Those of the C library change all threads that it
 * knows of: in a bare child these are the parent's, which are not there and would be waited for.
 */
#ifndef SYS_setresuid32 /* only where there are calls for 16 bits */
#define SYS_setresuid32 SYS_setresuid
#define SYS_setresgid32 SYS_setresgid
#define SYS_setgroups32 SYS_setgroups
#endif

static bool set_effective(int cap, bool on)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];
	const uint32_t bit = UINT32_C(1) << (cap % 32);

	if (syscall(SYS_capget, &header, caps) < 0)
		return false;
	if (on)
		caps[cap / 32].effective |= bit;
	else
		caps[cap / 32].effective &= ~bit;
	return syscall(SYS_capset, &header, caps) == 0;
}

/*
 * An id that is not mapped reads as the overflow id, 65534, which may be mapped as well. But
 * without the capability to change it, it can be set to what it reads as only if it is that one.
 */
static bool is_mapped(const struct kind *kind, unsigned id)
{
	const int cap = kind == &uids ? CAP_SETUID : CAP_SETGID;
	bool mapped;

	if (!set_effective(cap, false))
		return true;
	mapped = (kind == &uids ? syscall(SYS_setresuid32, -1, id, -1)
				: syscall(SYS_setresgid32, -1, id, -1)) == 0;
	(void)set_effective(cap, true);
	return mapped;
}

void gons_i_become_mapped_ids(void)
{
	/* The group comes first: it needs a capability that the thread may lose with its user. What
	 * cannot be changed stays, since 0 need not be mapped. */
	if (!is_mapped(&gids, getegid())) {
		(void)syscall(SYS_setgroups32, 0, NULL);
		(void)syscall(SYS_setresgid32, 0, 0, 0);
	}
	if (!is_mapped(&uids, geteuid()) && syscall(SYS_setresuid32, 0, 0, 0) < 0)
		gons_i_caps_keep_in_programs();
}
