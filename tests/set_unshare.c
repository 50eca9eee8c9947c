/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets with new namespaces.
 */
#include "check.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gons/mntns.h>
#include <gons/privilege.h>
#include <gons/process.h>

/* Texts about the namespaces of a function, which may have run in another process. */
static char (*shared)[4096];

#define ALL_TYPES (CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP)

/* Whether this is root of the machine, or of a user namespace with many ids. */
static bool is_privileged(void)
{
	return geteuid() == 0 && strstr(read_text("/proc/self/uid_map"), " 4294967295\n");
}

static void new_namespaces_are_created_without_moving_the_thread(void **state)
{
	uint64_t before[SWITCHABLE];

	(void)state;
	gons_require(ALL_TYPES);
	take_inodes(before);
	for (int i = 0; i < SWITCHABLE; i++) {
		gons_set *set = gons_must(gons_set_unshare(NULL, switchable[i].type, NULL));

		assert_int_equal(gons_set_types(set), switchable[i].type);
		assert_int_not_equal(ino_in(set, switchable[i].type), before[i]);
		assert_inodes(before);
		gons_set_close(set);
	}
}

static void other_namespaces_are_taken_from_the_given_set(void **state)
{
	gons_set *set, *made;

	(void)state;
	gons_require(ALL_TYPES);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWNET | CLONE_NEWUTS, NULL));
	made = gons_must(gons_set_unshare(set, CLONE_NEWUTS | CLONE_NEWIPC, NULL));
	assert_int_equal(gons_set_types(set), CLONE_NEWNET | CLONE_NEWUTS);
	assert_int_equal(gons_set_types(made), CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC);
	assert_int_equal(ino_in(made, CLONE_NEWNET), ino_in(set, CLONE_NEWNET));
	assert_int_not_equal(ino_in(made, CLONE_NEWUTS), ino_in(set, CLONE_NEWUTS));
	assert_int_not_equal(ino_in(made, CLONE_NEWUTS), own_ino("uts"));
	assert_int_not_equal(ino_in(made, CLONE_NEWIPC), own_ino("ipc"));
	gons_set_close(set);
	gons_set_close(made);
}

/* ---- new namespaces in those of a set ---- */

static struct names {
	char name[65];
	bool mounted;
} seen;

static void change_names(void *arg)
{
	(void)arg;
	assert_int_equal(sethostname("gons-set-test", strlen("gons-set-test")), 0);
	assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, NULL), 0);
	assert_int_equal(mkdir("/tmp/gons-set-test", 0755), 0);
}

static void look_at_names(void *arg)
{
	struct names *names = arg;

	assert_int_equal(gethostname(names->name, sizeof(names->name)), 0);
	names->mounted = access("/tmp/gons-set-test", F_OK) == 0;
}

static void unmount(void *arg)
{
	(void)arg;
	assert_int_equal(umount("/tmp"), 0);
}

static void new_namespaces_are_created_inside_of_the_sets_namespaces(void **state)
{
	gons_set *set, *made;

	(void)state;
	require_mapped_user(__func__);
	require_sethostname(__func__);
	gons_require(ALL_TYPES);
	/* The new namespaces copy the host name and the mounts of the set, not those of the
	 * caller. */
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWUTS | CLONE_NEWNS, NULL));
	gons_must(gons_set_do(set, change_names, NULL));
	made = gons_must(gons_set_unshare(set, CLONE_NEWUTS | CLONE_NEWNS, NULL));
	gons_must(gons_set_do(made, look_at_names, &seen));
	assert_string_equal(seen.name, "gons-set-test");
	assert_true(seen.mounted);
	/* A mount in the copy does not propagate to the set. */
	gons_must(gons_set_do(made, unmount, NULL));
	gons_must(gons_set_do(made, look_at_names, &seen));
	assert_false(seen.mounted);
	gons_must(gons_set_do(set, look_at_names, &seen));
	assert_true(seen.mounted);
	gons_set_close(set);
	gons_set_close(made);
}

static int is_uts_owned_by(void *arg)
{
	const int owner_fd = ioctl(((int *)arg)[0], NS_GET_USERNS);
	struct stat owner, user;

	want(owner_fd >= 0 && fstat(owner_fd, &owner) == 0 && fstat(((int *)arg)[1], &user) == 0);
	(void)close(owner_fd);
	return owner.st_ino != user.st_ino;
}

