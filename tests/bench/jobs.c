/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each job of gons beside the bare system calls that it needs.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <gons/mntns.h>
#include <gons/netns.h>

#include "measure.h"

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000 /* glibc 2.31 */
#endif

static int open_own(const char *path)
{
	return BARE(open(path, O_RDONLY | O_CLOEXEC));
}

static int open_directory(const char *path)
{
	return BARE(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/* ---- enter and leave ---- */

struct kind {
	int type;
	const char *path;
};

static void enter_gons(void *arg)
{
	const struct kind *kind = arg;
	int mark = GONS(gons_scope_begin());

	GONS(gons_enter_transient(kind->type));
	GONS(gons_scope_end(mark));
}

static void enter_bare(void *arg)
{
	const struct kind *kind = arg;
	int fd = open_own(kind->path);

	BARE(unshare(kind->type));
	BARE(setns(fd, kind->type));
	BARE(close(fd));
}

static void enter_mnt_bare(void *arg)
{
	int fd = open_own("/proc/thread-self/ns/mnt");
	int root_fd = open_directory("/");
	int cwd_fd = open_directory(".");

	(void)arg;
	BARE(unshare(CLONE_NEWNS));
	BARE(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	BARE(setns(fd, CLONE_NEWNS));
	BARE(fchdir(root_fd));
	BARE(chroot("."));
	BARE(fchdir(cwd_fd));
	BARE(close(fd));
	BARE(close(root_fd));
	BARE(close(cwd_fd));
}

/* ---- make without staying ---- */

static void new_gons(void *arg)
{
	const struct kind *kind = arg;
	int mark = GONS(gons_scope_begin());

	GONS(gons_new_transient(kind->type));
	GONS(gons_scope_end(mark));
}

static void new_bare(void *arg)
{
	const struct kind *kind = arg;
	int fd = open_own(kind->path);
	int new_fd;

	BARE(unshare(kind->type));
	new_fd = open_own(kind->path);
	BARE(setns(fd, kind->type));
	BARE(close(fd));
	BARE(close(new_fd));
}

static void new_mnt_gons(void *arg)
{
	int mark = GONS(gons_scope_begin());

	(void)arg;
	GONS(gons_mntns_new_transient(NULL));
	GONS(gons_scope_end(mark));
}

struct thread {
	sem_t ready, quit;
	int fd;
};

static void *live(void *arg)
{
	struct thread *thread = arg;

	BARE(unshare(CLONE_NEWNS));
	BARE(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	thread->fd = open_own("/proc/thread-self/ns/mnt");
	BARE(sem_post(&thread->ready));
	while (sem_wait(&thread->quit) < 0)
		;
	return NULL;
}

static void new_mnt_bare(void *arg)
{
	struct thread thread;
	pthread_attr_t attr;
	pthread_t id;

	(void)arg;
	(void)sem_init(&thread.ready, 0, 0);
	(void)sem_init(&thread.quit, 0, 0);
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, 64 * 1024);
	BARE(-pthread_create(&id, &attr, live, &thread));
	(void)pthread_attr_destroy(&attr);
	while (sem_wait(&thread.ready) < 0)
		;
	/* The order of a scope. The other way round this thread would destroy the namespace;
	 * now the ending one does, in part after it can be joined. */
	BARE(close(thread.fd));
	BARE(sem_post(&thread.quit));
	BARE(-pthread_join(id, NULL));
	(void)sem_destroy(&thread.ready);
	(void)sem_destroy(&thread.quit);
}

/* ---- execute ---- */

struct execution {
	int nsfd;
	int (*gons)(int nsfd, void (*fn)(void *), void *arg);
	void (*fn)(void *);
};

static void nothing(void *arg)
{
	(void)arg;
}

static void execute_gons(void *arg)
{
	const struct execution *execution = arg;
	int mark = GONS(gons_scope_begin());

	GONS(execution->gons(execution->nsfd, execution->fn, NULL));
	GONS(gons_scope_end(mark));
}

static void execute_net_bare(void *arg)
{
	const struct execution *execution = arg;
	int fd = open_own("/proc/thread-self/ns/net");

	BARE(setns(execution->nsfd, CLONE_NEWNET));
	execution->fn(NULL);
	BARE(setns(fd, CLONE_NEWNET));
	BARE(close(fd));
}

static void execute_mnt_bare(void *arg)
{
	const struct execution *execution = arg;
	int fd = open_own("/proc/thread-self/ns/mnt");
	int root_fd = open_directory("/");
	int cwd_fd = open_directory(".");

	BARE(setns(execution->nsfd, CLONE_NEWNS));
	execution->fn(NULL);
	BARE(setns(fd, CLONE_NEWNS));
	BARE(fchdir(root_fd));
	BARE(chroot("."));
	BARE(fchdir(cwd_fd));
	BARE(close(fd));
	BARE(close(root_fd));
	BARE(close(cwd_fd));
}

/* ---- sysfs ---- */

enum { SUBMOUNTS = 64 };

/* The mounts below /sys that no other one there is above. */
struct submounts {
	char path[SUBMOUNTS][256];
	int fd[SUBMOUNTS];
	size_t n;
};

static bool is_below(const char *path, const char *dir)
{
	size_t length = strlen(dir);

	return strncmp(path, dir, length) == 0 && path[length] == '/';
}

static void find_submounts(struct submounts *submounts)
{
	FILE *file = fopen("/proc/thread-self/mountinfo", "re");
	char line[4096], path[256];

	BARE(file ? 0 : -1);
	while (fgets(line, sizeof(line), file)) {
		bool covered =
			sscanf(line, "%*d %*d %*s %*s %255s", path) != 1 || !is_below(path, "/sys");

		for (size_t i = 0; i < submounts->n; i++)
			covered |= strcmp(path, submounts->path[i]) == 0 ||
				   is_below(path, submounts->path[i]);
		if (!covered && submounts->n < SUBMOUNTS)
			(void)strcpy(submounts->path[submounts->n++], path);
	}
	(void)fclose(file);
}

static int make_sysfs(void)
{
	int fs_fd = BARE(fsopen("sysfs", FSOPEN_CLOEXEC));
	int mount_fd;

	BARE(fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	mount_fd = BARE(fsmount(fs_fd, FSMOUNT_CLOEXEC,
				MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RELATIME));
	BARE(close(fs_fd));
	return mount_fd;
}

static void mount_gons(void *arg)
{
	(void)arg;
	GONS(gons_mntns_mount_sysfs_ro());
}

static void mount_bare(void *arg)
{
	struct submounts *submounts = arg;
	int mount_fd = make_sysfs();

	for (size_t i = 0; i < submounts->n; i++)
		submounts->fd[i] = BARE(
			open_tree(AT_FDCWD, submounts->path[i],
				  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (unsigned)AT_RECURSIVE));
	BARE(move_mount(mount_fd, "", AT_FDCWD, "/sys", MOVE_MOUNT_F_EMPTY_PATH));
	BARE(close(mount_fd));
	for (size_t i = 0; i < submounts->n; i++) {
		BARE(move_mount(submounts->fd[i], "", AT_FDCWD, submounts->path[i],
				MOVE_MOUNT_F_EMPTY_PATH));
		BARE(close(submounts->fd[i]));
	}
}

static void unmount(void *arg)
{
	(void)arg;
	BARE(umount2("/sys", MNT_DETACH));
}

static void open_sysfs_gons(void *arg)
{
	int mark = GONS(gons_scope_begin());

	(void)arg;
	GONS(gons_sysfs_open());
	GONS(gons_scope_end(mark));
}

static void open_sysfs_bare(void *arg)
{
	int mount_fd = make_sysfs();
	int fd = BARE(openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	(void)arg;
	BARE(close(mount_fd));
	BARE(close(fd));
}

/* ---- the table ---- */

static void measure_new_namespaces(void)
{
	struct kind net = { CLONE_NEWNET, "/proc/thread-self/ns/net" };
	struct kind uts = { CLONE_NEWUTS, "/proc/thread-self/ns/uts" };
	struct kind mnt = { CLONE_NEWNS, "/proc/thread-self/ns/mnt" };
	const struct job jobs[] = {
		{ "enter and leave net", enter_gons, enter_bare, NULL, &net, 2000, 1, 1.05 },
		{ "enter and leave mnt", enter_gons, enter_mnt_bare, NULL, &mnt, 1000, 1, 0 },
		{ "enter and leave uts", enter_gons, enter_bare, NULL, &uts, 2000, 10, 0 },
		{ "new_transient net", new_gons, new_bare, NULL, &net, 1000, 1, 0 },
		{ "new_transient uts", new_gons, new_bare, NULL, &uts, 2000, 10, 0 },
		{ "mntns_new_transient", new_mnt_gons, new_mnt_bare, NULL, NULL, 1000, 1, 0 },
	};

	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		table_measure(&jobs[i]);
}

static void measure_execute(void)
{
	int mark = GONS(gons_scope_begin());
	int net_fd = GONS(gons_netns_new_transient());
	int mnt_fd = GONS(gons_mntns_new_transient(NULL));
	struct execution net = { net_fd, gons_execute, nothing };
	struct execution netns = { net_fd, gons_netns_execute, nothing };
	struct execution mnt = { mnt_fd, gons_execute, nothing };
	struct execution mntns = { mnt_fd, gons_mntns_execute, nothing };
	const struct job jobs[] = {
		{ "execute in net", execute_gons, execute_net_bare, NULL, &net, 2000, 20, 1.3 },
		{ "netns_execute", execute_gons, execute_net_bare, NULL, &netns, 2000, 20, 1.3 },
		{ "execute in mnt", execute_gons, execute_mnt_bare, NULL, &mnt, 2000, 20, 1.4 },
		{ "mntns_execute", execute_gons, execute_mnt_bare, NULL, &mntns, 2000, 20, 1.4 },
	};

	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		table_measure(&jobs[i]);
	GONS(gons_scope_end(mark));
}

static void measure_sysfs(void)
{
	struct submounts *submounts = must_allocate(1, sizeof(*submounts));
	const struct job jobs[] = {
		{ "mntns_mount_sysfs_ro", mount_gons, mount_bare, unmount, submounts, 1000, 1, 0 },
		{ "sysfs_open", open_sysfs_gons, open_sysfs_bare, NULL, NULL, 1000, 1, 0 },
	};
	int mark = GONS(gons_scope_begin());

	GONS(gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS));
	find_submounts(submounts);
	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		table_measure(&jobs[i]);
	printf("(%zu mounts below /sys were put in their places again)\n", submounts->n);
	GONS(gons_scope_end(mark));
	free(submounts);
}

int main(void)
{
	prepare("jobs", CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS);
	table_head("Each job, in microseconds", "gons", "bare");
	measure_new_namespaces();
	measure_execute();
	measure_sysfs();
	return 0;
}
