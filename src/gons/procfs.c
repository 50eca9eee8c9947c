/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What procfs says of the calling thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

const char *gons_i_own_path(const struct gons_i_type *row, char path[GONS_I_OWN_PATH_SIZE])
{
	(void)snprintf(path, GONS_I_OWN_PATH_SIZE, "/proc/thread-self/ns/%s", row->name); /* fits */
	return path;
}

int gons_i_tid(void)
{
	char link[64] = "";
	const char *last;
	int tid;

	if (readlink("/proc/thread-self", link, sizeof(link) - 1) < 0)
		return gons_i_fail(errno, "cannot read /proc/thread-self");
	last = strrchr(link, '/'); /* PID/task/TID */
	tid = last ? atoi(last + 1) : 0;
	return tid > 0 ? tid : gons_i_fail(EINVAL, "/proc/thread-self leads to \"%s\"", link);
}

unsigned long gons_i_status_number(const char *name, int base)
{
	FILE *file = fopen("/proc/thread-self/status", "re");
	size_t length = strlen(name);
	unsigned long number = 0;
	char line[256];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, name, length) == 0 && line[length] == ':') {
			number = strtoul(line + length + 1, NULL, base);
			break;
		}
	(void)fclose(file);
	return number;
}