static void new_namespaces_are_owned_by_the_sets_user_namespace(void **state)
{
	gons_set *set, *made;
	int fds[2];

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWUTS);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWUSER, NULL));
	made = gons_must(gons_set_unshare(set, CLONE_NEWUTS, NULL));
	fds[0] = gons_must(gons_set_fd(made, CLONE_NEWUTS));
	fds[1] = gons_must(gons_set_fd(set, CLONE_NEWUSER));
	assert_int_equal(ino_in(made, CLONE_NEWUSER), ino_in(set, CLONE_NEWUSER));
	assert_int_equal(is_uts_owned_by(fds), 0);
	gons_set_close(set);
	gons_set_close(made);
}

/* ---- maps ---- */

static int copy_maps(void *arg)
{
	char(*maps)[4096] = arg;

	(void)snprintf(maps[0], sizeof(maps[0]), "%s", read_text("/proc/self/uid_map"));
	(void)snprintf(maps[1], sizeof(maps[1]), "%s", read_text("/proc/self/gid_map"));
	(void)snprintf(maps[2], sizeof(maps[2]), "%s", read_text("/proc/self/setgroups"));
	return 0;
}

/* Asserts that the map has exactly these lines of three numbers. */
static void assert_map(const char *text, const struct gons_idmap *map, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned inside, outside, count;
		int length = 0;

		assert_int_equal(sscanf(text, "%u %u %u\n%n", &inside, &outside, &count, &length),
				 3);
		assert_int_equal(inside, map[i].inside);
		assert_int_equal(outside, map[i].outside);
		assert_int_equal(count, map[i].count);
		text += length;
	}
	assert_string_equal(text, "");
}

static void without_id_maps_the_caller_becomes_root(void **state)
{
	const struct gons_idmap uid = { 0, geteuid(), 1 }, gid = { 0, getegid(), 1 };
	uint64_t user = own_ino("user");
	gons_set *set;

	(void)state;
	gons_require(CLONE_NEWUSER);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWUSER, NULL));
	gons_must(gons_set_run(set, copy_maps, shared, NULL));
	assert_map(shared[0], &uid, 1);
	assert_map(shared[1], &gid, 1);
	assert_int_equal(own_ino("user"), user);
	gons_set_close(set);
}

static void empty_id_maps_are_left_unwritten(void **state)
{
	const struct gons_idmap none;
	const struct gons_set_options options = { .maps = { &none, 0, &none, 0 } };
	gons_set *set;

	(void)state;
	gons_require(CLONE_NEWUSER);
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWUSER, &options));
	gons_must(gons_set_run(set, copy_maps, shared, NULL));
	assert_string_equal(shared[0], "");
	assert_string_equal(shared[1], "");
	gons_set_close(set);
}

static void id_maps_may_have_several_lines(void **state)
{
	const struct gons_idmap uid[] = { { 0, 100000, 1000 },
					  { 1000, 0, 1 },
					  { 5000, 200000, 5 } };
	const struct gons_idmap gid[] = { { 0, 300000, 7 }, { 70, 0, 2 } };
	const struct gons_set_options options = { .maps = { uid, 3, gid, 2 } };
	gons_set *set;

	(void)state;
	gons_require(CLONE_NEWUSER);
	if (!is_privileged()) { /* but root of a namespace of one id */
		assert_refused(gons_set_unshare(NULL, CLONE_NEWUSER, &options), EPERM,
			       "cannot write the uid_map of a new user namespace: Operation not "
			       "permitted: uid 100000 is not mapped in this user namespace");
		return;
	}
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWUSER, &options));
	gons_must(gons_set_run(set, copy_maps, shared, NULL));
	assert_map(shared[0], uid, 3);
	assert_map(shared[1], gid, 2);
	assert_string_equal(shared[2], "allow\n");
	gons_set_close(set);
}

