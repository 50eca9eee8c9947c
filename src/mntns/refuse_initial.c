/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Refuses to change the mount namespace that the process started in.
 */
#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/core/initial_mntns.h"
#include "mntns/refuse_initial.h"

int gons_i_refuse_initial_mntns(const char *what)
{
	int is_initial = gons_i_initial_mntns_is_here();

	if (is_initial <= 0)
		return is_initial;
	(void)gons_i_fail(EINVAL, "cannot %s in the mount namespace that this process started in",
			  what);
	gons_i_add_remedy("enter another one with gons_mntns_enter_transient() first");
	return -1;
}
