/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The failure report for any answer of the kernel about a network namespace, and for any packet. Its
 * JSON must be valid, and no namespace may have more lines than the limit.
 *
 * The bits of the first byte of the input choose what is read. Then follow the answers in the
 * order in which they are requested, each of two bytes, little-endian, with its length, and its
 * bytes: netlink messages or the text of a file of procfs.
 *
 * A packet has a byte for the kind of its link and one for its protocol, and then its data.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <string.h>

#include <jansson.h>
#include <libmnl/libmnl.h>

#include "fuzz.h"
#include "gons/base/error.h"
#include "netns/rtnl.h"
#include "test/report.h"

enum { RTNETLINK = 1, PROCFS = 2, SOCKETS = 4, FIREWALL = 8, PACKET = 16 };
enum { NETLINK_FD = 1000, LINES = 101 + 7 };

static struct {
	bool is_played;
	const uint8_t *data;
	size_t size;
} kernel;

static struct mnl_socket *const a_socket = (void *)&kernel;
static struct gons_i_rtnl *const an_rtnl = (void *)&kernel;

/* The next answer, as long as its memory; NULL at the end. */
static uint8_t *take(size_t *ret_size)
{
	uint8_t *answer;
	size_t size;

	if (kernel.size < 2)
		return NULL;
	size = kernel.data[0] | (size_t)kernel.data[1] << 8;
	if (size > kernel.size - 2)
		size = kernel.size - 2;
	answer = malloc(size ? size : 1);
	check(answer);
	memcpy(answer, kernel.data + 2, size);
	kernel.data += 2 + size;
	kernel.size -= 2 + size;
	*ret_size = size;
	return answer;
}

/* ---- in the place of the calls ---- */

struct gons_i_rtnl *__wrap_gons_i_rtnl_open(int nsfd);
void __wrap_gons_i_rtnl_close(struct gons_i_rtnl *rtnl);
int __wrap_gons_i_rtnl_dump(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, mnl_cb_t cb,
			    void *arg);
int __wrap_gons_i_rtnl_request_send(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, mnl_cb_t cb,
				    void *arg);
int __wrap_gons_i_rtnl_fail(const struct gons_i_rtnl *rtnl, const char *format, ...);
int __wrap_gons_i_netlink_open(int nsfd, int bus);
struct mnl_socket *__wrap_mnl_socket_fdopen(int fd);
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *data, size_t size);
ssize_t __wrap_mnl_socket_recvfrom(const struct mnl_socket *socket, void *buf, size_t size);
int __wrap_mnl_socket_close(struct mnl_socket *socket);
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__real_fopen64(const char *path, const char *mode);
FILE *__wrap_fopen64(const char *path, const char *mode);
DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
int __wrap_openat(int dir_fd, const char *path, int flags, ...);
int __wrap_openat64(int dir_fd, const char *path, int flags, ...);

struct gons_i_rtnl *__wrap_gons_i_rtnl_open(int nsfd)
{
	(void)nsfd;
	return an_rtnl;
}

void __wrap_gons_i_rtnl_close(struct gons_i_rtnl *rtnl)
{
	check(rtnl == an_rtnl);
}

int __wrap_gons_i_rtnl_dump(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, mnl_cb_t cb,
			    void *arg)
{
	size_t left = 0;
	uint8_t *answer = take(&left);
	const struct nlmsghdr *nlh = (const void *)answer;
	int length = (int)left, result = MNL_CB_OK;

	(void)rtnl;
	(void)request;
	for (; answer && result > MNL_CB_STOP && gons_i_nlmsg_ok(nlh, length);
	     nlh = mnl_nlmsg_next(nlh, &length))
		result = cb(nlh, arg);
	if (!answer)
		errno = EIO;
	free(answer);
	return answer ? 0 : -1;
}

int __wrap_gons_i_rtnl_request_send(struct gons_i_rtnl *rtnl, struct nlmsghdr *request, mnl_cb_t cb,
				    void *arg)
{
	return __wrap_gons_i_rtnl_dump(rtnl, request, cb, arg);
}

int __wrap_gons_i_rtnl_fail(const struct gons_i_rtnl *rtnl, const char *format, ...)
{
	(void)rtnl;
	(void)format;
	return gons_i_fail(errno, "cannot ask");
}

int __wrap_gons_i_netlink_open(int nsfd, int bus)
{
	(void)nsfd;
	(void)bus;
	return NETLINK_FD;
}

struct mnl_socket *__wrap_mnl_socket_fdopen(int fd)
{
	check(fd == NETLINK_FD);
	return a_socket;
}

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *data, size_t size)
{
	check(socket == a_socket && mnl_nlmsg_ok(data, (int)size));
	return (ssize_t)size;
}

ssize_t __wrap_mnl_socket_recvfrom(const struct mnl_socket *socket, void *buf, size_t size)
{
	size_t length = 0;
	uint8_t *answer = take(&length);

	check(socket == a_socket);
	if (!answer) {
		errno = EIO;
		return -1;
	}
	if (length > size)
		length = size;
	memcpy(buf, answer, length);
	free(answer);
	return (ssize_t)length;
}

int __wrap_mnl_socket_close(struct mnl_socket *socket)
{
	check(socket == a_socket);
	return 0;
}

