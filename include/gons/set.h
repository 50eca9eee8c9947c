/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_SET_H
#define GONS_SET_H

/*
 * Sets of namespaces: several of them carried around together, by their owner.
 *
 * A set is not on any scope: it is the caller's, to be closed by gons_set_close(), and can be
 * used from any thread (though not closed while another one uses it). It keeps its namespaces
 * alive. Sets are for code that must not touch the calling thread; for a test that just wants
 * to be somewhere else, gons_enter_transient() is the short way.
 *
 * Every call but gons_set_close() fails with EINVAL when the set is NULL or was closed. Such a
 * stale set is told apart for good: it is never mistaken for one that was made later.
 */

#include <gons/gons.h>

#include <stdbool.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gons_set gons_set;

/* count ids of a user namespace, from inside on, are those of its parent from outside on. */
struct gons_idmap {
	unsigned inside, outside, count;
};

/* The lines of a new user namespace's uid_map and gid_map (user_namespaces(7)). */
struct gons_idmaps {
	const struct gons_idmap *uid;
	size_t n_uid;
	const struct gons_idmap *gid;
	size_t n_gid;
};

/*
 * gons_set_current - the calling thread's namespaces of these types.
 *
 * @types: one or several of the eight CLONE_NEW* flags.
 *
 * Returns a set, to be closed by gons_set_close(). NULL with EINVAL when types is 0 or has
 * other bits; ENOENT for a type that the kernel lacks, or without procfs on /proc; EMFILE,
 * ENOMEM.
 */
gons_set *gons_set_current(int types);

/*
 * gons_set_from_pid - the namespaces of these types of a process, or of one thread by its id.
 *
 * @pid: as the caller's /proc has it. All namespaces are that process's, even if it ends
 *       meanwhile and its id is given to another one.
 *
 * Returns as gons_set_current() does, and NULL with EINVAL when pid is not positive; ESRCH when
 * there is no such process or it has ended; EACCES for another user's process (ptrace(2), "Ptrace
 * access mode checking").
 */
gons_set *gons_set_from_pid(pid_t pid, int types);

/*
 * gons_set_from_dir - the namespaces at dir/net, dir/mnt and so on: files named after the types.
 *
 * gons_set_mount() makes such a directory, and /proc/42/ns is one. Each file must be a namespace
 * of its type. Returns as gons_set_current() does, and NULL with EINVAL when dir is NULL, or a
 * file is no namespace or one of another type; ENOENT when dir or a file is not there, ENOTDIR
 * when dir is none; otherwise the errno of open(2).
 */
gons_set *gons_set_from_dir(const char *dir, int types);

/*
 * gons_set_dup - a set of its own with these of the namespaces that set holds.
 *
 * @types: 0 for all of them.
 *
 * NULL with EINVAL for a type that the set does not hold; EMFILE, ENOMEM.
 */
gons_set *gons_set_dup(const gons_set *set, int types);

/*
 * gons_set_unshare - a new set: new namespaces of these types, and the rest of set's.
 *
 * @set: NULL for the new ones alone.
 *
 * The calling thread is untouched. A new mount namespace is a copy of set's, where it holds one,
 * else of the caller's, and a UTS or cgroup namespace likewise; its mounts are private. Needs
 * CAP_SYS_ADMIN, and CAP_SYS_CHROOT to make one out of set's mount namespace.
 *
 * Returns a set, to be closed by gons_set_close(). NULL with EINVAL when types is 0 or has other
 * bits; EPERM, ENOSPC as gons_enter_transient() says; EAGAIN when no thread can be created;
 * EMFILE, ENOMEM.
 */
gons_set *gons_set_unshare(const gons_set *set, int types, const struct gons_idmaps *maps);

/* gons_set_types - the types that the set holds. -1 with EINVAL. */
int gons_set_types(const gons_set *set);

/*
 * gons_set_fd - the descriptor of the set's namespace of this type.
 *
 * Borrowed: it is close-on-exec and closed with the set, so do not close it. -1 with EINVAL
 * when type is not one type, or one that the set does not hold.
 */
int gons_set_fd(const gons_set *set, int type);

/*
 * gons_set_id - write the name of the set's namespace of this type: "net:[4026531840]".
 *
 * As readlink(2) gives it for /proc/PID/ns/net. Returns 0. -1 as gons_set_fd() does, with EINVAL
 * when buf is NULL, and with ERANGE when size is too small (32 is enough for all).
 */
int gons_set_id(const gons_set *set, int type, char *buf, size_t size);

/*
 * gons_set_close - close the set's descriptors and free it.
 *
 * NULL is fine. So is a set that was closed already: nothing happens, also when other sets were
 * made in between. The namespaces end when nothing else refers to them. Keeps errno.
 */
void gons_set_close(gons_set *set);

#ifdef __cplusplus
}
#endif

#endif