static int map_many_as_nobody(void *arg)
{
	const struct gons_idmap many = { 0, 1000, 1000 };
	const struct gons_set_options options = { .maps = { &many, 1, &many, 1 } };

	(void)arg;
	want(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
	want(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
	want(!gons_set_unshare(NULL, CLONE_NEWUSER, &options) && errno == EPERM);
	want(strstr(gons_error(), "an unprivileged process can only map its own id"));
	want(strstr(gons_error(), "newuidmap"));
	return 0;
}

/* ---- newuidmap(1) that gets no privileges ---- */

#define REFUSED_LINE "newuidmap: write to uid_map failed: Operation not permitted"

struct powerless {
	bool no_new_privs;
	mode_t mode;
	uid_t owner;
	const char *options; /* of the mount; NULL: nosuid */
	const char *words;
};

static int map_many_by_powerless_newuidmap(void *arg)
{
	const struct powerless *powerless = arg;
	char want_words[1024];

	(void)snprintf(want_words, sizeof(want_words), "%s: %s", REFUSED_LINE, powerless->words);
	want(setenv("PATH", "/tmp:/bin", 1) == 0);
	if (powerless->no_new_privs)
		want(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	want(map_many_as_nobody(NULL) == 0);
	want(strstr(gons_error(), want_words));
	return 0;
}

/* User 0 gets capabilities by execve(2) itself, so the file is not the cause. */
static int map_many_as_user_0(void *arg)
{
	const struct gons_idmap many = { 0, 1000, 1000 };
	const struct gons_set_options options = { .maps = { &many, 1, &many, 1 } };

	(void)arg;
	want(setenv("PATH", "/tmp:/bin", 1) == 0);
	want(lose_capabilities(1ULL << CAP_SETUID));
	want(!gons_set_unshare(NULL, CLONE_NEWUSER, &options) && errno == EPERM);
	want(strstr(gons_error(), REFUSED_LINE));
	want(!strstr(gons_error(), "set-user-ID"));
	return 0;
}

static void run_with_newuidmap(struct powerless powerless, int (*child)(void *))
{
	const int mark = gons_must(gons_scope_begin());
	FILE *file;

	gons_must(gons_mntns_enter_transient());
	assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, powerless.options), 0);
	if (!powerless.options)
		assert_int_equal(mount(NULL, "/tmp", NULL, MS_REMOUNT | MS_BIND | MS_NOSUID, NULL),
				 0);
	file = fopen("/tmp/newuidmap", "we");
	assert_non_null(file);
	assert_true(fputs("#!/bin/sh\necho '" REFUSED_LINE "' >&2\nexit 1\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chown("/tmp/newuidmap", powerless.owner, 0), 0);
	assert_int_equal(chmod("/tmp/newuidmap", powerless.mode), 0);
	assert_int_equal(in_child(child, &powerless), 0);
	gons_must(gons_scope_end(mark));
}

static void run_powerless_newuidmap(struct powerless powerless)
{
	run_with_newuidmap(powerless, map_many_by_powerless_newuidmap);
}

static void a_newuidmap_that_gets_no_privileges_is_explained(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNS);
	if (!can_become_nobody())
		skip_for(__func__, "it takes root");
	run_powerless_newuidmap((struct powerless){
		.no_new_privs = true,
		.mode = 04755,
		.options = "mode=755",
		.words =
			"no_new_privs is set, so that newuidmap gets no privileges; start this "
			"process without it (docker, podman: no --security-opt no-new-privileges; "
			"Kubernetes: allowPrivilegeEscalation: true; systemd: NoNewPrivileges=no)" });
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		skip_for(__func__, "no_new_privs is set, which is named before other causes");
	run_powerless_newuidmap((struct powerless){
		.mode = 04755,
		.words = "/tmp/newuidmap is on a mount with the option nosuid, so that it gets no "
			 "privileges; mount it without that option" });
	run_powerless_newuidmap((struct powerless){
		.mode = 0755,
		.options = "mode=755",
		.words = "/tmp/newuidmap is not set-user-ID and has no capabilities, as in some "
			 "images of containers; as root, chmod u+s /tmp/newuidmap" });
	run_powerless_newuidmap((struct powerless){
		.mode = 04755,
		.owner = 65534,
		.options = "mode=755",
		.words =
			"/tmp/newuidmap belongs to user 65534, and not to root, so that it gets no "
			"privileges; as root, chown root /tmp/newuidmap, and then chmod u+s "
			"/tmp/newuidmap" });
	run_with_newuidmap((struct powerless){ .mode = 0755, .options = "mode=755" },
			   map_many_as_user_0);
}

static bool lose_for_good(int cap)
{
	return prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0 && lose_capabilities(1ULL << cap);
}

#define ADD(cap) "; " ADD_CAP(cap)

/* As in a container that lacks one of them. */
static int map_many_without(void *arg)
{
	const struct gons_idmap many = { 0, 0, 1000 }, others = { 0, 1000, 1000 };
	const struct gons_set_options options = { .maps = { &many, 1, &many, 1 } };
	const struct gons_set_options without_0 = { .maps = { &others, 1, &many, 1 } };
	const int cap = *(int *)arg;
	const char *why =
		cap == CAP_SETUID ? "the uid_map of a new user namespace: Operation not permitted: "
				    "CAP_SETUID is missing, without which a process can only map "
				    "its own uid" ADD("SETUID")
		: cap == CAP_SETGID
			? "the gid_map of a new user namespace: Operation not permitted: "
			  "CAP_SETGID is missing, without which a process can only map its "
			  "own gid" ADD("SETGID")
			: "the uid_map of a new user namespace: Operation not permitted: "
			  "CAP_SETFCAP is missing, without which user 0 cannot be "
			  "mapped" ADD("SETFCAP") ", or map other users";

	want(lose_for_good(cap));
	want(!gons_set_unshare(NULL, CLONE_NEWUSER, &options));
	want(failed_with(-1, EPERM, why));
	if (cap == CAP_SETFCAP) /* follows the remedy; groups do not need it */
		want(gons_set_unshare(NULL, CLONE_NEWUSER, &without_0));
	return 0;
}

static void a_map_without_a_capability_names_that_of_its_file(void **state)
{
	int caps[] = { CAP_SETUID, CAP_SETGID, CAP_SETFCAP };

	(void)state;
	gons_require(CLONE_NEWUSER);
	if (!is_privileged()) {
		skip_for(__func__, "there is one user here, who maps itself");
	}
	require_cap(__func__, CAP_SETPCAP, "CAP_SETPCAP");
	require_cap(__func__, CAP_SETFCAP, "CAP_SETFCAP");
	for (int i = 0; i < 3; i++)
		assert_int_equal(in_child(map_many_without, &caps[i]), 0);
}

static int has_power(void *arg)
{
	(void)arg;
	return gons_has_cap(CAP_NET_ADMIN) ? 0 : 1;
}

static int unshare_as_user_0_without_setfcap(void *arg)
{
	static const char *const argv[] = { "setpriv", "--dump", NULL };
	const struct gons_idmap own = { 0, 0, 1 };
	const struct gons_set_options options = { .maps = { .uid = &own, .n_uid = 1 } };
	struct gons_process_options there = { .timeout_ms = 60000 };
	struct gons_process_result result;
	int status = -1;
	gons_set *set;

	(void)arg;
	want(lose_capabilities(UINT64_MAX));
	set = gons_set_unshare(NULL, CLONE_NEWUSER | CLONE_NEWNET, NULL);
	want(set);
	want(gons_set_run(set, has_power, NULL, &status) == 0 && status == 0);
	there.set = set;
	want(gons_process_run(argv, &there, &result) == 0);
	want(strstr(result.output, "Ambient capabilities: chown,dac_override,"));
	gons_process_result_free(&result);
	gons_set_close(set);
	want(!gons_set_unshare(NULL, CLONE_NEWUSER, &options));
	want(failed_with(-1, EPERM, "CAP_SETFCAP is missing, without which user 0 cannot"));
	return 0;
}

/* The kernel allowed user 0 more before Linux 5.12. */
static void user_0_without_cap_setfcap_is_unmapped_and_has_all_capabilities(void **state)
{
	struct utsname kernel;
	int major = 0, minor = 0;

	(void)state;
	gons_require(CLONE_NEWUSER);
	assert_int_equal(uname(&kernel), 0);
	if (sscanf(kernel.release, "%d.%d", &major, &minor) == 2 &&
	    (major < 5 || (major == 5 && minor < 12)))
		skip_for(__func__, "before Linux 5.12, user 0 can be mapped");
	if (geteuid() != 0)
		skip_for(__func__, "it takes user 0");
	assert_int_equal(in_child(unshare_as_user_0_without_setfcap, NULL), 0);
}

static void without_privileges_newuidmap_is_named(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER);
	if (!can_become_nobody()) {
		skip_for(__func__, "it takes root");
		return;
	}
	assert_int_equal(in_child(map_many_as_nobody, NULL), 0);
}

static int map_many_in_a_namespace_of_one_id(void *arg)
{
	const struct gons_idmap many = { 0, 100000, 1000 };
	const struct gons_set_options options = { .maps = { &many, 1, &many, 1 } };

	(void)arg;
	want(gons_enter_user_namespace(NULL) == 0);
	want(!gons_set_unshare(NULL, CLONE_NEWUSER, &options) && errno == EPERM);
	want(strstr(gons_error(), "uid 100000 is not mapped in this user namespace"));
	want(strstr(gons_error(), "one id only"));
	want(!strstr(gons_error(), "newuidmap") && !strstr(gons_error(), "privileges"));
	return 0;
}

/* As in a container, whose file /etc/subuid is made for a machine. */
static int map_others_in_a_namespace_of_1000_ids(void *arg)
{
	const struct gons_idmap first = { 0, 0, 1000 }, many = { 0, 100000, 1000 };
	const struct gons_idmaps maps = { &first, 1, &first, 1 };
	const struct gons_set_options options = { .maps = { &many, 1, &many, 1 } };

	(void)arg;
	want(gons_enter_user_namespace(&maps) == 0);
	want(!gons_set_unshare(NULL, CLONE_NEWUSER, &options) && errno == EPERM);
	want(strstr(gons_error(),
		    "uid 100000 is not mapped in this user namespace, which has 1000 of them; use "
		    "those that its uid_map lists, in /etc/subuid, too, or start the container "
		    "with more (LXC: lxc.idmap)"));
	return 0;
}

static void ids_that_the_user_namespace_lacks_are_named(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER);
	assert_int_equal(in_child(map_many_in_a_namespace_of_one_id, NULL), 0);
	if (!can_become_nobody())
		skip_for(__func__, "a namespace of many ids takes root");
	assert_int_equal(in_child(map_others_in_a_namespace_of_1000_ids, NULL), 0);
}

