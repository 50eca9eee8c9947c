/* SPDX-License-Identifier: Apache-2.0 */
/* Paths below the root of another mount namespace, or below any directory. */
#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char root[] = "/tmp/root";

static void make_file(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

static void make_link(const char *target, const char *name)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/tmp/root/%s", name);
	assert_int_equal(symlink(target, path), 0);
}

/* On a tmpfs on /tmp: a secret outside, and below /tmp/root files, and links that lead away. */
static void make_tree(void *arg)
{
	(void)arg;
	assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, NULL), 0);
	make_file("/tmp/secret", "outside");
	assert_int_equal(mkdir(root, 0755), 0);
	assert_int_equal(mkdir("/tmp/root/a", 0755), 0);
	assert_int_equal(mkdir("/tmp/root/a/b", 0755), 0);
	assert_int_equal(mkdir("/tmp/root/tmp", 0755), 0);
	make_file("/tmp/root/a/b/file", "inside");
	make_file("/tmp/root/tmp/secret", "inside");
	make_link("/a/b", "absolute");
	make_link("a/b", "relative");
	make_link("../../../../../../a/./b", "climbing");
	make_link("/tmp/secret", "secret");
	make_link("/chain2", "chain1");
	make_link("./chain3/../../chain3", "chain2");
	make_link("/absolute", "chain3");
	make_link("loop2", "loop1");
	make_link("/loop1", "loop2");
	make_link("/nowhere", "dangling");
	make_link("/", "top");
	make_link("/proc/self/root", "magic");
}

/* Enters a mount namespace with that tree; root is a plain directory. */
static void enter_tree(void)
{
	gons_require(CLONE_NEWNS);
	gons_must(gons_mntns_enter_transient());
	make_tree(NULL);
}

static void resolves_to(const char *path, int except_last, const char *wanted)
{
	char *resolved = gons_must(gons_procfsroot_resolve(root, path, except_last));

	assert_string_equal(resolved, wanted);
	free(resolved);
}

static void refuse(const char *path, int errnum, const char *words)
{
	assert_refused(gons_procfsroot_open(root, path, O_RDONLY), errnum, words);
	assert_refused(gons_procfsroot_resolve(root, path, 0), errnum, words);
}

static const char *read_below(const char *procfsroot, const char *path)
{
	static char text[64];
	int fd = gons_must(gons_procfsroot_open(procfsroot, path, O_RDONLY));
	ssize_t length = read(fd, text, sizeof(text) - 1);

	assert_true(length >= 0);
	text[length] = '\0';
	assert_int_equal(close(fd), 0);
	return text;
}

/* ---- resolving ---- */

static void paths_without_symbolic_links_stay_unchanged(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	enter_tree();
	resolves_to("/a/b/file", 0, "/a/b/file");
	resolves_to("a/b/file", 0, "/a/b/file");
	resolves_to("//a///b//.//file", 0, "/a/b/file");
	resolves_to("/a/b/", 0, "/a/b");
	resolves_to("/a/b/../b/file", 1, "/a/b/file");
}

static void the_root_resolves_to_a_slash(void **state)
{
	static const char *const paths[] = { "/", "//", ".", "./", "/.", "top", "top/top" };

	(void)state;
	require_mapped_user(__func__);
	enter_tree();
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		resolves_to(paths[i], 0, "/");
}

static void dot_dot_at_the_root_stays_there(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	enter_tree();
	resolves_to("..", 0, "/");
	resolves_to("/..", 1, "/");
	resolves_to("/../../../a", 0, "/a");
	resolves_to("a/../../../tmp/secret", 0, "/tmp/secret");
	assert_string_equal(read_below(root, "../secret"), "inside");
}

static void symbolic_links_are_followed_inside_the_root(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	enter_tree();
	resolves_to("/absolute", 0, "/a/b");
	resolves_to("/relative/file", 0, "/a/b/file");
	resolves_to("/climbing/file", 0, "/a/b/file");
	resolves_to("/chain1/file", 0, "/a/b/file");
	resolves_to("/top/top/absolute/file", 0, "/a/b/file");
	resolves_to("/absolute/../b", 0, "/a/b");
	resolves_to("/secret", 0, "/tmp/secret");
	assert_string_equal(read_below(root, "/secret"), "inside");
}

