/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records packets: a packet(7) socket in each network namespace that the process creates keeps them
 * in its receive buffer. gons reads the socket only if the test fails.
 *
 * The kernel closes a packet socket only after all processors have left the network code, which
 * takes some milliseconds. So a separate thread closes the sockets after the test.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "gons/base/error.h"
#include "gons/base/forks.h"
#include "gons/base/procfs.h"
#include "gons/core/switch.h"
#include "gons/core/thread.h"
#include "gons/leak/exempt.h"
#include "netns/can_be_entered.h"
#include "test/report.h"

enum {
	/* Bytes of kernel memory for a namespace. A packet takes more than its size. Unprivileged
	 * users get twice net.core.rmem_max. */
	BUFFER = 4 << 20,
	SNAP = 65536, /* bytes of a packet that are kept */
	/* The descriptors of the sockets get numbers from this one on, if the limit allows it. So
	 * the program does not get the number of a socket that is being closed. */
	HIGH = 512,
	HIGH_NUMBERS = 512,
};

struct recorder {
	struct recorder *next;
	uint64_t ino; /* of the network namespace */
	int fd;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct recorder *recorders;
/* For each high number: how many sockets with this number are open or being closed. */
static unsigned char n_sockets[HIGH_NUMBERS];
static ino_t timestamps_ino; /* of the namespace in which keep_timestamps_on() has a socket */
static int refused_errnum; /* why a namespace of this test is not recorded; 0: all are */
static pid_t recording_pid; /* forked children do not record */

bool gons_i_capture_is_wanted(void)
{
	const char *capture = getenv("GONS_CAPTURE");
	const char *artifacts = getenv("GONS_ARTIFACTS");

	if (capture && capture[0])
		return strcmp(capture, "0") != 0;
	return artifacts && artifacts[0];
}

/* ---- recording ---- */

static int open_socket(void)
{
	const int on = 1, size = BUFFER / 2; /* the kernel doubles it */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
	int high_fd;

	if (fd < 0)
		return -1;
	high_fd = fcntl(fd, F_DUPFD_CLOEXEC, HIGH);
	if (high_fd >= 0) {
		(void)close(fd);
		fd = high_fd;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

static bool is_high(int fd)
{
	return fd >= HIGH && fd < HIGH + HIGH_NUMBERS;
}

static void exempt(int fd)
{
	gons_i_forks_forbid();
	if (is_high(fd))
		n_sockets[fd - HIGH]++;
	(void)gons_i_exempt_add_fd(fd, GONS_I_EXEMPT_LIBRARY);
	gons_i_forks_allow();
}

/* Called on the thread that has just entered a new network namespace. If this fails, the report
 * says why it has no packets; the test is not affected. */
static void record_here(void)
{
	struct recorder *recorder;
	int saved = errno, errnum;
	struct stat st;

	if (getpid() != recording_pid || stat("/proc/thread-self/ns/net", &st) < 0)
		goto out;
	recorder = malloc(sizeof(*recorder));
	if (!recorder)
		goto out;
	gons_i_exempt_begin_change();
	recorder->ino = st.st_ino;
	recorder->fd = open_socket();
	errnum = errno;
	if (recorder->fd < 0) {
		free(recorder);
		(void)pthread_mutex_lock(&lock);
		refused_errnum = errnum;
		(void)pthread_mutex_unlock(&lock);
	} else {
		exempt(recorder->fd);
		(void)pthread_mutex_lock(&lock);
		recorder->next = recorders;
		recorders = recorder;
		(void)pthread_mutex_unlock(&lock);
	}
	gons_i_exempt_end_change();
out:
	errno = saved;
}

/* Counts the sockets of gons in a namespace, for the end of a scope: it deletes links only if other
 * sockets keep the namespace. */
static int count_recorders(ino_t ino)
{
	int n = ino == timestamps_ino;

	(void)pthread_mutex_lock(&lock);
	for (const struct recorder *recorder = recorders; recorder; recorder = recorder->next)
		n += recorder->ino == ino;
	(void)pthread_mutex_unlock(&lock);
	return n;
}

/*
 * The kernel records the time of packets while any socket that can receive from a network has
 * SO_TIMESTAMPNS. Switching this on and off would cost each test more than its packets do. So this
 * socket stays open. A socket of AF_UNIX has no such effect. An AF_INET socket keeps its namespace
 * alive: that in which the first test begins.
 */
static void keep_timestamps_on(void)
{
	const int on = 1;
	struct stat st;
	int fd;

	gons_i_exempt_begin_change();
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		(void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
		exempt(fd);
		if (stat("/proc/thread-self/ns/net", &st) == 0)
			timestamps_ino = st.st_ino;
	}
	gons_i_exempt_end_change();
}

void gons_i_capture_begin(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (!gons_i_capture_is_wanted() || gons_i_exempt_prepare() < 0)
		return;
	(void)pthread_once(&once, keep_timestamps_on);
	recording_pid = getpid();
	refused_errnum = 0;
	gons_i_set_new_netns_hook(record_here);
	gons_i_can_be_entered_count_sockets_by(count_recorders);
}

/* ---- the end ---- */

static void forget(int fd)
{
	gons_i_forks_forbid();
	if (!is_high(fd) || --n_sockets[fd - HIGH] == 0)
		gons_i_exempt_remove_fd(fd);
	gons_i_forks_allow();
}

/* A snapshot waits for a change of the exempt descriptors, so the slow close(2) of a high number
 * comes before the change. The number is exempt until then, although it is free before close(2)
 * returns. */
static void close_recorder(int fd)
{
	if (is_high(fd))
		(void)close(fd);
	gons_i_exempt_begin_change();
	forget(fd);
	if (!is_high(fd))
		(void)close(fd);
	gons_i_exempt_end_change();
}

static void close_recorders(struct recorder *recorder)
{
	while (recorder) {
		struct recorder *next = recorder->next;

		close_recorder(recorder->fd);
		free(recorder);
		recorder = next;
	}
}

/*
 * The thread that closes sockets. It waits for a moment for the next test, and then ends, since
 * some calls need a process with one thread. The lock that forbids forks protects these members.
 */
static struct {
	struct recorder *recorders; /* to be closed */
	pthread_cond_t wake;
	struct gons_i_exempt_thread exempt;
	sem_t is_exempt; /* posted when the thread is exempt */
	unsigned forks; /* a forked child does not have the thread */
	bool is_there;
} closer;

/* Called with forks forbidden. Returns NULL when there was nothing to close for a while. */
static struct recorder *wait_for_recorders(void)
{
	enum { STAY_MS = 20 };
	struct recorder *taken;
	struct timespec end;

	(void)clock_gettime(CLOCK_MONOTONIC, &end); /* cannot fail */
	end.tv_nsec += STAY_MS * 1000000L;
	end.tv_sec += end.tv_nsec / 1000000000L;
	end.tv_nsec %= 1000000000L;
	while (!closer.recorders)
		if (gons_i_forks_wait_until(&closer.wake, &end) != 0)
			break;
	taken = closer.recorders;
	closer.recorders = NULL;
	return taken;
}

static void *close_later(void *arg)
{
	struct recorder *taken;

	(void)arg;
	(void)prctl(PR_SET_NAME, "gons-capture");
	closer.exempt = (struct gons_i_exempt_thread){ .tid = gons_i_tid(),
						       .owner = GONS_I_EXEMPT_LIBRARY,
						       .is_gons_only = true };
	gons_i_forks_forbid();
	gons_i_exempt_add_thread(&closer.exempt);
	(void)sem_post(&closer.is_exempt);
	while ((taken = wait_for_recorders())) {
		gons_i_forks_allow();
		close_recorders(taken);
		gons_i_forks_forbid();
	}
	gons_i_exempt_remove_thread(&closer.exempt);
	closer.is_there = false;
	gons_i_forks_allow();
	return NULL;
}

/* Passes sockets to the thread. Returns false if the thread must be started. */
static bool pass_to_closer(struct recorder *ended)
{
	struct recorder **end = &closer.recorders;
	bool is_there;

	gons_i_forks_forbid();
	is_there = closer.is_there && closer.forks == gons_i_forks();
	if (!is_there) {
		(void)sem_init(&closer.is_exempt, 0, 0); /* cannot fail */
		gons_i_forks_cond_init(&closer.wake);
		closer.recorders = NULL;
		closer.forks = gons_i_forks();
		closer.is_there = true;
	}
	while (*end)
		end = &(*end)->next;
	*end = ended;
	(void)pthread_cond_signal(&closer.wake);
	gons_i_forks_allow();
	return is_there;
}

/* Waits until the thread is exempt from leak reports, and allows no snapshot until then. */
static void start_closer(void)
{
	struct recorder *left = NULL;
	pthread_t thread;

	gons_i_exempt_begin_change();
	if (gons_i_thread_create(&thread, GONS_I_STACK_SMALL, close_later, NULL) == 0) {
		while (sem_wait(&closer.is_exempt) < 0)
			; /* EINTR */
		(void)pthread_detach(thread);
	} else {
		gons_i_forks_forbid();
		left = closer.recorders;
		closer.recorders = NULL;
		closer.is_there = false;
		gons_i_forks_allow();
	}
	gons_i_exempt_end_change();
	close_recorders(left);
}

void gons_i_capture_end(void)
{
	struct recorder *ended;

	gons_i_set_new_netns_hook(NULL);
	(void)pthread_mutex_lock(&lock);
	ended = recorders;
	recorders = NULL;
	(void)pthread_mutex_unlock(&lock);
	if (ended && !pass_to_closer(ended))
		start_closer();
}

/* ---- taking what was recorded ---- */

static struct gons_i_packet *add_packet(struct gons_i_capture *capture)
{
	struct gons_i_packet *larger;

	if (capture->n % 256 == 0) {
		larger = reallocarray(capture->packets, capture->n + 256, sizeof(*larger));
		if (!larger)
			return NULL;
		capture->packets = larger;
	}
	return &capture->packets[capture->n];
}

static int64_t time_of(struct msghdr *message)
{
	struct timespec time = { 0 };

	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
	     header = CMSG_NXTHDR(message, header))
		if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&time, CMSG_DATA(header), sizeof(time));
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Returns false when there are no more. */
static bool take_packet(int fd, size_t namespace, unsigned char buf[SNAP],
			struct gons_i_capture *capture)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct timespec))];
	} control;
	struct sockaddr_ll from;
	struct iovec iov = { .iov_base = buf, .iov_len = SNAP };
	struct msghdr message = { .msg_name = &from,
				  .msg_namelen = sizeof(from),
				  .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	/* packet(7) sockets refuse MSG_CMSG_CLOEXEC, and pass no descriptors. */
	ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_TRUNC);
	struct gons_i_packet *packet;

	if (got < 0)
		return errno == EINTR;
	packet = add_packet(capture);
	if (!packet) {
		capture->n_lost++;
		return true;
	}
	*packet = (struct gons_i_packet){
		.time = time_of(&message),
		.namespace = namespace,
		.ifindex = from.sll_ifindex,
		.hardware = from.sll_hatype,
		.direction = from.sll_pkttype,
		.protocol = ntohs(from.sll_protocol),
		.size = (uint32_t)got,
		.captured = got < SNAP ? (uint32_t)got : SNAP,
	};
	packet->data = malloc(packet->captured + 1);
	if (!packet->data) {
		capture->n_lost++;
		return true;
	}
	memcpy(packet->data, buf, packet->captured);
	capture->n++;
	return true;
}

