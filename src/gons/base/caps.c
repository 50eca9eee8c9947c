/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One capability of the calling thread.
 */
#include <sys/capability.h>

#include <gons/privilege.h>

#include "gons/base/common.h"
#include "gons/base/error.h"

GONS_EXPORT int gons_has_cap(int cap)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t caps;

	if (cap < 0 || !CAP_IS_SUPPORTED(cap))
		return gons_i_fail(EINVAL, "%d is no capability of this kernel", cap);
	caps = cap_get_proc();
	if (!caps)
		return gons_i_fail(errno, "cannot read the capabilities of this thread");
	(void)cap_get_flag(caps, cap, CAP_EFFECTIVE, &value); /* its arguments are valid */
	(void)cap_free(caps);
	return value == CAP_SET;
}