static void a_symbolic_link_at_the_end_of_a_path_can_be_left_unfollowed(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	enter_tree();
	resolves_to("/absolute", 1, "/absolute");
	resolves_to("/top/relative", 1, "/relative");
	resolves_to("/absolute/file", 1, "/a/b/file");
	resolves_to("/dangling", 1, "/dangling");
	resolves_to("/loop1", 1, "/loop1");
	resolves_to("/a", 1, "/a");
	/* A trailing slash requests the target of the link. */
	resolves_to("/absolute/", 1, "/a/b");
}

static void directories_replaced_by_symbolic_links_do_not_escape(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	enter_tree();
	assert_int_equal(rename("/tmp/root/a", "/tmp/root/moved"), 0);
	make_link("/tmp", "a");
	make_file("/tmp/file", "outside");
	make_file("/tmp/root/tmp/file", "inside");
	assert_string_equal(read_below(root, "/a/file"), "inside");
	resolves_to("/a/file", 0, "/tmp/file");
	resolves_to("/a/../a/../../tmp/file", 0, "/tmp/file");
}

static void mount_points_inside_the_root_are_crossed(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	enter_tree();
	assert_int_equal(mount("gons", "/tmp/root/a/b", "tmpfs", 0, NULL), 0);
	make_file("/tmp/root/a/b/mounted", "mounted");
	resolves_to("/absolute/mounted", 0, "/a/b/mounted");
	resolves_to("/absolute", 0, "/a/b");
	refuse("/a/b/file", ENOENT, "/a/b/file below /tmp/root");
}

static void long_paths_are_resolved_up_to_the_kernels_limit(void **state)
{
	char path[PATH_MAX + 64] = "";

	(void)state;
	require_mapped_user(__func__);
	enter_tree();
	for (int i = 0; i < 400; i++)
		(void)strcat(path, "/a/b/../..");
	(void)strcat(path, "/../a/b/file");
	resolves_to(path, 0, "/a/b/file");
	memset(path, '/', PATH_MAX + 10);
	(void)strcpy(path + PATH_MAX + 10, "a");
	refuse(path, ENAMETOOLONG, "cannot open");
	memset(path, 'x', 256);
	path[256] = '\0';
	refuse(path, ENAMETOOLONG, "cannot open");
}

/* ---- refusals ---- */

static void missing_files_are_refused(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	enter_tree();
	refuse("/nowhere", ENOENT, "/nowhere below /tmp/root");
	refuse("/dangling", ENOENT, "/dangling");
	refuse("", ENOENT, "the empty path");
	refuse("/a/b/file/", ENOTDIR, "/a/b/file/");
	refuse("/a/b/file/x", ENOTDIR, "/a/b/file/x");
	assert_refused(gons_procfsroot_resolve(root, "", 1), ENOENT, "the empty path");
}

static void loops_of_symbolic_links_are_refused(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	enter_tree();
	refuse("/loop1", ELOOP, "form a loop");
	refuse("/loop2/x", ELOOP, "/loop2/x");
	assert_refused(gons_procfsroot_resolve(root, "/loop1/x", 1), ELOOP, "form a loop");
}

static void null_paths_are_refused(void **state)
{
	(void)state;
	assert_refused(gons_procfsroot_open(NULL, "/", O_RDONLY), EINVAL, "procfsroot is NULL");
	assert_refused(gons_procfsroot_open("/", NULL, O_RDONLY), EINVAL, "path is NULL");
	assert_refused(gons_procfsroot_resolve(NULL, "/", 0), EINVAL, "procfsroot is NULL");
	assert_refused(gons_procfsroot_resolve("/", NULL, 1), EINVAL, "path is NULL");
}

static void a_root_that_is_no_directory_is_refused(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	enter_tree();
	assert_refused(gons_procfsroot_open("/tmp/none", "/", O_RDONLY), ENOENT, "/tmp/none");
	assert_refused(gons_procfsroot_open("/tmp/secret", "/", O_RDONLY), ENOTDIR, "/tmp/secret");
	assert_refused(gons_procfsroot_resolve("", "/", 0), ENOENT, "root directory");
	assert_refused(gons_procfsroot_resolve("/proc/0/root", "/", 0), ENOENT, "/proc/0/root");
}

