/* SPDX-License-Identifier: Apache-2.0 */
#include <gons/netns.h>
#include <gons/privilege.h>
#include <stdio.h>

int main(void)
{
	uint64_t outside, inside = 0;

	if (gons_become_root() < 0 || !gons_can(CLONE_NEWNET)) {
		(void)fprintf(stderr, "gons: skipped: user: %s\n", gons_error());
		return 77;
	}
	outside = gons_netns_current_ino();
	GONS_SCOPE {
		if (gons_netns_enter_transient() == 0)
			inside = gons_netns_current_ino();
	}
	if (inside == 0 || inside == outside || gons_netns_current_ino() != outside) {
		(void)fprintf(stderr, "user: not in, or not back: %s\n", gons_error());
		return 1;
	}
	return 0;
}