static void id_maps_may_have_340_lines(void **state)
{
	static struct gons_idmap uid[341];
	struct gons_set_options options = { .maps = { uid, 341, NULL, 0 } };
	gons_set *set;

	(void)state;
	gons_require(CLONE_NEWUSER);
	for (unsigned i = 0; i < 341; i++)
		uid[i] = (struct gons_idmap){ 2 * i, 2 * i, 1 };
	assert_refused(gons_set_unshare(NULL, CLONE_NEWUSER, &options), EINVAL,
		       "the uid map has 341 lines, more than 340");
	options.maps.n_uid = 340;
	if (!is_privileged())
		return;
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWUSER, &options));
	gons_must(gons_set_run(set, copy_maps, shared, NULL));
	for (unsigned i = 0; i < 340; i++)
		uid[i].inside += 1000000;
	assert_refused(gons_set_unshare(NULL, CLONE_NEWUSER, &options), EINVAL,
		       "the uid map takes more than 4096 bytes");
	gons_set_close(set);
}

static void id_maps_without_a_user_namespace_are_refused(void **state)
{
	const struct gons_idmap map = { 0, 0, 1 };
	const struct gons_set_options options = { .maps = { &map, 1, &map, 1 } };

	(void)state;
	assert_refused(gons_set_unshare(NULL, CLONE_NEWNET, &options), EINVAL,
		       "options->maps has ids, but no user namespace");
}