static uint64_t count_lost(int fd)
{
	struct tpacket_stats stats = { 0 };
	socklen_t size = sizeof(stats);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) < 0)
		return 0;
	return stats.tp_drops;
}

static int compare(const void *a, const void *b)
{
	const struct gons_i_packet *one = a, *two = b;

	if (one->time != two->time)
		return one->time < two->time ? -1 : 1;
	return 0;
}

void gons_i_capture_take(const struct gons_i_report *report, struct gons_i_capture *ret_capture)
{
	unsigned char *buf = malloc(SNAP);

	*ret_capture = (struct gons_i_capture){ .packets = NULL };
	(void)pthread_mutex_lock(&lock);
	for (const struct recorder *recorder = recorders; recorder && buf;
	     recorder = recorder->next)
		for (size_t i = 0; i < report->n; i++) {
			if (report->namespaces[i].ino != recorder->ino)
				continue;
			while (take_packet(recorder->fd, i, buf, ret_capture))
				;
			ret_capture->n_lost += count_lost(recorder->fd);
		}
	ret_capture->refused_errnum = refused_errnum;
	(void)pthread_mutex_unlock(&lock);
	free(buf);
	if (ret_capture->n > 1)
		qsort(ret_capture->packets, ret_capture->n, sizeof(*ret_capture->packets), compare);
}

void gons_i_capture_free(struct gons_i_capture *capture)
{
	for (size_t i = 0; i < capture->n; i++)
		free(capture->packets[i].data);
	free(capture->packets);
}
