/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_DIAGNOSIS_REFUSAL_H
#define GONS_I_DIAGNOSIS_REFUSAL_H

/* Messages about refusals. gons_i_diagnose_*() add the cause and the remedy of the present errno to
 * the message that gons_i_fail() has begun. They keep errno; see cause.h. */

#include "gons/base/common.h"

/* What was refused, and so what the cause may be. */
enum gons_i_refused {
	GONS_I_REFUSED_NEW, /* unshare */
	GONS_I_REFUSED_RETURN_CHECK, /* setns to where the thread is, before anything is switched */
	GONS_I_REFUSED_TARGET, /* setns to an existing namespace */
	GONS_I_REFUSED_STARTUP, /* the same before main */
	GONS_I_REFUSED_RETURN, /* setns to where the thread was */
	GONS_I_REFUSED_MOUNT, /* mount */
};

/* The whole message: namespaces of these types cannot be created (nsfd is -1), entered or returned
 * to. Returns -1. */
int gons_i_fail_switch(enum gons_i_refused refused, int types, int nsfd);

/* The same for a refused check of the return, before nsfds are entered. */
int gons_i_fail_return_check(int types, const int *nsfds, size_t n);

/* nsfd is what was to be entered, or -1. */
void gons_i_diagnose_refusal(enum gons_i_refused refused, int types, int nsfd);

/* For a start-up switch to nsfd, of any of the eight types. */
void gons_i_diagnose_join(int nsfd, int type);

/* A capability is missing ("CAP_NET_ADMIN") that root of a user namespace has. */
void gons_i_diagnose_missing(int cap, const char *name);

/* A network namespace that exists already belongs to another user namespace. */
void gons_i_diagnose_foreign_netns(void);

/* Something was refused in the thread's network namespace that needs a capability in the user
 * namespace that owns it. */
void gons_i_diagnose_in_netns(int cap, const char *name);

/* The beginning of a remedy that has another one, too: "run as root, or ", which helps all but user 0,
 * who is told "". */
const char *gons_i_run_as_root_or(void);

/* Nothing is found that refuses it: possibly a filter or a security module does. */
void gons_i_diagnose_unknown(void);

/* Adds why a namespace of another process cannot be opened in procfs. */
void gons_i_diagnose_other_process(void);

/* For a system call ("openat2(2)") that Linux has since a release ("5.6"), and that filters may not
 * know. Returns whether something was added, which is so for ENOSYS and EPERM only. */
bool gons_i_diagnose_call(const char *call, const char *since);

/* Whether the kernel is older than this version, such as "5.16". */
bool gons_i_kernel_is_before(const char *version);

/* Whether one of the thread's namespaces of these types belongs to an ancestor user namespace. */
bool gons_i_is_owned_by_ancestor(int types);

/* Whether user.max_*_namespaces of this user namespace forbids one of these types for good. */
bool gons_i_limit_is_zero(int types);

#endif
