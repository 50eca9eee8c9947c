/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_CAUSE_H
#define GONS_CAUSE_H

/*
 * What a machine may have against namespaces. These functions are called after a refusal only, to
 * explain it. They keep errno, change nothing in the process, and are async-signal-safe: what may
 * be answered by a signal or by a lasting change is tried in a child process (gons/base/child.h).
 *
 * gons_i_diagnose_*() add the cause and the remedy to the message.
 */

#include <stdbool.h>

#include "gons/base/error.h"

/* ---- filter.c ---- */

/* Whether something between this process and the kernel refuses a system call ("unshare(2)"):
 * always, or for these types of namespaces. Of some calls it cannot be known without
 * CAP_SYS_ADMIN over the mount namespace. */
enum gons_i_filtered { GONS_I_FILTERED_NOT, GONS_I_FILTERED, GONS_I_FILTERED_TYPES };
enum gons_i_filtered gons_i_filtered(const char *call, int types);

/* Says so, if it is so. before is the beginning of the cause. */
bool gons_i_diagnose_filter(const char *call, int types);
bool gons_i_diagnose_filter_beside(const char *before, const char *call, int types);
void gons_i_add_filter_remedy(void);

/* Whether this thread has a seccomp filter at all. */
bool gons_i_has_filter(void);

/* ---- settings.c ---- */

/* The number in a file below /proc/sys, or -1 with errno. */
long gons_i_read_sysctl(const char *name);

/* Says which of the limits user.max_*_namespaces is reached, and where. */
void gons_i_diagnose_limits(int types);

/* Whether this kernel has no namespaces of one of these types, and says which option it lacks. */
bool gons_i_diagnose_options(int types);
bool gons_i_lacks_type(int type);

/* Whether kernel.unprivileged_userns_clone, which not all kernels have, forbids user namespaces. */
bool gons_i_clone_is_off(void);

/* ---- owner.c ---- */

/* Whether nsfd belongs to a user namespace that is neither the caller's nor a descendant. */
bool gons_i_is_outside(int nsfd);

/* ---- modules.c ---- */

/* Whether a security module takes a capability from this thread that the kernel has given it. */
bool gons_i_is_taken(int cap);

/* What a security module may have refused. */
enum gons_i_guarded { GONS_I_GUARDED_USERNS, GONS_I_GUARDED_MOUNT, GONS_I_GUARDED_OTHER };

/* Whether no security module that this kernel runs can refuse that. False where the kernel does
 * not tell (before Linux 6.8). */
bool gons_i_no_module_refuses(enum gons_i_guarded guarded);

/*
 * Says that a security module refuses it, where capabilities would allow it, and which: the
 * profiles of AppArmor, and what others call this process, can be read. before is the beginning of
 * the cause; refuses says what the module does: "possibly refuses it".
 */
void gons_i_diagnose_confinement(const char *before, const char *refuses,
				 enum gons_i_guarded guarded);

/* ---- userns.c ---- */

/* What keeps user namespaces from this process: "unprivileged user namespaces are disabled
 * (user.max_user_namespaces = 0)", and what would help, "raise the limit", or NULL. NULL where
 * nothing is known. A filter is not looked for. */
struct gons_i_obstacle {
	const char *cause, *remedy;
};
const struct gons_i_obstacle *gons_i_find_obstacle(void);

/* Whether a user or group is mapped in this user namespace. path tells which of them: that of
 * uid_map or gid_map. Async-signal-safe. True where the file cannot be read. */
bool gons_i_is_mapped(const char *path, unsigned id);

/* Whether no ids can be mapped in a new user namespace, since /proc is mounted read-only, and what
 * to do about that. */
bool gons_i_is_procfs_read_only(void);
#define GONS_I_WRITABLE_PROCFS "mount it writable (bwrap: --proc /proc)"

/* Whether fakeroot(1) makes this process believe that its user is root. */
bool gons_i_is_fakeroot(void);

/* Whether fakeroot(1) talks to its daemon by message queues, which belong to an IPC namespace: in
 * another one its library ends the process. */
bool gons_i_is_fakeroot_by_ipc(void);

#define GONS_I_NO_CHROOT "enter the root by pivot_root(2), as bwrap(1) does, and not by chroot(2)"

/* Whether ThreadSanitizer is in the program: its thread keeps the process from changing its user
 * namespace. */
bool gons_i_is_tsan(void);

/* Says that the process has other threads, and what works beside them. */
void gons_i_diagnose_threads(void);

/* Remembers why gons_become_root() was refused, so that no message suggests it again; NULL: it
 * was not. */
void gons_i_note_root_refused(const struct gons_i_failure *failure);

/* Copies the reason. False if there is none. */
bool gons_i_root_refused(struct gons_i_failure *ret_failure);

#endif
