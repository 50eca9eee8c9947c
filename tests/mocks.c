/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that replace calls of the C library for the code under test: by functions of the same name
 * (test-mocks), and by the linker's --wrap (test-mocks_wrapped). gons must not be affected.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <gons/cmocka.h>
#include <gons/ip.h>
#include <gons/link.h>
#include <gons/mntns.h>
#include <gons/netns.h>
#include <gons/set.h>

#include "check.h"

#ifdef WRAPPED
#define MOCK(name) __wrap_##name
#else
#define MOCK(name) name
#endif

#ifdef __GLIBC__
#define REQUEST unsigned long
#else
#define REQUEST int
#endif

/* The mocks refuse everything while this is set, and count. Otherwise they do what is asked. */
static bool mocked;
static int mocked_calls;

static int refuse(int errnum)
{
	mocked_calls++;
	errno = errnum;
	return -1;
}

int MOCK(socket)(int domain, int type, int protocol);
int MOCK(bind)(int fd, const struct sockaddr *address, socklen_t size);
int MOCK(setsockopt)(int fd, int level, int name, const void *value, socklen_t size);
int MOCK(ioctl)(int fd, REQUEST request, ...);
int MOCK(open)(const char *path, int flags, ...);
int MOCK(openat)(int dir_fd, const char *path, int flags, ...);
int MOCK(clock_gettime)(clockid_t clock, struct timespec *ret_time);

int MOCK(socket)(int domain, int type, int protocol)
{
	return mocked ? refuse(EMFILE) : (int)syscall(SYS_socket, domain, type, protocol);
}

int MOCK(bind)(int fd, const struct sockaddr *address, socklen_t size)
{
	return mocked ? refuse(EADDRINUSE) : (int)syscall(SYS_bind, fd, address, size);
}

int MOCK(setsockopt)(int fd, int level, int name, const void *value, socklen_t size)
{
	return mocked ? refuse(ENOPROTOOPT)
		      : (int)syscall(SYS_setsockopt, fd, level, name, value, size);
}

int MOCK(ioctl)(int fd, REQUEST request, ...)
{
	va_list args;
	long argument;

	va_start(args, request);
	argument = va_arg(args, long);
	va_end(args);
	return mocked ? refuse(ENOTTY) : (int)syscall(SYS_ioctl, fd, request, argument);
}

int MOCK(open)(const char *path, int flags, ...)
{
	unsigned mode = 0;
	va_list args;

	va_start(args, flags);
	if (flags & O_CREAT)
		mode = va_arg(args, unsigned);
	va_end(args);
	return mocked ? refuse(ENOENT) : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int MOCK(openat)(int dir_fd, const char *path, int flags, ...)
{
	unsigned mode = 0;
	va_list args;

	va_start(args, flags);
	if (flags & O_CREAT)
		mode = va_arg(args, unsigned);
	va_end(args);
	return mocked ? refuse(ENOENT) : (int)syscall(SYS_openat, dir_fd, path, flags, mode);
}

/* Stands still, as that of faketime(1). gons may call it: only limits of time must not depend on it. */
int MOCK(clock_gettime)(clockid_t clock, struct timespec *ret_time)
{
	if (!mocked)
		return (int)syscall(SYS_clock_gettime, clock, ret_time);
	*ret_time = (struct timespec){ .tv_sec = 1000 };
	return 0;
}

#ifdef WRAPPED
/* What the code calls where files may be large. */
int __wrap_open64(const char *path, int flags, ...) __attribute__((alias("__wrap_open")));
int __wrap_openat64(int dir_fd, const char *path, int flags, ...)
	__attribute__((alias("__wrap_openat")));
#endif

static void the_code_under_test_is_mocked(void **state)
{
	int results[3];

	(void)state;
	mocked = true;
	results[0] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	results[1] = open("/", O_RDONLY | O_CLOEXEC);
	results[2] = ioctl(0, FIONREAD, &results[2]);
	mocked = false;
	assert_int_equal(results[0], -1);
	assert_int_equal(results[1], -1);
	assert_int_equal(results[2], -1);
	assert_int_equal(mocked_calls, 3);
}

static void look(void *arg)
{
	*(uint64_t *)arg = gons_netns_current_ino();
}

/* Calls that open sockets and files, and that use ioctl(2). */
static void use_gons(void)
{
	struct gons_link_options options = { .up = true };
	struct gons_link veth;
	uint64_t seen = 0;
	gons_set *set;

	gons_must(gons_can(CLONE_NEWNET));
	gons_must(gons_netns_enter_transient());
	gons_must(gons_netns_loopback_up());
	gons_must(gons_mntns_enter_transient());
	gons_must(gons_mntns_mount_sysfs_ro());
	options.nsfd = gons_must(gons_netns_new_transient());
	gons_must(gons_veth_new_transient(&options, &veth));
	gons_must(gons_address_add(options.nsfd, veth.ifindex, "192.0.2.1/24"));
	gons_must(gons_link_offload(options.nsfd, veth.ifindex, false));
	gons_must(gons_netns_sysctl_set(options.nsfd, "net.ipv4.ip_forward", "1"));
	gons_must(gons_netns_execute(options.nsfd, look, &seen));
	assert_true(seen == gons_netns_ino(options.nsfd));
	options.up = false;
	gons_must(gons_veth_new_transient(&options, &veth));
	assert_refused(gons_link_up(options.nsfd, veth.ifindex, 20), ETIMEDOUT,
		       "is not up after 20 ms");
	set = gons_must(gons_set_current(CLONE_NEWNET | CLONE_NEWNS));
	gons_must(gons_set_do(set, look, &seen));
	gons_set_close(set);
	assert_true(seen == gons_netns_current_ino());
}

static void gons_is_not_affected_by_mocks(void **state)
{
	(void)state;
	require_writable_sysctls(__func__);
	gons_require(CLONE_NEWNET | CLONE_NEWNS);
	gons_require_link("veth");
	mocked_calls = 0;
	mocked = true;
	use_gons();
	mocked = false;
	assert_int_equal(mocked_calls, 0);
}

static int unmock(void **state)
{
	(void)state;
	mocked = false;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(the_code_under_test_is_mocked),
		gons_unit_test_setup_teardown(gons_is_not_affected_by_mocks, NULL, unmock),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}
