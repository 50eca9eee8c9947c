/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For libgons.so alone: calls that a test may replace for the code under test, by a function of
 * the same name in the program. The dynamic linker would hand that function to gons as well. The
 * functions here are hidden: only gons calls them.
 */
#undef _FORTIFY_SOURCE /* it makes inline functions of them */
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HIDDEN __attribute__((visibility("hidden")))

#ifdef __GLIBC__
#define REQUEST unsigned long
#else
#define REQUEST int
#endif

HIDDEN int socket(int domain, int type, int protocol)
{
	return (int)syscall(SYS_socket, domain, type | SOCK_CLOEXEC, protocol);
}

HIDDEN int bind(int fd, const struct sockaddr *address, socklen_t size)
{
	return (int)syscall(SYS_bind, fd, address, size);
}

HIDDEN int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	return (int)syscall(SYS_setsockopt, fd, level, name, value, size);
}

/* For requests without an argument, this reads an undefined one, as the C library does. */
HIDDEN int ioctl(int fd, REQUEST request, ...)
{
	va_list args;
	long argument;

	va_start(args, request);
	argument = va_arg(args, long);
	va_end(args);
	return (int)syscall(SYS_ioctl, fd, request, argument);
}

static bool has_mode(int flags)
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

HIDDEN int open(const char *path, int flags, ...)
{
	unsigned mode = 0;
	va_list args;

	va_start(args, flags);
	if (has_mode(flags))
		mode = va_arg(args, unsigned);
	va_end(args);
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_LARGEFILE | O_CLOEXEC, mode);
}

HIDDEN int openat(int dir_fd, const char *path, int flags, ...)
{
	unsigned mode = 0;
	va_list args;

	va_start(args, flags);
	if (has_mode(flags))
		mode = va_arg(args, unsigned);
	va_end(args);
	return (int)syscall(SYS_openat, dir_fd, path, flags | O_LARGEFILE | O_CLOEXEC, mode);
}
