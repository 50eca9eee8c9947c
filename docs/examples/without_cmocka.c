/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gons without a test framework: a block with a scope of its own, and a look into a network
 * namespace without entering it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/privilege.h>

static void open_sysfs(void *arg)
{
	*(int *)arg = gons_sysfs_open(); /* of the network namespace that it is called in */
}

/* The MTU of lo in a network namespace, by a sysfs that is mounted nowhere. -1 on failure. */
static int loopback_mtu(int nsfd)
{
	int mtu = -1;

	GONS_SCOPE {
		char text[16] = "";
		int sysfs_fd = -1;
		int fd;

		if (gons_netns_execute(nsfd, open_sysfs, &sysfs_fd) < 0 || sysfs_fd < 0)
			break; /* leaves the block, and ends its scope */
		fd = openat(sysfs_fd, "class/net/lo/mtu", O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			break;
		if (read(fd, text, sizeof(text) - 1) > 0)
			(void)sscanf(text, "%d", &mtu);
		close(fd);
	}
	return mtu;
}

int main(void)
{
	int status = 1;

	if (gons_become_root() < 0) {
		fprintf(stderr, "gons: skipped: without_cmocka: %s\n", gons_error());
		return 77;
	}
	GONS_SCOPE {
		uint64_t own = gons_netns_current_ino();
		int nsfd = gons_netns_new_transient();

		if (nsfd < 0) {
			fprintf(stderr, "%s\n", gons_error());
			break;
		}
		printf("network namespace: own %ju, new %ju, where lo has an MTU of %d\n",
		       (uintmax_t)own, (uintmax_t)gons_netns_ino(nsfd), loopback_mtu(nsfd));
		status = loopback_mtu(nsfd) == 65536 && gons_netns_current_ino() == own ? 0 : 1;
	}
	return status;
}
