/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_CAUSE_H
#define GONS_CAUSE_H

/* What a machine may have against namespaces. Looked at after a refusal only, to explain it. All
 * of these keep errno. */

#include <stdbool.h>

/* ---- filter.c ---- */

/* Whether something between this process and the kernel refuses a system call ("unshare(2)"):
 * always, or for these types of namespaces. Of some calls it cannot be known without
 * CAP_SYS_ADMIN over the mount namespace. */
enum gons_i_filtered { GONS_I_FILTERED_NOT, GONS_I_FILTERED, GONS_I_FILTERED_TYPES };
enum gons_i_filtered gons_i_filtered(const char *call, int types);

/* Says so, if it is so. */
bool gons_i_explain_filter(const char *call, int types);

/* Whether this thread has a seccomp filter at all. */
bool gons_i_has_filter(void);

/* ---- cause.c ---- */

/* Says which of the limits user.max_*_namespaces is reached, and where. */
void gons_i_explain_limits(int types);

/* Says which kernel options are missing. Whether there are any. */
bool gons_i_explain_options(int types);

/* Whether kernel.unprivileged_userns_clone, which not all kernels have, forbids user namespaces. */
bool gons_i_clone_is_off(void);

/* Whether a security module takes a capability from this thread that the kernel has given it. */
bool gons_i_is_taken(int cap);

/* What keeps user namespaces from this process: "unprivileged user namespaces are off
 * (user.max_user_namespaces is 0)", and what would help, "raise it", or NULL. NULL where nothing
 * is known. A filter is not looked for. */
struct gons_i_obstacle {
	const char *cause, *remedy;
};
const struct gons_i_obstacle *gons_i_find_obstacle(void);

/* Whether no ids can be mapped in a new user namespace, since /proc is mounted read-only, and what
 * to do about that. */
bool gons_i_is_procfs_read_only(void);
#define GONS_I_WRITABLE_PROCFS "have it mounted writable (bwrap: --proc /proc)"

/* Says that a security module "forbids to mount", or "may forbid" it, where capabilities would
 * allow it, and which: AppArmor's profiles and what others call this process can be read. */
void gons_i_explain_confinement(const char *forbids);

#endif