static void invalid_id_maps_are_refused_by_name(void **state)
{
	static const struct {
		struct gons_idmap line[2];
		const char *words;
	} bad[] = {
		{ { { 0, 0, 1 }, { 5, 5, 0 } }, "count is 0 in line 1 of the gid map" },
		{ { { 0, 0, 1 }, { 4294967295U, 5, 1 } }, "line 1 of the gid map goes beyond" },
		{ { { 0, 0, 1 }, { 5, 4294967290U, 6 } }, "line 1 of the gid map goes beyond" },
		{ { { 0, 0, 1 }, { 1, 1, 4294967295U } }, "line 1 of the gid map goes beyond" },
		{ { { 0, 0, 10 }, { 9, 100, 5 } },
		  "the inside ids of lines 0 and 1 of the gid map overlap" },
		{ { { 10, 0, 10 }, { 9, 100, 2 } }, "the inside ids of" },
		{ { { 0, 100, 10 }, { 50, 109, 5 } },
		  "the outside ids of lines 0 and 1 of the gid map overlap" },
	};
	const struct gons_idmap good = { 0, geteuid(), 1 };
	struct gons_set_options options = { .maps = { &good, 1, NULL, 2 } };

	(void)state;
	assert_refused(gons_set_unshare(NULL, CLONE_NEWUSER, &options), EINVAL,
		       "the gid map is NULL but has 2 lines");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		options.maps.gid = bad[i].line;
		assert_refused(gons_set_unshare(NULL, CLONE_NEWUSER, &options), EINVAL,
			       bad[i].words);
	}
}

