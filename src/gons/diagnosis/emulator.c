/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gVisor, which programs take for the kernel: a container engine may start it (docker
 * --runtime=runsc). It tells the version of a Linux that it is not.
 */
#include <stdarg.h>
#include <stdio.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/diagnosis/cause.h"

/* "Sentry" is the name of gVisor's kernel. */
bool gons_i_is_gvisor(void)
{
	const int errnum = errno;
	const bool is = access("/proc/sentry-meminfo", F_OK) == 0;

	errno = errnum;
	return is;
}

void gons_i_add_gvisor_remedy(void)
{
	gons_i_add_remedy("run without gVisor (docker: --runtime=runc)");
}

bool gons_i_diagnose_gvisor(const char *format, ...)
{
	char missing[128];
	va_list args;

	if (!gons_i_is_gvisor())
		return false;
	va_start(args, format);
	(void)vsnprintf(missing, sizeof(missing), format, args);
	va_end(args);
	gons_i_add_cause("the kernel is gVisor here, which lacks %s", missing);
	gons_i_add_gvisor_remedy();
	return true;
}