static void magic_links_of_procfs_are_refused(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	enter_tree();
	assert_int_equal(mkdir("/tmp/root/proc", 0755), 0);
	assert_int_equal(mount("/proc", "/tmp/root/proc", NULL, MS_BIND | MS_REC, NULL), 0);
	refuse("/proc/self/root", ELOOP, "a link of procfs");
	refuse("/proc/thread-self/cwd/secret", ELOOP, "a link of procfs");
	refuse("/proc/self/fd/0", ELOOP, "a link of procfs");
	refuse("/magic/tmp/secret", ELOOP, "a link of procfs");
	assert_string_equal(read_below(root, "/proc/sys/kernel/ostype"), "Linux\n");
}

/* As with a kernel without openat2(2), or a container that forbids it. */
static int open_without_openat2(void *arg)
{
	(void)arg;
	if (!refuse_call(SYS_openat2, ENOSYS))
		return 1;
	if (gons_procfsroot_open("/", "etc", O_RDONLY) >= 0 || errno != ENOSYS ||
	    !strstr(gons_error(), "openat2(2)"))
		return 2;
	return gons_procfsroot_resolve("/", "etc", 0) || errno != ENOSYS ||
			       !strstr(gons_error(), "possibly a seccomp filter")
		       ? 3
		       : 0;
}

static void without_openat2_the_message_names_the_needed_kernel(void **state)
{
	(void)state;
	assert_int_equal(in_child(open_without_openat2, NULL), 0);
}

/* ---- opening ---- */

static void the_opened_descriptor_belongs_to_the_caller_and_is_closed_on_exec(void **state)
{
	int fd = -1;

	(void)state;
	GONS_SCOPE {
		fd = gons_must(gons_procfsroot_open("/", "proc", O_RDONLY | O_DIRECTORY));
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(close(fd), 0);
}

static void files_are_created_inside_the_root(void **state)
{
	mode_t mask;
	struct stat st;
	int fd;

	(void)state;
	require_mapped_user(__func__);
	enter_tree();
	mask = umask(027);
	fd = gons_procfsroot_open(root, "/../absolute/new", O_CREAT | O_EXCL | O_WRONLY);
	(void)umask(mask);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "new", 3), 3);
	assert_int_equal(close(fd), 0);
	assert_string_equal(read_text("/tmp/root/a/b/new"), "new");
	assert_int_equal(stat("/tmp/root/a/b/new", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	/* Opening a dangling link creates its target inside of the root. */
	fd = gons_must(gons_procfsroot_open(root, "/dangling", O_CREAT | O_WRONLY));
	assert_int_equal(close(fd), 0);
	assert_int_equal(access("/tmp/root/nowhere", F_OK), 0);
	assert_int_equal(access("/nowhere", F_OK), -1);
	assert_refused(gons_procfsroot_open(root, "/dangling", O_CREAT | O_EXCL | O_WRONLY), EEXIST,
		       "/dangling");
	fd = gons_must(gons_procfsroot_open(root, "/a", O_TMPFILE | O_RDWR));
	assert_int_equal(close(fd), 0);
}

static void the_flags_are_those_of_open(void **state)
{
	struct stat st;
	int fd;

	(void)state;
	require_mapped_user(__func__);
	enter_tree();
	assert_refused(gons_procfsroot_open(root, "/absolute", O_RDONLY | O_NOFOLLOW), ELOOP,
		       "/absolute");
	assert_refused(gons_procfsroot_open(root, "/a", O_WRONLY), EISDIR, "/a");
	assert_refused(gons_procfsroot_open(root, "/a/b/file", O_RDONLY | O_DIRECTORY), ENOTDIR,
		       "/a/b/file");
	fd = gons_must(gons_procfsroot_open(root, "/absolute", O_PATH | O_NOFOLLOW));
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(close(fd), 0);
}

/* ---- through another mount namespace ---- */

static void paths_are_resolved_in_the_other_mount_namespace(void **state)
{
	const char *procfsroot = NULL;
	char *resolved;
	int fd;

	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWNS);
	fd = gons_must(gons_mntns_new_transient(&procfsroot));
	gons_must(gons_mntns_execute(fd, make_tree, NULL));
	assert_int_equal(access(root, F_OK), -1);
	resolved = gons_must(gons_procfsroot_resolve(procfsroot, "/tmp/root/../secret", 0));
	assert_string_equal(resolved, "/tmp/secret");
	free(resolved);
	/* An absolute link starts at the root of that namespace, not at its directory. */
	resolved = gons_must(gons_procfsroot_resolve(procfsroot, "/tmp/root/secret", 0));
	assert_string_equal(resolved, "/tmp/secret");
	free(resolved);
	assert_string_equal(read_below(procfsroot, "/tmp/root/secret"), "outside");
	resolved = gons_must(gons_procfsroot_resolve(procfsroot, "/", 0));
	assert_string_equal(resolved, "/");
	free(resolved);
}