FILE *__wrap_fopen(const char *path, const char *mode)
{
	size_t size = 0;
	uint8_t *answer;
	FILE *file;

	if (!kernel.is_played)
		return __real_fopen(path, mode);
	answer = take(&size);
	file = answer && size > 0 ? fmemopen(NULL, size, "w+") : NULL;
	if (file) {
		check(fwrite(answer, 1, size, file) == size);
		rewind(file);
	}
	free(answer);
	return file;
}

/* Its name where files may be large. */
FILE *__wrap_fopen64(const char *path, const char *mode)
{
	return kernel.is_played ? __wrap_fopen(path, mode) : __real_fopen64(path, mode);
}

DIR *__wrap_opendir(const char *path)
{
	return kernel.is_played ? NULL : __real_opendir(path);
}

/* There are no sysctls. */
int __wrap_openat(int dir_fd, const char *path, int flags, ...)
{
	(void)dir_fd;
	(void)path;
	(void)flags;
	errno = ENOENT;
	return -1;
}

int __wrap_openat64(int dir_fd, const char *path, int flags, ...)
{
	return __wrap_openat(dir_fd, path, flags);
}

/* ---- packets ---- */

static struct gons_i_packet *take_packets(const uint8_t *data, size_t size)
{
	static const uint16_t hardware[] = { ARPHRD_ETHER, ARPHRD_LOOPBACK, ARPHRD_NONE,
					     ARPHRD_TUNNEL };
	static const uint16_t protocols[] = { ETH_P_IP, ETH_P_IPV6, ETH_P_ARP, ETH_P_LOOP };
	struct gons_i_packet *packet = calloc(1, sizeof(*packet));

	check(packet && size >= 2);
	packet->hardware = hardware[data[0] % 4];
	packet->protocol = protocols[data[1] % 4];
	packet->direction = data[0] >> 7 ? PACKET_OUTGOING : PACKET_HOST;
	packet->size = packet->captured = (uint32_t)(size - 2);
	packet->data = malloc(size - 2 ? size - 2 : 1);
	check(packet->data);
	memcpy(packet->data, data + 2, size - 2);
	return packet;
}

static void check_packet(const struct gons_i_packet *packet)
{
	const struct gons_i_destination to = gons_i_packet_destination(packet);
	char text[GONS_I_PACKET_TEXT_SIZE];

	memset(text, 'x', sizeof(text));
	check(gons_i_packet_text(packet, text) == text && memchr(text, '\0', sizeof(text)));
	check(to.protocol == 0 || to.protocol == IPPROTO_UDP || to.protocol == IPPROTO_TCP);
	check(to.protocol == 0 || to.ip.family == AF_INET || to.ip.family == AF_INET6);
}

/* ---- the report ---- */

static void check_text(const struct gons_i_report *report)
{
	char *text = NULL;
	size_t size = 0, lines = 0;
	FILE *stream = open_memstream(&text, &size);

	check(stream && gons_i_report_write_text(report, stream) == 0);
	gons_i_capture_write_text(report, stream);
	(void)fclose(stream);
	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	check(lines <= report->n * (LINES + 2) + GONS_I_FINDINGS_SHOWN + 2 + 2);
	free(text);
}

static void check_json(const struct gons_i_report *report)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	json_error_t error;
	json_t *json;

	check(stream && gons_i_report_write_json(report, stream) == 0);
	(void)fclose(stream);
	json = json_loadb(text, size, JSON_DECODE_INT_AS_REAL, &error);
	if (!json)
		(void)fprintf(stderr, "%s at %d: %.*s\n", error.text, error.position, (int)size,
			      text);
	check(json);
	check(json_array_size(json_object_get(json, "network_namespaces")) == report->n);
	json_decref(json);
	free(text);
}

static void check_capture(const struct gons_i_report *report)
{
	char *data = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&data, &size);

	check(stream && gons_i_capture_write(report, "a test", stream) == 0);
	(void)fclose(stream);
	check(size % 4 == 0);
	free(data);
}

static void read_state(struct gons_i_state *state, unsigned what)
{
	state->is_complete = true;
	if (what & RTNETLINK)
		gons_i_state_read_rtnetlink(-1, state);
	if (what & PROCFS)
		gons_i_state_read_procfs(-1, state);
	if (what & SOCKETS)
		gons_i_state_read_sockets(-1, state);
	if (what & FIREWALL)
		gons_i_state_read_firewall(-1, state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gons_i_report report = { .n = 2 };

	if (size < 1)
		return 0;
	report.namespaces = calloc(2, sizeof(*report.namespaces));
	check(report.namespaces);
	kernel.is_played = true;
	kernel.data = data + 1;
	kernel.size = size - 1;
	if ((data[0] & PACKET) && size >= 3) {
		report.capture.packets = take_packets(data + 1, size - 1);
		report.capture.n = 1;
		check_packet(&report.capture.packets[0]);
	}
	for (size_t i = 0; i < 2; i++) {
		report.namespaces[i].fd = -1;
		(void)snprintf(report.namespaces[i].name, sizeof(report.namespaces[i].name),
			       "namespace %zu", i + 1);
		if (!(data[0] & PACKET))
			read_state(&report.namespaces[i].state, data[0]);
	}
	gons_i_report_find(&report);
	check_text(&report);
	check_json(&report);
	check_capture(&report);
	kernel.is_played = false;
	gons_i_report_free(&report);
	return 0;
}
