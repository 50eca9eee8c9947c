/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does nothing in the namespaces that it is started for.
 */
#include <gons/gons.h>

int main(void)
{
	gons_status_or_exit();
	return 0;
}