static void a_chrooted_thread_keeps_paths_below_its_root(void **state)
{
	const char *procfsroot = NULL;
	char *resolved;

	(void)state;
	require_mapped_user(__func__);
	enter_tree();
	GONS_SCOPE {
		gons_must(gons_mntns_enter_transient());
		assert_int_equal(mkdir("/tmp/root/proc", 0755), 0);
		assert_int_equal(mount("/proc", "/tmp/root/proc", NULL, MS_BIND | MS_REC, NULL), 0);
		assert_int_equal(chroot(root), 0);
		gons_must(gons_mntns_new_transient(&procfsroot));
		assert_string_equal(read_below(procfsroot, "/secret"), "inside");
		resolved = gons_must(gons_procfsroot_resolve(procfsroot, "/../absolute", 0));
		assert_string_equal(resolved, "/a/b");
		free(resolved);
		/* From outside of that root, its paths are longer, and are cut in the same way. */
		gons_must(gons_enter(gons_must(gons_open("/proc/thread-self/ns/mnt", 0))));
		assert_int_equal(chroot("/"), 0);
		resolved = gons_must(gons_procfsroot_resolve("/a", "/b/../b/file", 0));
		assert_string_equal(resolved, "/b/file");
		free(resolved);
	}
}

/* The kernel names a file by its path from the caller's root: here that of another file. */
static int resolve_from_inside(void *arg)
{
	char procfsroot[32];

	(void)arg;
	(void)snprintf(procfsroot, sizeof(procfsroot), "/proc/%d/root", (int)getppid());
	if (mkdir("/tmp/root/proc", 0755) < 0 ||
	    mount("/proc", "/tmp/root/proc", NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    chroot(root) < 0 || chdir("/") < 0)
		return 1;
	if (strcmp(read_text("/tmp/secret"), "inside") != 0)
		return 2;
	if (gons_procfsroot_resolve(procfsroot, "/tmp/root/tmp/secret", 0) || errno != EXDEV ||
	    !strstr(gons_error(), "/tmp/secret is below its root: ") ||
	    !strstr(gons_error(), strerror(EXDEV)) ||
	    !strstr(gons_error(), ": the root directory of this thread is a chroot(2)"))
		return 3;
	return gons_procfsroot_resolve(procfsroot, "/tmp/root/a", 1) || errno != EXDEV ? 4 : 0;
}

static void a_chrooted_caller_inside_the_tree_gets_an_error_instead_of_a_wrong_path(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	require_no_chroot(__func__);
	enter_tree();
	assert_int_equal(in_child(resolve_from_inside, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(paths_without_symbolic_links_stay_unchanged),
		check_test(the_root_resolves_to_a_slash),
		check_test(dot_dot_at_the_root_stays_there),
		check_test(symbolic_links_are_followed_inside_the_root),
		check_test(a_symbolic_link_at_the_end_of_a_path_can_be_left_unfollowed),
		check_test(directories_replaced_by_symbolic_links_do_not_escape),
		check_test(mount_points_inside_the_root_are_crossed),
		check_test(long_paths_are_resolved_up_to_the_kernels_limit),
		check_test(missing_files_are_refused),
		check_test(loops_of_symbolic_links_are_refused),
		check_test(null_paths_are_refused),
		check_test(a_root_that_is_no_directory_is_refused),
		check_test(magic_links_of_procfs_are_refused),
		check_test(without_openat2_the_message_names_the_needed_kernel),
		check_test(the_opened_descriptor_belongs_to_the_caller_and_is_closed_on_exec),
		check_test(files_are_created_inside_the_root),
		check_test(the_flags_are_those_of_open),
		check_test(paths_are_resolved_in_the_other_mount_namespace),
		check_test(a_chrooted_thread_keeps_paths_below_its_root),
		check_test(a_chrooted_caller_inside_the_tree_gets_an_error_instead_of_a_wrong_path),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}
