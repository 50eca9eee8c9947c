/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	int type;
	const char *name;
} types[] = {
	{ CLONE_NEWCGROUP, "cgroup" }, { CLONE_NEWIPC, "ipc" }, { CLONE_NEWNS, "mnt" },
	{ CLONE_NEWNET, "net" },       { CLONE_NEWPID, "pid" }, { CLONE_NEWTIME, "time" },
	{ CLONE_NEWUSER, "user" },     { CLONE_NEWUTS, "uts" },
};
enum { TYPES = sizeof(types) / sizeof(types[0]) };

static void names_and_types_are_converted_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		assert_string_equal(gons_type_name(types[i].type), types[i].name);
		assert_int_equal(gons_type_from_name(types[i].name), types[i].type);
	}
}

static void invalid_types_have_no_name(void **state)
{
	const int wrong[] = { 0, -1, 1, CLONE_NEWNET | CLONE_NEWNS, CLONE_VM };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_refused(gons_type_name(wrong[i]), EINVAL, "namespace type");
	assert_refused(gons_type_from_name("network"), EINVAL,
		       "\"network\" is not a namespace type");
	assert_refused(gons_type_from_name("NET"), EINVAL, "is not a namespace type");
	assert_refused(gons_type_from_name(""), EINVAL, "is not a namespace type");
	assert_refused(gons_type_from_name(NULL), EINVAL, "name is NULL");
}

static void gons_current_opens_the_callers_namespace_of_each_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		int fd = gons_must(gons_current(types[i].type));
		struct stat st;

		assert_int_equal(gons_type(fd), types[i].type);
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_ino, own_ino(types[i].name));
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		assert_int_equal(gons_ino(fd, types[i].type), st.st_ino);
		assert_int_equal(gons_ino(fd, 0), st.st_ino);
		assert_int_equal(gons_current_ino(types[i].type), st.st_ino);
	}
}

static void gons_open_checks_the_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		char path[64];
		int other = types[(i + 1) % TYPES].type;

		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", types[i].name);
		assert_int_equal(gons_type(gons_must(gons_open(path, types[i].type))),
				 types[i].type);
		assert_int_equal(gons_type(gons_must(gons_open(path, 0))), types[i].type);
		assert_refused(gons_open(path, other), EINVAL, "namespace, not a");
		assert_int_equal(gons_must(gons_path_ino(path, types[i].type)),
				 own_ino(types[i].name));
		assert_refused(gons_path_ino(path, other), EINVAL, path);
		assert_refused(gons_ino(gons_open(path, 0), other), EINVAL, "namespace, not to a");
	}
}

static void an_ipc_namespace_is_named_in_english(void **state)
{
	int fd = gons_must(gons_current(CLONE_NEWIPC));

	(void)state;
	assert_refused(gons_ino(fd, CLONE_NEWUTS), EINVAL,
		       "an IPC namespace, not to a UTS namespace");
	assert_refused(gons_open("/proc/self/ns/uts", CLONE_NEWIPC), EINVAL,
		       "is a UTS namespace, not an IPC namespace");
}

static void gons_open_refuses_files_that_are_no_namespaces(void **state)
{
	char fifo[] = "/tmp/gons-fifo-XXXXXX";

	(void)state;
	assert_refused(gons_open(NULL, 0), EINVAL, "path is NULL");
	assert_refused(gons_open("", 0), ENOENT, "No such file");
	assert_refused(gons_open("/nonexistent", CLONE_NEWNET), ENOENT, "/nonexistent");
	assert_refused(gons_open("/", 0), EINVAL, "is not a namespace");
	assert_refused(gons_open("/etc/passwd", 0), EINVAL, "/etc/passwd is not a namespace");
	assert_refused(gons_open("/dev/null", 0), EINVAL, "is not a namespace");
	assert_refused(gons_open("/proc/self/ns/net", CLONE_NEWNET | CLONE_NEWNS), EINVAL,
		       "namespace type");
	assert_refused(gons_open("/proc/self/ns/net", -1), EINVAL, "namespace type");
	assert_refused(gons_path_ino(NULL, 0), EINVAL, "path is NULL");
	/* Opening a FIFO must not wait for a writer. */
	assert_non_null(mkdtemp(fifo));
	assert_int_equal(rmdir(fifo), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_refused(gons_open(fifo, 0), EINVAL, "is not a namespace");
	assert_int_equal(unlink(fifo), 0);
}

static void descriptors_that_are_no_namespaces_are_recognised(void **state)
{
	int fd = open("/proc/self/ns/net", O_PATH | O_CLOEXEC);
	int closed = dup(fd);

	(void)state;
	assert_int_equal(close(closed), 0);
	assert_refused(gons_type(-1), EBADF, "closed");
	assert_refused(gons_type(closed), EBADF, "closed");
	assert_refused(gons_type(fd), EBADF, "O_PATH");
	assert_refused(gons_ino(closed, CLONE_NEWNET), EBADF, "closed");
	assert_int_equal(close(fd), 0);
	fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	assert_refused(gons_type(fd), EINVAL, "not a namespace");
	assert_refused(gons_ino(fd, 0), EINVAL, "not a namespace");
	assert_int_equal(close(fd), 0);
}

static void calls_for_one_type_refuse_others(void **state)
{
	int fd = gons_must(gons_current(CLONE_NEWNET));

	(void)state;
	assert_refused(gons_current(0), EINVAL, "namespace type");
	assert_refused(gons_current(CLONE_NEWNET | CLONE_NEWUTS), EINVAL, "namespace type");
	assert_refused(gons_current_ino(0), EINVAL, "namespace type");
	assert_refused(gons_ino(fd, 1), EINVAL, "namespace type");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(names_and_types_are_converted_both_ways),
		check_test(invalid_types_have_no_name),
		check_test(gons_current_opens_the_callers_namespace_of_each_type),
		check_test(gons_open_checks_the_type),
		check_test(an_ipc_namespace_is_named_in_english),
		check_test(gons_open_refuses_files_that_are_no_namespaces),
		check_test(descriptors_that_are_no_namespaces_are_recognised),
		check_test(calls_for_one_type_refuse_others),
	};

	return gons_run_group_tests(tests, NULL, NULL);
}
