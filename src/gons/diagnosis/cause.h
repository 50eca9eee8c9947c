/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_DIAGNOSIS_CAUSE_H
#define GONS_I_DIAGNOSIS_CAUSE_H

/*
 * Why a machine refuses namespaces. These functions are called only after a refusal, to explain it.
 * They keep errno, change nothing in the process, and are async-signal-safe. A system call for
 * which a filter may kill, or that changes the process, is tried in a child process
 * (gons/base/child.h).
 *
 * gons_i_diagnose_*() add the cause and the remedy to the message.
 */

#include <stdbool.h>

#include "gons/base/error.h"

/* ---- filter.c ---- */

/* Whether something between this process and the kernel refuses a system call ("unshare(2)"):
 * always, or for these types of namespaces. For some calls this cannot be found out without
 * CAP_SYS_ADMIN over the mount namespace. */
enum gons_i_filtered { GONS_I_FILTERED_NOT, GONS_I_FILTERED, GONS_I_FILTERED_TYPES };
enum gons_i_filtered gons_i_filtered(const char *call, int types);

/* Adds this cause and its remedy to the message if it applies; returns whether it does. before is
 * the beginning of the cause. */
bool gons_i_diagnose_filter(const char *call, int types);
bool gons_i_diagnose_filter_with_prefix(const char *before, const char *call, int types);
void gons_i_add_filter_remedy(void);

/* Adds to the message that something else than the kernel refused the call, and what helps. */
void gons_i_add_tracer(const char *before, const char *call);

/* Whether this thread has a seccomp filter at all. */
bool gons_i_has_filter(void);

/* ---- settings.c ---- */

/* The number in a file below /proc/sys, or -1 with errno. */
long gons_i_read_sysctl(const char *name);

/* Adds to the message which of the limits user.max_*_namespaces is reached, and where. */
void gons_i_diagnose_limits(int types);

/* Whether this kernel lacks namespaces of one of these types; adds the missing option to the
 * message. */
bool gons_i_diagnose_options(int types);
bool gons_i_lacks_type(int type);

/* Whether kernel.unprivileged_userns_clone, which not all kernels have, forbids user namespaces. */
bool gons_i_userns_clone_is_off(void);

/* ---- emulator.c ---- */

/* Whether the kernel is gVisor, which tells the version of a Linux that it is not. */
bool gons_i_is_gvisor(void);

/* If the kernel is gVisor, adds to the message what of Linux it lacks ("pidfd_open(2)"), and that this
 * takes another one. Returns whether it is. */
bool gons_i_diagnose_gvisor(const char *format, ...) __attribute__((format(printf, 1, 2)));

void gons_i_add_gvisor_remedy(void);

/* ---- owner.c ---- */

/* Whether nsfd belongs to a user namespace that is neither the caller's nor a descendant. */
bool gons_i_is_owned_outside(int nsfd);

/* ---- modules.c ---- */

/* Whether a security module refuses this thread a capability that it has in procfs. */
bool gons_i_module_withholds_cap(int cap);

/* What a security module may have refused. */
enum gons_i_guarded { GONS_I_GUARDED_USERNS, GONS_I_GUARDED_MOUNT, GONS_I_GUARDED_OTHER };

/* Whether no security module that this kernel runs can refuse that. False where the kernel does
 * not tell (before Linux 6.8). */
bool gons_i_no_module_refuses(enum gons_i_guarded guarded);

/*
 * Adds to the message that a security module refuses something that the capabilities allow. The
 * AppArmor profile, or the label that another module gives this process, is named if it can be
 * read. before is the beginning of the cause; refuses is what the module does: "possibly refuses
 * it".
 */
void gons_i_diagnose_confinement(const char *before, const char *refuses,
				 enum gons_i_guarded guarded);

/* ---- userns.c ---- */

/* Why this process cannot create user namespaces: "unprivileged user namespaces are disabled
 * (user.max_user_namespaces = 0)", and the remedy, "raise the limit", or NULL. Returns
 * NULL if no reason is found. Filters are not looked for. */
struct gons_i_obstacle {
	const char *cause, *remedy;
};
const struct gons_i_obstacle *gons_i_find_obstacle(void);

/* Whether a user or group is mapped in this user namespace. path is that of
 * uid_map or gid_map. Async-signal-safe. True if the file cannot be read. */
bool gons_i_is_mapped(const char *path, unsigned id);

/* How many users or groups are; 0 if the file cannot be read. */
unsigned long gons_i_count_mapped(const char *path);

/* After a file could not be created with EOVERFLOW: adds cause and remedy. */
void gons_i_diagnose_owner(void);

/* Whether /proc is mounted read-only, so that no ids can be mapped in a new user namespace; and the
 * remedy. */
bool gons_i_is_procfs_read_only(void);
#define GONS_I_WRITABLE_PROCFS "mount it writable (bwrap: --proc /proc)"

/* Whether fakeroot(1) makes this process believe that its user is root. */
bool gons_i_is_fakeroot(void);

/* Whether fakeroot(1) talks to its daemon by message queues, which belong to an IPC namespace: in
 * another one its library ends the process. */
bool gons_i_is_fakeroot_by_ipc(void);

#define GONS_I_NO_CHROOT                                                                           \
	"enter the root from outside by pivot_root(2), as bwrap(1) does, and not by chroot(2)"

/* Whether ThreadSanitizer is in the program: its thread keeps the process from changing its user
 * namespace. */
bool gons_i_is_tsan(void);

/* Adds to the message that the process has other threads, and which calls work nevertheless. */
void gons_i_diagnose_threads(void);

/* Remembers why gons_become_root() was refused, so that no message suggests it again; NULL: it
 * was not. */
void gons_i_note_root_refused(const struct gons_i_failure *failure);

/* Copies the reason. False if there is none. */
bool gons_i_root_refused(struct gons_i_failure *ret_failure);

#endif