/* As a user, with other files mounted over /etc/subuid and /etc/subgid. */
static int map_by_newuidmap(void *arg)
{
	static const struct gons_idmap uid[] = { { 0, 65534, 1 }, { 1, 100000, 1000 } };
	static const struct gons_idmap gid[] = { { 0, 65534, 1 }, { 1, 300000, 500 } };
	static const struct gons_idmap other[] = { { 0, 65534, 1 }, { 1, 100000, 1001 } };
	const struct gons_set_options options = { .maps = { uid, 2, gid, 2 } };
	const struct gons_set_options too_many = { .maps = { other, 2, gid, 2 } };
	gons_set *set;

	(void)arg;
	want(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
	set = gons_set_unshare(NULL, CLONE_NEWUSER | CLONE_NEWNET, &options);
	want(set);
	want(gons_set_run(set, copy_maps, shared, NULL) == 0);
	gons_set_close(set);
	want(!gons_set_unshare(NULL, CLONE_NEWUSER, &too_many) && errno == EPERM);
	want(strstr(gons_error(), "newuidmap: uid range [1-1002) -> [100000-101001) not allowed"));
	return 0;
}

static void provide(const char *path, const char *text)
{
	const char *source = path[8] == 'u' ? "/tmp/subuid" : "/tmp/subgid";
	FILE *file = fopen(source, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(mount(source, path, NULL, MS_BIND, NULL), 0);
}

static void ranges_of_subuid_and_subgid_are_mapped_by_newuidmap_and_newgidmap(void **state)
{
	const struct gons_idmap uid[] = { { 0, 65534, 1 }, { 1, 100000, 1000 } };
	const struct gons_idmap gid[] = { { 0, 65534, 1 }, { 1, 300000, 500 } };

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNS);
	if (!is_privileged() || access("/usr/bin/newuidmap", X_OK) < 0 ||
	    access("/etc/subuid", F_OK) < 0 || access("/etc/subgid", F_OK) < 0) {
		skip_for(__func__, "it takes root, newuidmap, /etc/subuid and /etc/subgid");
	}
	gons_must(gons_mntns_enter_transient());
	assert_int_equal(mount("gons", "/tmp", "tmpfs", 0, NULL), 0);
	provide("/etc/subuid", "nobody:100000:1000\n");
	provide("/etc/subgid", "nobody:300000:500\n");
	assert_int_equal(in_child(map_by_newuidmap, NULL), 0);
	/* The maps as seen from inside; the outer ids are those of the parent. */
	assert_map(shared[0], uid, 2);
	assert_map(shared[1], gid, 2);
}

static int unshare_without_power(void *arg)
{
	const int *types = arg;
	gons_set *set;

	if (setresgid(65533, 65533, 65533) < 0 || setresuid(65533, 65533, 65533) < 0)
		return 0; /* where the user namespace has only one user */
	want(!gons_set_unshare(NULL, *types, NULL) && errno == EPERM);
	want(strstr(gons_error(), "Operation not permitted: CAP_SYS_ADMIN is missing"));
	set = gons_set_unshare(NULL, *types | CLONE_NEWUSER, NULL);
	want(set);
	gons_set_close(set);
	return 0;
}

static void with_a_new_user_namespace_no_capabilities_are_needed(void **state)
{
	int types = CLONE_NEWNET | CLONE_NEWNS;
	int for_children = CLONE_NEWPID;

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
	assert_int_equal(in_child(unshare_without_power, &types), 0);
	assert_int_equal(in_child(unshare_without_power, &for_children), 0);
}

/* ---- clocks ---- */

static int read_clocks(void *arg)
{
	struct timespec *clocks = arg;

	want(clock_gettime(CLOCK_MONOTONIC, &clocks[0]) == 0);
	want(clock_gettime(CLOCK_BOOTTIME, &clocks[1]) == 0);
	return 0;
}

static void a_new_time_namespace_has_the_offsets_of_the_options(void **state)
{
	struct gons_set_options options = { .monotonic = { 1000000, 5 },
					    .boottime = { 2000000, 999999999 } };
	struct timespec *there = (void *)shared[0], here[2];
	gons_set *set, *below;

	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWTIME | CLONE_NEWPID);
	require_cap(__func__, CAP_SYS_TIME, "CAP_SYS_TIME");
	for (int i = 0; i < 3; i++) {
		const int types[] = { CLONE_NEWTIME, CLONE_NEWTIME | CLONE_NEWUSER,
				      CLONE_NEWTIME | CLONE_NEWPID };

		set = gons_must(gons_set_unshare(NULL, types[i], &options));
		gons_must(gons_set_run(set, read_clocks, there, NULL));
		assert_int_equal(read_clocks(here), 0);
		assert_in_range(there[0].tv_sec - here[0].tv_sec, 999900, 1000001);
		assert_in_range(there[1].tv_sec - here[1].tv_sec, 1999900, 2000002);
		gons_set_close(set);
	}
	/* A new time namespace begins with the offsets of the set's one. */
	set = gons_must(gons_set_unshare(NULL, CLONE_NEWTIME | CLONE_NEWUSER, &options));
	below = gons_must(gons_set_unshare(set, CLONE_NEWTIME, NULL));
	gons_must(gons_set_run(below, read_clocks, there, NULL));
	assert_int_equal(read_clocks(here), 0);
	assert_in_range(there[0].tv_sec - here[0].tv_sec, 999900, 1000001);
	gons_set_close(below);
	gons_set_close(set);
}

