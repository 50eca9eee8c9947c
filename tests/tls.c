/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program with TLS_SIZE KiB of thread-local data, which the C library keeps on the stack of
 * each thread, has mount namespaces with idle threads; and where none is to be had, the idle
 * thread has room to find out why. Without cmocka, whose own data is large.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gons/mntns.h>
#include <gons/privilege.h>

static __thread volatile char data[TLS_SIZE * 1024];

static int make_some(void)
{
	int mark = gons_scope_begin();

	for (int i = 0; i < 3; i++) {
		int fd = gons_mntns_new_transient(NULL);

		if (fd < 0 || gons_mntns_ino(fd) == 0 ||
		    gons_mntns_ino(fd) == gons_mntns_current_ino())
			return -1;
	}
	return gons_scope_end(mark);
}

/* The capabilities of this thread, and so of those that it starts, are put aside. */
static int is_refused_without_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct own[_LINUX_CAPABILITY_U32S_3], less[_LINUX_CAPABILITY_U32S_3];
	int refused;

	if (syscall(SYS_capget, &header, own) < 0)
		return 0;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		less[i] = own[i];
		less[i].effective = 0;
	}
	if (syscall(SYS_capset, &header, less) < 0)
		return 0;
	refused = gons_mntns_new_transient(NULL) == -1 && errno == EPERM;
	return syscall(SYS_capset, &header, own) == 0 && refused;
}

int main(void)
{
	data[0] = data[sizeof(data) - 1] = 1;
	if (gons_become_root() < 0 || !gons_can(CLONE_NEWNS)) {
		(void)fprintf(stderr, "gons: skipped: tls-%d: %s\n", TLS_SIZE, gons_error());
		return 77;
	}
	if (is_refused_without_capabilities() && make_some() == 0)
		return 0;
	(void)fprintf(stderr, "tls-%d: %s\n", TLS_SIZE, gons_error());
	return 1;
}
