/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far the calling thread is from home: two numbers.
 */
#include "gons/base/common.h"
#include "gons/core/thread_state.h"

/* Types whose way back the kernel has refused. */
static __thread int lost;

/* How many ways back this thread has. */
static __thread unsigned away;

bool gons_i_is_stranded(void)
{
	return lost != 0;
}

void gons_i_set_stranded(int type, bool is)
{
	lost = is ? lost | type : lost & ~type;
}

bool gons_i_is_away(void)
{
	return away > 0;
}

void gons_i_go_away(int ways)
{
	away += (unsigned)ways;
}
