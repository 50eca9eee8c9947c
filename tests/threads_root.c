/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gons_become_root() in a process that can create namespaces and has other threads: the call
 * does nothing.
 */
#include "check.h"

#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

struct witness {
	sem_t look, looked;
	char cwd[PATH_MAX];
	uint64_t mnt, user;
};

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem) < 0)
		assert_int_equal(errno, EINTR);
}

static void *look(void *arg)
{
	struct witness *witness = arg;

	for (int i = 0; i < 2; i++) {
		while (sem_wait(&witness->look) < 0)
			;
		if (!getcwd(witness->cwd, sizeof(witness->cwd)))
			witness->cwd[0] = '\0';
		witness->mnt = own_ino("mnt");
		witness->user = own_ino("user");
		(void)sem_post(&witness->looked);
	}
	return NULL;
}

static void ask(struct witness *witness)
{
	(void)sem_post(&witness->look);
	wait_for(&witness->looked);
}

static void becoming_root_where_not_needed_leaves_the_working_directory_shared(void **state)
{
	uint64_t mnt = own_ino("mnt"), user = own_ino("user");
	struct witness witness;
	char before[PATH_MAX];
	pthread_t thread;

	(void)state;
	gons_require(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP);
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(sem_init(&witness.look, 0, 0) | sem_init(&witness.looked, 0, 0), 0);
	assert_int_equal(pthread_create(&thread, NULL, look, &witness), 0);
	ask(&witness);
	assert_string_equal(witness.cwd, before);
	gons_must(gons_become_root());
	assert_int_equal(chdir("/proc/sys"), 0);
	ask(&witness);
	assert_int_equal(chdir(before), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(sem_destroy(&witness.look) | sem_destroy(&witness.looked), 0);
	assert_string_equal(witness.cwd, "/proc/sys");
	assert_int_equal(witness.mnt, mnt);
	assert_int_equal(witness.user, user);
	assert_int_equal(own_ino("mnt"), mnt);
	assert_int_equal(own_ino("user"), user);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(becoming_root_where_not_needed_leaves_the_working_directory_shared),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}
