/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs newuidmap(1) or newgidmap(1) from a forked child, without allocating memory.
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "gons/base/clock.h"
#include "gons/base/common.h"
#include "gons/base/child.h"
#include "gons/base/error.h"
#include "gons/sets/idmap_helper.h"

/* A program may not run longer, since the caller waits for it. */
enum { PROGRAM_MS = 30000 };

/* If this program has elevated privileges, the environment is that of its caller, who must not choose
 * what runs here. */
static bool is_secure(void)
{
	return getauxval(AT_SECURE) != 0;
}

/* In a child: never returns. */
static void become_program(char *const argv[], int to_parent, int error_fd)
{
	char *const nothing[] = { NULL };
	char path[32];
	sigset_t none;
	int errnum;

	gons_i_child_tie();
	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* The program may have none of the standard descriptors, whose numbers the pipes have then.
	 * */
	error_fd = fcntl(error_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	to_parent = fcntl(to_parent, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (error_fd < 0 || dup2(to_parent, STDOUT_FILENO) < 0 ||
	    dup2(to_parent, STDERR_FILENO) < 0)
		gons_i_child_exit(1);
	(void)snprintf(path, sizeof(path), "%s%s", is_secure() ? "/usr/bin/" : "",
		       argv[0]); /* fits: a name of gons */
	(void)execvpe(path, argv, is_secure() ? nothing : environ);
	errnum = errno;
	(void)!write(error_fd, &errnum, sizeof(errnum)); /* fits */
	gons_i_child_exit(127);
}

/* Reads to the end, or until the deadline. Returns false after the deadline. */
static bool read_until(int fd, char *text, size_t size, int64_t end)
{
	size_t used = 0;

	for (;;) {
		const int64_t left = (end - gons_i_nanoseconds()) / GONS_I_NS_OF_MS;
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		char rest[256];
		ssize_t got;

		if (left <= 0 || (poll(&ready, 1, (int)left) == 0))
			return false;
		got = used < size ? read(fd, text + used, size - used)
				  : read(fd, rest, sizeof(rest));
		if (got == 0 || (got < 0 && errno != EINTR))
			return true;
		if (got > 0 && used < size)
			used += (size_t)got;
	}
}

int gons_i_helper_run(char *const argv[], char *line, size_t size)
{
	int ends[2], errors[2], errnum = 0, status = -1;
	pid_t child;

	memset(line, 0, size);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return errno;
	if (pipe2(errors, O_CLOEXEC) < 0) {
		errnum = errno;
		(void)close(ends[0]);
		(void)close(ends[1]);
		return errnum;
	}
	child = gons_i_fork();
	if (child == 0)
		become_program(argv, ends[1], errors[1]);
	if (child < 0)
		errnum = errno;
	(void)close(ends[1]);
	(void)close(errors[1]);
	if (child > 0 &&
	    !read_until(ends[0], line, size - 1,
			gons_i_nanoseconds() + PROGRAM_MS * (int64_t)GONS_I_NS_OF_MS)) {
		(void)kill(child, SIGKILL);
		(void)snprintf(line, size, "%s did not end within %d s", argv[0],
			       PROGRAM_MS / 1000);
	}
	if (child > 0) {
		(void)gons_i_wait(child, &status);
		(void)!read(errors[0], &errnum, sizeof(errnum)); /* nothing where it was run */
	}
	(void)close(ends[0]);
	(void)close(errors[0]);
	line[strcspn(line, "\n")] = '\0';
	return errnum != 0 || status == 0 ? errnum : -1;
}

/* ---- why it has no privileges ---- */

/* Where execvpe(3) finds the program. */
static bool find(const char *program, char path[PATH_MAX])
{
	const char *directory = is_secure() ? NULL : getenv("PATH");

	if (!directory)
		directory = "/usr/bin";
	for (;;) {
		const size_t length = strcspn(directory, ":");
		const int size = snprintf(path, PATH_MAX, "%.*s%s%s", (int)length, directory,
					  length > 0 ? "/" : "", program);

		if (size < PATH_MAX && access(path, X_OK) == 0)
			return true;
		if (directory[length] == '\0')
			return false;
		directory += length + 1;
	}
}

/* If it is not certain, that counts as true: a filter may refuse the call, and the capabilities may be
 * those of another user namespace (EOVERFLOW). */
static bool has_capabilities(const char *path)
{
	return getxattr(path, "security.capability", NULL, 0) >= 0 ||
	       (errno != ENODATA && errno != EOPNOTSUPP);
}

void gons_i_helper_explain(const char *program)
{
	char path[PATH_MAX];
	struct statvfs mount;
	struct stat st;

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
		gons_i_add_cause("no_new_privs is set, so that %s gets no privileges", program);
		gons_i_add_remedy("start this process without it (docker, podman: no "
				  "--security-opt no-new-privileges; Kubernetes: "
				  "allowPrivilegeEscalation: true; systemd: NoNewPrivileges=no)");
		return;
	}
	/* User 0 gets capabilities by execve(2) itself, whatever the file has. */
	if (geteuid() == 0)
		return;
	if (!find(program, path) || statvfs(path, &mount) < 0 || stat(path, &st) < 0)
		return;
	if (mount.f_flag & ST_NOSUID) {
		gons_i_add_cause("%s is on a mount with the option nosuid, so that it gets no "
				 "privileges",
				 path);
		gons_i_add_remedy("mount it without that option");
	} else if (has_capabilities(path)) {
		return;
	} else if (!(st.st_mode & S_ISUID)) {
		gons_i_add_cause("%s is not set-user-ID and has no capabilities, as in some images "
				 "of containers",
				 path);
		gons_i_add_remedy("as root, chmod u+s %s", path);
	} else if (st.st_uid != 0) {
		gons_i_add_cause("%s belongs to user %u, and not to root, so that it gets no "
				 "privileges",
				 path, st.st_uid);
		gons_i_add_remedy("as root, chown root %s, and then chmod u+s %s", path, path);
	}
}
