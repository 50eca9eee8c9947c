/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For unprivileged users: root in a user namespace of one's own is enough. Where even that
 * is refused, the program says why, and exits with 77, which test runners take for a skip.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/privilege.h>

/* A user namespace can be had and still be worth nothing; so ask for all that is needed. */
static bool can_have_a_network(void)
{
	return gons_can(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
}

int main(void)
{
	uid_t uid = geteuid();
	struct stat st;

	if (!can_have_a_network() || gons_become_root() < 0) {
		fprintf(stderr, "gons: skipped: unprivileged: %s\n", gons_error());
		return 77;
	}
	printf("user %u is uid %u here\n", uid, geteuid());
	if (gons_netns_enter_transient() < 0 || gons_mntns_enter_transient() < 0 ||
	    gons_mntns_mount_sysfs_ro() < 0) {
		fprintf(stderr, "%s\n", gons_error());
		return 1;
	}
	/* A sysfs of the machine's own network would have more links below it. */
	if (stat("/sys/class/net/lo", &st) < 0 || stat("/sys/class/net/eth0", &st) == 0)
		return 1;
	printf("/sys/class/net shows the network namespace %ju\n",
	       (uintmax_t)gons_netns_current_ino());
	return 0; /* transient namespaces end with the process at the latest */
}
