/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight threads enter namespaces, execute functions, and create links and sets, while the
 * process forks children that end inherited scopes. The argument is the number of seconds (2).
 */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gons/ip.h>
#include <gons/link.h>
#include <gons/set.h>

enum { THREADS = 8 };

static int seconds = 2;
static atomic_bool is_over;
static atomic_uint rounds, failures;

/* cmocka's assertions work on the main thread only. */
#define expect(condition)                                                                          \
	do {                                                                                       \
		if (!(condition) && failures++ == 0)                                               \
			(void)fprintf(stderr, "%s:%d: not so: %s; \"%s\"\n", __FILE__, __LINE__,   \
				      #condition, gons_error());                                   \
	} while (0)

static void note_ino(void *ino)
{
	*(uint64_t *)ino = own_ino("net");
}

static bool note_ino_and_restore(void *ino)
{
	note_ino(ino);
	return true;
}

static void enter(void)
{
	uint64_t before = own_ino("net");
	int mark = gons_scope_begin();

	expect(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS) == 0);
	expect(own_ino("net") != before);
	expect(gons_mntns_mount_sysfs_ro() == 0);
	expect(gons_scope_end(mark) == 0);
	expect(own_ino("net") == before);
}

static void execute(void)
{
	uint64_t before = own_ino("net"), inside = 0;
	int mark = gons_scope_begin();
	int fds[] = { gons_netns_new_transient(), gons_mntns_new_transient(NULL) };

	expect(fds[0] >= 0 && fds[1] >= 0);
	expect(gons_execute_all(fds, 2, note_ino, &inside) == 0);
	expect(inside == gons_netns_ino(fds[0]) && own_ino("net") == before);
	expect(gons_scope_end(mark) == 0);
}

static void make_links(void)
{
	int mark = gons_scope_begin();
	struct gons_link_options options = { .up = 1 };
	struct gons_link link;

	options.nsfd = gons_netns_new_transient();
	options.peer_nsfd = gons_netns_new_transient();
	expect(options.nsfd >= 0 && options.peer_nsfd >= 0);
	expect(gons_veth_new_transient(&options, &link) == 0);
	expect(gons_address_add(options.nsfd, link.ifindex, "10.0.0.1/24") == 0);
	expect(gons_scope_end(mark) == 0);
}

static void use_sets(void)
{
	uint64_t before = own_ino("net"), inside = 0, again = 0;
	gons_set *set = gons_set_unshare(NULL, CLONE_NEWNET | CLONE_NEWUTS, NULL);

	expect(set != NULL);
	expect(gons_set_do(set, note_ino, &inside) == 0);
	expect(gons_set_do_restore(set, note_ino_and_restore, &again) == 0);
	expect(inside != 0 && inside != before && again == inside && own_ino("net") == before);
	gons_set_close(set);
}

static void *live(void *arg)
{
	void (*const jobs[])(void) = { enter, execute, make_links, use_sets };
	unsigned seed = *(unsigned *)arg;

	while (!is_over) {
		jobs[(unsigned)rand_r(&seed) % 4]();
		rounds++;
	}
	return NULL;
}

#ifndef __SANITIZE_ADDRESS__
/* In a child: it may end inherited scopes, but undoes nothing of them. */
static int end_inherited(void *mark)
{
	uint64_t ino = own_ino("net");

	if (gons_scope_end(*(int *)mark) < 0 || own_ino("net") != ino)
		return 1;
	return gons_netns_enter_transient() < 0 ? 2 : 0;
}
#endif

static void eight_threads_use_all_calls_at_once(void **state)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	pthread_t threads[THREADS];
	unsigned seeds[THREADS];
	struct timespec now, end;
	int forks = 0;
	int mark;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS);
	gons_require_link("veth");
	for (unsigned i = 0; i < THREADS; i++) {
		seeds[i] = i + 1;
		assert_int_equal(pthread_create(&threads[i], NULL, live, &seeds[i]), 0);
	}
	mark = gons_must(gons_scope_begin());
	gons_must(gons_netns_enter_transient());
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &end), 0);
	end.tv_sec += seconds;
	do {
#ifndef __SANITIZE_ADDRESS__ /* the lock of its allocator may be held forever in the child */
		if (in_child(end_inherited, &mark) != 0 && failures++ == 0)
			print_error("a child could not end what it inherited\n");
		forks++;
#endif
		(void)nanosleep(&pause, NULL);
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec);
	is_over = true;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	gons_must(gons_scope_end(mark));
	print_message("%u rounds, %d forks\n", rounds, forks);
	assert_int_equal(failures, 0);
	assert_true(rounds >= THREADS);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { check_test(eight_threads_use_all_calls_at_once) };

	if (argc > 1)
		seconds = atoi(argv[1]);
	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}
