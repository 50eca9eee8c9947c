/* SPDX-License-Identifier: Apache-2.0 */
/* Abilities of the process, and the user namespace in which it has more. Steps that move the
 * process permanently run in a forked child. */
#include "check.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/set.h>

enum {
	ENTERABLE = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP,
	ALL = ENTERABLE | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME,
	NOBODY = 65534,
};

static bool failed(bool has_failed, int errnum, const char *words)
{
	return has_failed && errno == errnum && strstr(gons_error(), words);
}

/* ---- users ---- */

/* Becomes an unprivileged user, unless the process is one already. */
static bool become_nobody(void)
{
	if (geteuid() != 0)
		return true;
	/* The process is not dumpable afterwards, so its files in procfs belong to root. */
	return setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
	       setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

/* Tells the reason by the pipe. */
static int try_nobody(void *arg)
{
	const int *pipe_fd = arg;

	if (!become_nobody())
		return 1;
	if (gons_can(CLONE_NEWUSER | ENTERABLE))
		return 0;
	return write(*pipe_fd, gons_error(), strlen(gons_error())) < 0 ? 2 : 1;
}

static void require_nobody(const char *test)
{
	char reason[1024] = { 0 };
	int ends[2], status;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	status = in_child(try_nobody, &ends[1]);
	assert_int_equal(close(ends[1]), 0);
	if (read(ends[0], reason, sizeof(reason) - 1) == 0)
		(void)strcpy(reason, "there is no other user here");
	assert_int_equal(close(ends[0]), 0);
	if (status != 0)
		skip_for(test, reason);
}

static void *stay(void *arg)
{
	while (pause() < 0)
		;
	return arg;
}

static bool start_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, stay, NULL) == 0;
}

/* ---- namespaces of the process ---- */

static const char *const names[] = { "net", "mnt", "uts", "ipc", "cgroup", "user", "pid", "time" };
enum { GROUND = 5, USER = 5, NAMES = 8 };

struct place {
	uint64_t ino[NAMES];
};

static struct place here(void)
{
	struct place place;

	for (int i = 0; i < NAMES; i++)
		place.ino[i] = own_ino(names[i]);
	return place;
}

static bool is_here(const struct place *place)
{
	struct place now = here();

	return memcmp(&now, place, sizeof(now)) == 0;
}

/* ---- gons_has_cap ---- */

static int compare_capabilities(void *arg)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	(void)arg;
	for (int round = 0; round < 2; round++) {
		want(syscall(SYS_capget, &header, data) == 0);
		for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
			want(gons_has_cap(cap) == (data[cap / 32].effective >> cap % 32 & 1));
		want(lose_capabilities(1ULL << CAP_NET_ADMIN | 1ULL << CAP_CHOWN));
	}
	want(failed(!gons_has_cap(CAP_NET_ADMIN), EPERM, "CAP_NET_ADMIN is missing") &&
	     failed(!gons_has_cap(CAP_CHOWN), EPERM, "CAP_CHOWN is missing"));
	return 0;
}

static void gons_has_cap_returns_whether_a_capability_is_effective(void **state)
{
	(void)state;
	assert_int_equal(in_child(compare_capabilities, NULL), 0);
}

static void an_unknown_capability_is_refused(void **state)
{
	const int wrong[] = { -1, INT_MIN, 63, 64, 1000, INT_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(gons_has_cap(wrong[i]));
		assert_int_equal(errno, EINVAL);
		assert_contains(gons_error(), "cap is not a capability");
	};
}

/* ---- gons_can ---- */

/* Returns from it, too, where a thread can do that. */
static int do_it(void *arg)
{
	int type = *(int *)arg;
	int fd = gons_current(type);

	return unshare(type) < 0 ||
	       (type == CLONE_NEWNS && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) ||
	       ((type & ENTERABLE) && setns(fd, type) < 0);
}

static void gons_can_agrees_with_creating_each_type(void **state)
{
	(void)state;
	for (int i = 0; i < NAMES; i++) {
		int type = gons_type_from_name(names[i]);

		assert_int_equal(gons_can(type), in_child(do_it, &type) == 0);
	}
}