static void invalid_clock_offsets_are_refused(void **state)
{
	const struct gons_set_options offset = { .monotonic = { 1, 0 } };
	const struct gons_set_options boot = { .boottime = { 0, 1 } };
	const struct gons_set_options too_much = { .boottime = { 0, 1000000000 } };
	const struct gons_set_options negative = { .monotonic = { 0, -1 } };
	const struct gons_set_options before_boot = { .monotonic = { -2000000000, 0 } };
	const struct gons_set_options far = { .boottime = { (time_t)INT64_MAX, 0 } };
	const struct gons_set_options reserved = { .reserved = { 0, 0, 7 } };

	(void)state;
	assert_refused(gons_set_unshare(NULL, CLONE_NEWNET, &offset), EINVAL,
		       "options->monotonic is not 0, but no time namespace is created");
	assert_refused(gons_set_unshare(NULL, CLONE_NEWPID, &boot), EINVAL,
		       "options->boottime is not 0, but no time namespace is created");
	assert_refused(gons_set_unshare(NULL, CLONE_NEWTIME, &too_much), EINVAL,
		       "tv_nsec of options->boottime is 1000000000");
	assert_refused(gons_set_unshare(NULL, CLONE_NEWTIME, &negative), EINVAL,
		       "tv_nsec of options->monotonic is -1");
	assert_refused(gons_set_unshare(NULL, CLONE_NEWNET, &reserved), EINVAL,
		       "reserved[2] of struct gons_set_options is not 0");
	gons_require(CLONE_NEWTIME | CLONE_NEWUSER);
	require_cap(__func__, CAP_SYS_TIME, "CAP_SYS_TIME");
	assert_refused(gons_set_unshare(NULL, CLONE_NEWTIME, &before_boot), ERANGE,
		       "cannot set the clock offsets");
	if (sizeof(time_t) == sizeof(int64_t)) /* 32 bits have no time that is too far */
		assert_refused(gons_set_unshare(NULL, CLONE_NEWTIME | CLONE_NEWUSER, &far), ERANGE,
			       "cannot set the clock offsets");
}

/* ---- limits ---- */

