/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the calling thread is in namespaces that it leaves at the end of its scope, or is
 * stranded.
 */
#include "gons/base/common.h"
#include "gons/core/thread_state.h"

/* Types to which the kernel has refused the return. */
static __thread int stranded, stranded_errnum;

/* How many returns are recorded on this thread's scope. */
static __thread unsigned n_returns;

bool gons_i_is_stranded(void)
{
	return stranded != 0;
}

int gons_i_stranded_types(void)
{
	return stranded;
}

int gons_i_stranded_errno(void)
{
	return stranded_errnum;
}

void gons_i_set_stranded(int type, int errnum)
{
	if (stranded == 0)
		stranded_errnum = errnum;
	stranded = errnum != 0 ? stranded | type : stranded & ~type;
}

bool gons_i_has_returns(void)
{
	return n_returns > 0;
}

void gons_i_add_returns(int change)
{
	n_returns += (unsigned)change;
}
