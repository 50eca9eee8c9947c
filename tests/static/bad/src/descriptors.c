/* SPDX-License-Identifier: Apache-2.0 */
/* For forbidden.py, never compiled: what is marked must be found, and nothing else. */
static void by_flag(void)
{
	fd = open(path, O_RDONLY); /* bad: open */
	fd = open(path, flags /* | O_CLOEXEC */); /* bad: open */
	fd = open("O_CLOEXEC", O_RDONLY | O_CLOEXEC);
	fd = open64(path, O_RDONLY); /* bad: open64 */
	fd = openat(dir_fd, name(path, 0), O_RDONLY), O_CLOEXEC; /* bad: openat */
	fd = openat(dir_fd, name(path, 0), O_RDONLY | O_CLOEXEC);
	fd = openat64(dir_fd, path, O_RDONLY); /* bad: openat64 */
	fd = (int)syscall(SYS_openat, dir_fd, path, O_RDONLY); /* bad: openat */
	fd = (int)syscall(SYS_openat, dir_fd, path, O_RDONLY | O_CLOEXEC);
	fd = open_by_handle_at(fd, handle, O_RDONLY); /* bad: open_by_handle_at */
	fd = mkostemp(path, 0); /* bad: mkostemp */
	fd = pipe2(ends, O_NONBLOCK); /* bad: pipe2 */
	fd = dup3(fd, 7, 0); /* bad: dup3 */
	fd = (int)syscall(SYS_userfaultfd, 0); /* bad: userfaultfd */
	fd = socket(AF_INET, SOCK_STREAM, 0); /* bad: socket */
	fd = socket(AF_INET, /* a stream */
		    SOCK_STREAM | SOCK_CLOEXEC, 0);
	fd = socketpair(AF_UNIX, SOCK_STREAM, 0, pair); /* bad: socketpair */
	fd = accept4(fd, NULL, NULL, 0); /* bad: accept4 */
	socket = mnl_socket_open2(NETLINK_ROUTE, 0); /* bad: mnl_socket_open2 */
	fd = recvmsg(fd, &message, 0); /* bad: recvmsg */
	fd = recvmmsg(fd, messages, 1, 0, NULL); /* bad: recvmmsg */
	fd = memfd_create("file", 0); /* bad: memfd_create */
	fd = fsopen("sysfs", 0); /* bad: fsopen */
	fd = fsopen("sysfs", FSOPEN_CLOEXEC);
	fd = fsmount(fd, 0, 0); /* bad: fsmount */
	fd = fspick(fd, path, 0); /* bad: fspick */
	fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE); /* bad: open_tree */
	fd = epoll_create1(0); /* bad: epoll_create1 */
	fd = eventfd(0, 0); /* bad: eventfd */
	fd = (int)syscall(SYS_eventfd2, 0, 0); /* bad: eventfd2 */
	fd = timerfd_create(CLOCK_MONOTONIC, 0); /* bad: timerfd_create */
	fd = signalfd(-1, &set, 0); /* bad: signalfd */
	fd = (int)syscall(SYS_signalfd4, -1, &set, 8, 0); /* bad: signalfd4 */
	fd = inotify_init1(0); /* bad: inotify_init1 */
	fd = fanotify_init(0, 0); /* bad: fanotify_init */
}

static void by_mode(void)
{
	file = fopen(path, "r"); /* bad: fopen */
	file = fopen("re", "r"); /* bad: fopen */
	file = fopen(path, mode); /* bad: fopen */
	file = fopen(path, "re");
	file = fopen64(path, "r"); /* bad: fopen64 */
	file = freopen(path, "r", file); /* bad: freopen */
	file = freopen(path, "re", file);
	file = popen("true", "r"); /* bad: popen */
	file = setmntent("/proc/thread-self/mounts", "r"); /* bad: setmntent */
	file = setmntent("/proc/thread-self/mounts", "re");
}

static void never(void)
{
	struct open_how how = { .flags = O_RDONLY }; /* bad: open_how */
	struct open_how good = { .flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };

	fd = creat(path, 0600); /* bad: creat */
	fd = mkstemp(path); /* bad: mkstemp */
	file = tmpfile(); /* bad: tmpfile */
	fd = accept(fd, NULL, NULL); /* bad: accept */
	fd = pipe(ends); /* bad: pipe */
	fd = dup(fd); /* bad: dup */
	fd = dup2(fd, 1); /* bad: dup2 */
	fd = fcntl(fd, F_DUPFD, 3); /* bad: F_DUPFD */
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	fd = epoll_create(1); /* bad: epoll_create */
	fd = inotify_init(); /* bad: inotify_init */
	socket = mnl_socket_open(NETLINK_ROUTE); /* bad: mnl_socket_open */
}

static void others(void)
{
	dir = opendir(path);
	file->open(path, 0);
	file.open(path, 0);
	fd = gons_open(path, 0);
	fd = now.open == file;
}
