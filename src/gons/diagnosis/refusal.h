/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_DIAGNOSIS_REFUSAL_H
#define GONS_I_DIAGNOSIS_REFUSAL_H

#include "gons/base/common.h"

/* What was refused, and so what the cause may be. */
enum gons_i_refused {
	GONS_I_REFUSED_NEW, /* unshare */
	GONS_I_REFUSED_RETURN_CHECK, /* setns to where the thread is, before anything is switched */
	GONS_I_REFUSED_TARGET, /* setns to an existing namespace */
	GONS_I_REFUSED_STARTUP, /* the same before main, when no user namespace can be made first */
	GONS_I_REFUSED_RETURN, /* setns on the way back */
	GONS_I_REFUSED_MOUNT, /* mount */
};

/* Says that namespaces of these types cannot be created (nsfd is -1), entered or come back to:
 * errno's text, and the likely cause. Returns -1. */
int gons_i_fail_switch(enum gons_i_refused refused, int types, int nsfd);

/* The same of a proof, before these are entered. */
int gons_i_fail_return_check(int types, const int *nsfds, size_t n);

/* Adds to the message why errno may have been the answer; nsfd is what was to be entered, or
 * -1. */
void gons_i_explain_refusal(enum gons_i_refused refused, int types, int nsfd);

/* The same for a start-up switch to nsfd, of any of the eight types. */
void gons_i_explain_join(int nsfd, int type);

/* Adds why a system call, which filters may know and kernels before this one not, was refused.
 * Whether there was anything to add. */
bool gons_i_explain_call(const char *call, const char *since);

/* Whether one of the thread's namespaces of these types belongs to a user namespace further up. */
bool gons_i_is_foreign(int types);

/* Whether user.max_*_namespaces of this user namespace forbids one of these types for good. */
bool gons_i_limit_is_zero(int types);

#endif