static void gons_can_tries_all_types_together_in_a_user_namespace(void **state)
{
	struct place before = here();

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
	gons_require(CLONE_NEWUSER);
	assert_true(gons_can(ALL));
	for (int i = 0; i < NAMES; i++)
		assert_true(gons_can(CLONE_NEWUSER | gons_type_from_name(names[i])));
	assert_true(is_here(&before));
	assert_int_equal(waitpid(-1, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
}

static void gons_can_refuses_invalid_types(void **state)
{
	const int wrong[] = {
		0, 1, -1, CLONE_VM, CLONE_NEWNET | CLONE_VM, CLONE_NEWNET | CLONE_FS
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(gons_can(wrong[i]));
		assert_int_equal(errno, EINVAL);
		assert_contains(gons_error(), "namespace type");
	}
}

static void reap(int signal_number)
{
	int saved = errno;

	(void)signal_number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

static int can_with_handler(void *handler)
{
	want(signal(SIGCHLD, *(sighandler_t *)handler) != SIG_ERR);
	/* Old bytes of the stack must not be mistaken for a status. */
	for (int i = 0; i < 10; i++) {
		for (int k = 0; k < NAMES; k++)
			want(gons_can(CLONE_NEWUSER | gons_type_from_name(names[k])));
		want(gons_can(ALL));
	}
	want(waitpid(-1, NULL, 0) == -1 && errno == ECHILD);
	return 0;
}

static void gons_can_works_where_other_code_reaps_all_children(void **state)
{
	sighandler_t handlers[] = { SIG_IGN, reap };

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
	gons_require(CLONE_NEWUSER);
	assert_int_equal(in_child(can_with_handler, &handlers[0]), 0);
	assert_int_equal(in_child(can_with_handler, &handlers[1]), 0);
}

static int can_with_thread(void *arg)
{
	(void)arg;
	return !start_thread() || !gons_can(ALL);
}

static void gons_can_works_in_a_program_with_threads(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
	gons_require(CLONE_NEWUSER);
	assert_int_equal(in_child(can_with_thread, NULL), 0);
}

static int can_without_capabilities(void *arg)
{
	(void)arg;
	want(lose_capabilities(UINT64_MAX));
	for (int i = 0; i < GROUND; i++)
		want(failed(!gons_can(gons_type_from_name(names[i])), EPERM,
			    "CAP_SYS_ADMIN is missing"));
	return 0;
}

static void gons_can_names_the_missing_capability(void **state)
{
	(void)state;
	require_setns(__func__);
	assert_int_equal(in_child(can_without_capabilities, NULL), 0);
}

static int stay_without_user_namespaces(void *arg)
{
	struct place before;

	want(!arg && unshare(CLONE_NEWUSER) == 0);
	want(put_text("/proc/sys/user/max_user_namespaces", "0"));
	want(failed(!gons_can(CLONE_NEWUSER), ENOSPC, "user.max_user_namespaces"));
	want(lose_capabilities(UINT64_MAX));
	before = here();
	want(failed(gons_become_root() < 0, ENOSPC, "user.max_user_namespaces"));
	want(is_here(&before));
	want(failed(!gons_can(CLONE_NEWNET), EPERM, "user.max_user_namespaces = 0"));
	return 0;
}

static void a_limit_of_no_user_namespaces_is_named(void **state)
{
	(void)state;
	require_writable_limits(__func__);
	gons_require(CLONE_NEWUSER);
	assert_int_equal(in_child(stay_without_user_namespaces, NULL), 0);
}

/* ---- gons_become_root ---- */

static int become_root_in_place(void *arg)
{
	struct place before = here();

	(void)arg;
	want(gons_become_root() == 0);
	want(is_here(&before));
	return 0;
}

static void becoming_root_does_nothing_where_all_types_can_be_created(void **state)
{
	(void)state;
	if (!gons_can(ENTERABLE)) {
		skip_for(__func__, gons_error());
	}
	if (!gons_has_cap(CAP_NET_ADMIN))
		skip_for(__func__, "CAP_NET_ADMIN is missing");
	assert_int_equal(in_child(become_root_in_place, NULL), 0);
}

/* The base namespaces are new; from them, each type is entered and left. */
static int check_new_base(const struct place *before)
{
	struct place ground = here();
	int mark;

	for (int i = 0; i < GROUND; i++)
		want(ground.ino[i] != before->ino[i]);
	want(gons_has_cap(CAP_SYS_ADMIN) && gons_has_cap(CAP_NET_ADMIN));
	want(failed(gons_mntns_mount_sysfs_ro() < 0, EINVAL, "this process started in"));
	mark = gons_scope_begin();
	want(gons_enter_transient(ENTERABLE) == 0);
	for (int i = 0; i < GROUND; i++)
		want(own_ino(names[i]) != ground.ino[i]);
	want(gons_mntns_mount_sysfs_ro() == 0 && gons_netns_loopback_up() == 0);
	want(gons_scope_end(mark) == 0);
	want(is_here(&ground));
	return become_root_in_place(NULL);
}

static int nobody_becomes_root(void *arg)
{
	struct stat root, cwd, now;
	const struct place before = here();
	struct ifreq ifr = { .ifr_name = "lo" };
	int mounts = count_mounts();
	int fd;

	(void)arg;
	want(become_nobody() && chdir("/proc/sys") == 0);
	want(!stat("/", &root) && !stat(".", &cwd) && gons_type_from_name("none") == -1);
	want(gons_become_root() == 0);
	want(strstr(gons_error(), "\"none\"") != NULL); /* a success leaves the message unchanged */
	want(geteuid() == 0 && getegid() == 0 && own_ino("user") != before.ino[USER]);
	want(!stat("/", &now) && now.st_ino == root.st_ino && now.st_dev == root.st_dev);
	want(!stat(".", &now) && now.st_ino == cwd.st_ino && now.st_dev == cwd.st_dev);
	want(count_mounts() == mounts);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	want(ioctl(fd, SIOCGIFFLAGS, &ifr) == 0 && (ifr.ifr_flags & IFF_UP));
	return check_new_base(&before);
}

static void an_unprivileged_user_becomes_root_in_new_base_namespaces(void **state)
{
	(void)state;
	require_nobody(__func__);
	assert_int_equal(in_child(nobody_becomes_root, NULL), 0);
}

static int become_root_without_descriptors(void *arg)
{
	struct rlimit before, limit;
	struct place place;
	int result = -1;

	(void)arg;
	want(become_nobody() && getrlimit(RLIMIT_NOFILE, &before) == 0);
	place = here();
	limit = before;
	for (limit.rlim_cur = 0; result < 0 && limit.rlim_cur < 64; limit.rlim_cur++) {
		want(setrlimit(RLIMIT_NOFILE, &limit) == 0);
		result = gons_become_root();
		want(result == 0 || errno == EMFILE);
		want(setrlimit(RLIMIT_NOFILE, &before) == 0);
		want(result == 0 || is_here(&place));
	}
	return result;
}

static void becoming_root_without_free_descriptors_changes_nothing(void **state)
{
	(void)state;
	require_nobody(__func__);
	assert_int_equal(in_child(become_root_without_descriptors, NULL), 0);
}

/* As after "unshare -Ur": root, in namespaces of the parent user namespace. */
static bool enter_user_namespace(void)
{
	char uid_map[32];

	(void)snprintf(uid_map, sizeof(uid_map), "0 %u 1", geteuid());
	return unshare(CLONE_NEWUSER) == 0 && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0 &&
	       put_text("/proc/self/uid_map", uid_map);
}

static int mapped_root_becomes_root(void *arg)
{
	struct place before;

	(void)arg;
	want(become_nobody() && enter_user_namespace());
	before = here();
	want(failed(gons_netns_enter_transient() < 0, EPERM, "gons_become_root()"));
	want(gons_become_root() == 0);
	want(own_ino("user") == before.ino[USER]);
	return check_new_base(&before);
}

static void root_of_a_user_namespace_gets_base_namespaces_without_another_user_namespace(
	void **state)
{
	(void)state;
	require_nobody(__func__);
	assert_int_equal(in_child(mapped_root_becomes_root, NULL), 0);
}

static int become_root_with_thread(void *mapped)
{
	struct place before;
	uid_t uid;

	want(become_nobody() && (!*(bool *)mapped || enter_user_namespace()) && start_thread());
	before = here();
	uid = geteuid();
	want(failed(gons_become_root() < 0, EINVAL, "thread") && geteuid() == uid);
	want(is_here(&before));
	return 0;
}

/* Other C libraries do not tell whether they have started threads. */
#if defined(__GLIBC__) && !defined(__SANITIZE_THREAD__)
#if __GLIBC_PREREQ(2, 32)
#define KNOWS_ITS_THREADS
#endif
#endif

#ifdef KNOWS_ITS_THREADS

static int sleep_beside(void *arg)
{
	for (;;)
		(void)pause();
	return arg ? 1 : 0;
}

/* Like that of an emulator: the C library does not know of it. */
static int become_root_with_strange_thread(void *arg)
{
	static _Alignas(16) char stack[65536];
	struct place before;

	want(become_nobody());
	want(clone(sleep_beside, stack + sizeof(stack),
		   CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD, arg) > 0);
	before = here();
	want(failed(gons_become_root() < 0, EINVAL, "threads that the program has not started"));
	want(!strstr(gons_error(), "gons_set_run()"));
	want(is_here(&before));
	return 0;
}

static void threads_of_an_emulator_are_not_taken_for_those_of_the_program(void **state)
{
	(void)state;
	require_nobody(__func__);
	assert_int_equal(in_child(become_root_with_strange_thread, NULL), 0);
}

#endif

static void a_process_with_threads_cannot_become_root(void **state)
{
	bool mapped = false;

	(void)state;
	require_nobody(__func__);
	assert_int_equal(in_child(become_root_with_thread, &mapped), 0);
	mapped = true;
	assert_int_equal(in_child(become_root_with_thread, &mapped), 0);
}

/* With a descriptor table of its own, which the kernel closes after it has reported the end of
 * the thread. */
static void *end_slowly(void *arg)
{
	if (unshare(CLONE_FILES) == 0)
		for (int i = 0; i < 1000; i++)
			(void)open("/dev/null", O_RDONLY | O_CLOEXEC);
	return arg;
}

static int become_root_after_threads(void *arg)
{
	pthread_t threads[4];

	(void)arg;
	want(become_nobody());
	for (int i = 0; i < 4; i++)
		want(pthread_create(&threads[i], NULL, end_slowly, NULL) == 0);
	for (int i = 0; i < 4; i++)
		want(pthread_join(threads[i], NULL) == 0);
	want(gons_become_root() == 0 && geteuid() == 0);
	return 0;
}

/* The kernel still counts joined threads for a moment. */
static void joined_threads_do_not_hinder_becoming_root(void **state)
{
	(void)state;
	require_nobody(__func__);
	for (int i = 0; i < 20; i++)
		assert_int_equal(in_child(become_root_after_threads, NULL), 0);
}

static int user_0_without_setfcap(void *arg)
{
	struct place before;
	char gid_map[32];

	(void)arg;
	want(become_nobody());
	(void)snprintf(gid_map, sizeof(gid_map), "0 %u 1", getegid());
	want(enter_user_namespace() && put_text("/proc/self/setgroups", "deny") &&
	     put_text("/proc/self/gid_map", gid_map) && lose_capabilities(UINT64_MAX));
	before = here();
	want(gons_become_root() == 0);
	want(geteuid() == NOBODY && getegid() == 0);
	return check_new_base(&before);
}

static void user_0_without_capabilities_becomes_root_with_its_user_unmapped(void **state)
{
	(void)state;
	require_nobody(__func__);
	assert_int_equal(in_child(user_0_without_setfcap, NULL), 0);
}

static int root_without_net_admin(void *arg)
{
	struct place before;

	(void)arg;
	want(become_nobody() && gons_become_root() == 0);
	want(lose_capabilities(1ULL << CAP_NET_ADMIN));
	before = here();
	want(gons_become_root() == 0 && gons_has_cap(CAP_NET_ADMIN));
	want(own_ino("user") != before.ino[USER]);
	return check_new_base(&before);
}

static void without_cap_net_admin_root_becomes_root_of_a_user_namespace(void **state)
{
	(void)state;
	require_nobody(__func__);
	assert_int_equal(in_child(root_without_net_admin, NULL), 0);
}

static int be_refused_once(void *arg)
{
	(void)arg;
	want(become_nobody() && start_thread());
	want(failed(gons_become_root() < 0, EINVAL, "gons_set_run()"));
	want(failed(gons_netns_enter_transient() < 0, EPERM, "gons_become_root() was refused"));
	want(!strstr(gons_error(), "call gons_become_root()"));
	return 0;
}

static void after_a_refusal_no_message_suggests_gons_become_root_again(void **state)
{
	(void)state;
	require_nobody(__func__);
	assert_int_equal(in_child(be_refused_once, NULL), 0);
}

/* ---- gons_enter_user_namespace ---- */

static int enter_always(void *arg)
{
	struct place before;

	(void)arg;
	for (int i = 0; i < 2; i++) {
		before = here();
		want(gons_enter_user_namespace(NULL) == 0);
		want(geteuid() == 0 && getegid() == 0);
		want(own_ino("user") != before.ino[USER]);
		want(check_new_base(&before) == 0);
	}
	return 0;
}

static void a_user_namespace_is_entered_as_root_and_as_a_user(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWUSER | ENTERABLE);
	assert_int_equal(in_child(enter_always, NULL), 0);
}

static int enter_with_maps(void *arg)
{
	const struct gons_idmap uid = { 7, geteuid(), 1 }, gid = { 8, getegid(), 1 };
	const struct gons_idmaps maps = { .uid = &uid, .n_uid = 1, .gid = &gid, .n_gid = 1 };
	const struct place before = here();

	(void)arg;
	want(gons_enter_user_namespace(&maps) == 0);
	want(geteuid() == 7 && getegid() == 8);
	return check_new_base(&before);
}

static void a_user_namespace_is_entered_with_the_ids_of_its_maps(void **state)
{
	(void)state;
	require_mapped_user(__func__);
	gons_require(CLONE_NEWUSER | ENTERABLE);
	assert_int_equal(in_child(enter_with_maps, NULL), 0);
}

static int enter_wrongly(void *arg)
{
	const struct gons_idmap none = { 0, 0, 0 };
	const struct gons_idmaps maps = { .uid = &none, .n_uid = 1 };
	const struct place before = here();

	(void)arg;
	want(gons_enter_user_namespace(&maps) < 0 && errno == EINVAL);
	want(start_thread());
	want(failed(gons_enter_user_namespace(NULL) < 0, EINVAL, "other threads"));
	want(is_here(&before));
	return 0;
}

static void invalid_maps_and_threads_prevent_entering_a_user_namespace(void **state)
{
	(void)state;
	assert_int_equal(in_child(enter_wrongly, NULL), 0);
}

/* ---- gons_can_link ---- */

static int try_kinds(void *arg)
{
	static const char *const kinds[] = { "gons-nonsense", "VETH" };

	(void)arg;
	want(become_nobody() && gons_become_root() == 0);
	want(gons_can_link("veth") || errno == EOPNOTSUPP);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		want(failed(!gons_can_link(kinds[i]), EOPNOTSUPP, kinds[i]));
		want(strstr(gons_error(), "module"));
	}
	want(if_nametoindex("gons-probe") == 0);
	return 0;
}

static void gons_can_link_distinguishes_kinds_from_nonsense(void **state)
{
	(void)state;
	require_nobody(__func__);
	assert_int_equal(in_child(try_kinds, NULL), 0);
}

static void invalid_kinds_of_links_are_refused(void **state)
{
	const char *const kinds[] = { NULL,	 "",	  "sixteen-letters-", "a/b", "veth ",
				      "../veth", "%s%n%d" };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_false(gons_can_link(kinds[i]));
		assert_int_equal(errno, EINVAL);
		assert_contains(gons_error(), kinds[i] ? "is not a kind of link" : "kind is NULL");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(gons_has_cap_returns_whether_a_capability_is_effective),
		check_test(an_unknown_capability_is_refused),
		check_test(gons_can_agrees_with_creating_each_type),
		check_test(gons_can_tries_all_types_together_in_a_user_namespace),
		check_test(gons_can_refuses_invalid_types),
		check_test(gons_can_works_where_other_code_reaps_all_children),
		check_test(gons_can_works_in_a_program_with_threads),
		check_test(gons_can_names_the_missing_capability),
		check_test(a_limit_of_no_user_namespaces_is_named),
		check_test(becoming_root_does_nothing_where_all_types_can_be_created),
		check_test(an_unprivileged_user_becomes_root_in_new_base_namespaces),
		check_test(becoming_root_without_free_descriptors_changes_nothing),
		check_test(
			root_of_a_user_namespace_gets_base_namespaces_without_another_user_namespace),
		check_test(a_process_with_threads_cannot_become_root),
#ifdef KNOWS_ITS_THREADS
		check_test(threads_of_an_emulator_are_not_taken_for_those_of_the_program),
#endif
		check_test(joined_threads_do_not_hinder_becoming_root),
		check_test(user_0_without_capabilities_becomes_root_with_its_user_unmapped),
		check_test(without_cap_net_admin_root_becomes_root_of_a_user_namespace),
		check_test(after_a_refusal_no_message_suggests_gons_become_root_again),
		check_test(a_user_namespace_is_entered_as_root_and_as_a_user),
		check_test(a_user_namespace_is_entered_with_the_ids_of_its_maps),
		check_test(invalid_maps_and_threads_prevent_entering_a_user_namespace),
		check_test(gons_can_link_distinguishes_kinds_from_nonsense),
		check_test(invalid_kinds_of_links_are_refused),
	};

	return gons_run_group_tests(tests, NULL, NULL);
}