static int run_out_of_descriptors(void *arg)
{
	const int types = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
	int used = count_entries("/proc/self/fd");
	struct rlimit limit;
	gons_set *set;

	(void)arg;
	want(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	for (int room = 0; room < 20; room++) {
		limit.rlim_cur = (rlim_t)(used - 1 + room);
		want(setrlimit(RLIMIT_NOFILE, &limit) == 0);
		set = gons_set_unshare(NULL, types, NULL);
		want(set || (errno == EMFILE && strstr(gons_error(), "RLIMIT_NOFILE")));
		want(set || room < 16);
		gons_set_close(set);
	}
	limit.rlim_cur = limit.rlim_max;
	want(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	want(count_entries("/proc/self/fd") == used);
	/* No child is left either. */
	want(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	return 0;
}

static void without_free_descriptors_no_child_and_no_descriptor_is_left(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET);
	assert_int_equal(in_child(run_out_of_descriptors, NULL), 0);
}

/* How often this process, its threads and its children have slept. */
static long count_pauses(void)
{
	struct rusage own, children;

	if (getrusage(RUSAGE_SELF, &own) < 0 || getrusage(RUSAGE_CHILDREN, &children) < 0)
		return -1;
	return own.ru_nvcsw + children.ru_nvcsw;
}

/* The first refusal comes at once, since the limit reads 0. The next one takes 100 pauses of a
 * millisecond, not 5000. */
static int run_into_limit(void *arg)
{
	const int type = *(const int *)arg;
	const char *name = type == CLONE_NEWTIME ? "time" : "net";
	long before;

	want(enter_limited(name, "0") == 0);
	want(!gons_set_unshare(NULL, type, NULL) && errno == ENOSPC);
	want(limit_namespaces(name, "1") == 0);
	want(type == CLONE_NEWNET || unshare(type) == 0); /* the one that the limit permits */
	before = count_pauses();
	want(!gons_set_unshare(NULL, type, NULL) && errno == ENOSPC);
	want(count_pauses() - before < 500);
	want(limit_namespaces(name, "2") == 0);
	want(gons_set_unshare(NULL, type, NULL));
	return 0;
}

static void only_the_first_refusal_by_a_reached_limit_waits_long(void **state)
{
	const int types[] = { CLONE_NEWNET, CLONE_NEWTIME }; /* by a thread, and by a child */

	(void)state;
	require_writable_limits(__func__);
#ifdef __SANITIZE_THREAD__
	skip_for(__func__, "the thread sanitizer has a thread, so unshare(2) is refused");
#endif
	for (int i = 0; i < 2; i++) {
		gons_require(CLONE_NEWUSER | types[i]);
		assert_int_equal(in_child(run_into_limit, (void *)&types[i]), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(new_namespaces_are_created_without_moving_the_thread),
		check_test(other_namespaces_are_taken_from_the_given_set),
		check_test(new_namespaces_are_created_inside_of_the_sets_namespaces),
		check_test(new_namespaces_are_owned_by_the_sets_user_namespace),
		check_test(without_id_maps_the_caller_becomes_root),
		check_test(empty_id_maps_are_left_unwritten),
		check_test(id_maps_may_have_several_lines),
		check_test(a_map_without_a_capability_names_that_of_its_file),
		check_test(user_0_without_cap_setfcap_is_unmapped_and_has_all_capabilities),
		check_test(without_privileges_newuidmap_is_named),
		check_test(a_newuidmap_that_gets_no_privileges_is_explained),
		check_test(ids_that_the_user_namespace_lacks_are_named),
		check_test(id_maps_may_have_340_lines),
		check_test(id_maps_without_a_user_namespace_are_refused),
		check_test(invalid_id_maps_are_refused_by_name),
		check_test(ranges_of_subuid_and_subgid_are_mapped_by_newuidmap_and_newgidmap),
		check_test(with_a_new_user_namespace_no_capabilities_are_needed),
		check_test(a_new_time_namespace_has_the_offsets_of_the_options),
		check_test(invalid_clock_offsets_are_refused),
		check_test(without_free_descriptors_no_child_and_no_descriptor_is_left),
		check_test(only_the_first_refusal_by_a_reached_limit_waits_long),
	};

	shared = mmap(NULL, 3 * sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}
