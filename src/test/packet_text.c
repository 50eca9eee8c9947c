/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packet in one line: addresses, protocol, ports, TCP flags; ARP, neighbour discovery, DHCP
 * and ICMP by name. The packets are those of a failed test, so any field may have any value.
 */
#include <arpa/inet.h>
#include <linux/capability.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "gons/base/error.h"
#include "gons/diagnosis/refusal.h"
#include "test/capture.h"
#include "test/report.h"

/* What is left of a packet to look at. */
struct rest {
	const unsigned char *data;
	size_t size;
};

struct line {
	char *buf;
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
	const size_t room = GONS_I_PACKET_TEXT_SIZE - line->used;
	va_list args;
	int wanted;

	va_start(args, format);
	wanted = vsnprintf(line->buf + line->used, room, format, args);
	va_end(args);
	line->used += wanted < 0 ? 0 : (size_t)wanted < room ? (size_t)wanted : room - 1;
}

static uint16_t u16(const unsigned char *data)
{
	return (uint16_t)(data[0] << 8 | data[1]);
}

static struct rest skip(struct rest rest, size_t size)
{
	if (size > rest.size)
		size = rest.size;
	return (struct rest){ rest.data + size, rest.size - size };
}

static const char *address(int family, const unsigned char *bytes, char buf[INET6_ADDRSTRLEN])
{
	return inet_ntop(family, bytes, buf, INET6_ADDRSTRLEN) ? buf : "?";
}

/* ---- ARP ---- */

static void add_arp(struct line *line, struct rest rest)
{
	char sender[INET6_ADDRSTRLEN], target[INET6_ADDRSTRLEN];

	if (rest.size < 28 || u16(rest.data + 2) != ETH_P_IP) {
		add(line, "ARP");
		return;
	}
	(void)address(AF_INET, rest.data + 14, sender);
	(void)address(AF_INET, rest.data + 24, target);
	if (u16(rest.data + 6) == 1)
		add(line, "ARP who has %s? tell %s", target, sender);
	else
		add(line, "ARP %s is at %02x:%02x:%02x:%02x:%02x:%02x", sender, rest.data[8],
		    rest.data[9], rest.data[10], rest.data[11], rest.data[12], rest.data[13]);
}

/* ---- protocols in IP packets ---- */

static const char *icmp_name(uint8_t type, uint8_t code)
{
	static const char *const unreachable[] = { "network unreachable", "host unreachable",
						   "protocol unreachable", "port unreachable",
						   "fragmentation needed" };

	switch (type) {
	case 0:
		return "echo reply";
	case 3:
		return code < 5 ? unreachable[code] : "destination unreachable";
	case 5:
		return "redirect";
	case 8:
		return "echo request";
	case 11:
		return "time exceeded";
	case 12:
		return "parameter problem";
	default:
		return "other";
	}
}

static const char *icmp6_name(uint8_t type, uint8_t code)
{
	static const char *const unreachable[] = { "no route", "prohibited", "beyond scope",
						   "address unreachable", "port unreachable" };

	switch (type) {
	case 1:
		return code < 5 ? unreachable[code] : "destination unreachable";
	case 2:
		return "packet too big";
	case 3:
		return "time exceeded";
	case 4:
		return "parameter problem";
	case 128:
		return "echo request";
	case 129:
		return "echo reply";
	case 130:
	case 131:
	case 143:
		return "multicast listener report";
	case 133:
		return "router solicitation";
	case 134:
		return "router advertisement";
	case 135:
		return "neighbour solicitation";
	case 136:
		return "neighbour advertisement";
	case 137:
		return "redirect";
	default:
		return "other";
	}
}

static const char *dhcp_name(struct rest rest)
{
	static const char *const names[] = { "",    "discover", "offer",   "request", "decline",
					     "ack", "nak",	"release", "inform" };

	/* Options begin after the fixed part and a magic cookie. */
	rest = skip(rest, 240);
	while (rest.size >= 3 && rest.data[0] != 255) {
		if (rest.data[0] == 53 && rest.data[2] < sizeof(names) / sizeof(names[0]))
			return names[rest.data[2]];
		rest = skip(rest, rest.data[0] == 0 ? 1 : 2U + rest.data[1]);
	}
	return "";
}

static void add_udp(struct line *line, struct rest rest, uint16_t from, uint16_t to)
{
	const uint16_t length = u16(rest.data + 4);

	if ((from == 67 && to == 68) || (from == 68 && to == 67))
		add(line, ", DHCP %s", dhcp_name(skip(rest, 8)));
	add(line, ", %u bytes", length >= 8 ? length - 8 : 0);
}

static void add_tcp(struct line *line, struct rest rest, size_t length)
{
	static const struct {
		uint8_t flag;
		const char *name;
	} flags[] = { { 2, " SYN" }, { 16, " ACK" }, { 1, " FIN" }, { 4, " RST" }, { 8, " PSH" } };
	size_t header;

	if (rest.size < 20)
		return;
	header = (size_t)4 * (rest.data[12] >> 4);
	add(line, ",");
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (rest.data[13] & flags[i].flag)
			add(line, "%s", flags[i].name);
	add(line, ", %zu bytes", length > header ? length - header : 0);
}

/* length: that of the payload, according to the IP header. */
static void add_transport(struct line *line, uint8_t protocol, const char *from, const char *to,
			  struct rest rest, size_t length)
{
	const char *name = protocol == IPPROTO_UDP ? "UDP" : "TCP";

	if ((protocol == IPPROTO_UDP || protocol == IPPROTO_TCP) && rest.size >= 8) {
		add(line, "%s %s:%u > %s:%u", name, from, u16(rest.data), to, u16(rest.data + 2));
		if (protocol == IPPROTO_UDP)
			add_udp(line, rest, u16(rest.data), u16(rest.data + 2));
		else
			add_tcp(line, rest, length);
	} else if (protocol == IPPROTO_ICMP && rest.size >= 2) {
		add(line, "ICMP %s > %s: %s", from, to, icmp_name(rest.data[0], rest.data[1]));
	} else if (protocol == IPPROTO_ICMPV6 && rest.size >= 2) {
		add(line, "ICMPv6 %s > %s: %s", from, to, icmp6_name(rest.data[0], rest.data[1]));
	} else if (protocol == IPPROTO_IGMP) {
		add(line, "IGMP %s > %s", from, to);
	} else {
		add(line, "IP %s > %s, protocol %u, %zu bytes", from, to, protocol, length);
	}
}

static void add_ipv4(struct line *line, struct rest rest)
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	size_t header, total;

	if (rest.size < 20 || rest.data[0] >> 4 != 4) {
		add(line, "IPv4, cut off");
		return;
	}
	header = (size_t)4 * (rest.data[0] & 15);
	total = u16(rest.data + 2);
	(void)address(AF_INET, rest.data + 12, from);
	(void)address(AF_INET, rest.data + 16, to);
	if (u16(rest.data + 6) & 0x1fff)
		add(line, "IP %s > %s, a later fragment", from, to);
	else
		add_transport(line, rest.data[9], from, to, skip(rest, header),
			      total > header ? total - header : 0);
}

/* What follows the header of IPv6. */
static struct rest skip_ipv6(struct rest rest, uint8_t *ret_protocol)
{
	*ret_protocol = rest.data[6];
	rest = skip(rest, 40);
	/* Skip hop-by-hop options: multicast listener reports have them. */
	if (*ret_protocol == 0 && rest.size >= 8) {
		*ret_protocol = rest.data[0];
		rest = skip(rest, (size_t)8 * (1U + rest.data[1]));
	}
	return rest;
}

static void add_ipv6(struct line *line, struct rest rest)
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	uint8_t protocol;

	if (rest.size < 40 || rest.data[0] >> 4 != 6) {
		add(line, "IPv6, cut off");
		return;
	}
	(void)address(AF_INET6, rest.data + 8, from);
	(void)address(AF_INET6, rest.data + 24, to);
	const size_t length = u16(rest.data + 4);

	rest = skip_ipv6(rest, &protocol);
	add_transport(line, protocol, from, to, rest, length);
}

/* ---- destinations ---- */

static struct rest network_layer(const struct gons_i_packet *packet)
{
	const struct rest rest = { packet->data, packet->captured };
	const bool has_header =
		packet->hardware == ARPHRD_ETHER || packet->hardware == ARPHRD_LOOPBACK;

	return has_header ? skip(rest, 14) : rest;
}

struct gons_i_destination gons_i_packet_destination(const struct gons_i_packet *packet)
{
	struct gons_i_destination destination = { .protocol = 0 };
	struct rest rest = network_layer(packet);
	uint8_t protocol;

	if (packet->protocol == ETH_P_IP && rest.size >= 20 && !(u16(rest.data + 6) & 0x1fff)) {
		protocol = rest.data[9];
		destination.ip.family = AF_INET;
		memcpy(destination.ip.bytes, rest.data + 16, 4);
		rest = skip(rest, (size_t)4 * (rest.data[0] & 15));
	} else if (packet->protocol == ETH_P_IPV6 && rest.size >= 40) {
		protocol = rest.data[6];
		destination.ip.family = AF_INET6;
		memcpy(destination.ip.bytes, rest.data + 24, 16);
		rest = skip(rest, 40);
	} else {
		return destination;
	}
	if (rest.size < 14 && !(protocol == IPPROTO_UDP && rest.size >= 8))
		return destination;
	/* A segment with SYN and without ACK, FIN and RST begins a connection. */
	if (protocol == IPPROTO_UDP || (protocol == IPPROTO_TCP && (rest.data[13] & 0x17) == 2)) {
		destination.protocol = protocol;
		destination.port = u16(rest.data + 2);
	}
	return destination;
}

/* ---- whole packets ---- */

const char *gons_i_packet_text(const struct gons_i_packet *packet,
			       char buf[GONS_I_PACKET_TEXT_SIZE])
{
	const struct rest rest = network_layer(packet);
	struct line line = { buf, 0 };

	buf[0] = '\0';
	if (packet->protocol == ETH_P_ARP)
		add_arp(&line, rest);
	else if (packet->protocol == ETH_P_IP)
		add_ipv4(&line, rest);
	else if (packet->protocol == ETH_P_IPV6)
		add_ipv6(&line, rest);
	else
		add(&line, "protocol 0x%04x, %u bytes", packet->protocol, packet->size);
	return buf;
}

/* The kernel sends these on each new link, for seconds; they would hide what the test sends. */
static bool is_listener_report(const struct gons_i_packet *packet)
{
	struct rest rest = network_layer(packet);
	uint8_t protocol;

	if (packet->protocol != ETH_P_IPV6 || rest.size < 40)
		return false;
	rest = skip_ipv6(rest, &protocol);
	return protocol == IPPROTO_ICMPV6 && rest.size >= 1 &&
	       (rest.data[0] == 131 || rest.data[0] == 143);
}

static void write_packet(const struct gons_i_report *report, const struct gons_i_packet *packet,
			 FILE *stream)
{
	const struct gons_i_report_namespace *namespace = &report->namespaces[packet->namespace];
	const struct gons_i_state_link *link =
		gons_i_state_link(&namespace->state, packet->ifindex);
	const time_t seconds = packet->time / 1000000000;
	char text[GONS_I_PACKET_TEXT_SIZE];
	struct tm tm = { 0 };

	(void)localtime_r(&seconds, &tm);
	(void)fprintf(stream, "  %02d:%02d:%02d.%06d %s %s %s %s\n", tm.tm_hour, tm.tm_min,
		      tm.tm_sec, (int)(packet->time % 1000000000 / 1000), namespace->name,
		      link ? link->name : "?",
		      packet->direction == PACKET_OUTGOING ? "sends" : "receives",
		      gons_i_packet_text(packet, text));
}

static void write_refusal(int errnum, FILE *stream)
{
	struct gons_i_failure before;

	gons_i_failure_save(&before);
	(void)gons_i_fail(errnum, "cannot record packets");
	if (errnum == EPERM)
		gons_i_diagnose_in_netns(CAP_NET_RAW, "CAP_NET_RAW");
	(void)fprintf(stream, "Packets: %s\n", gons_error());
	(void)gons_i_failure_restore(&before);
}

void gons_i_capture_write_text(const struct gons_i_report *report, FILE *stream)
{
	const struct gons_i_capture *capture = &report->capture;
	const struct gons_i_packet *shown[GONS_I_PACKETS_SHOWN];
	size_t n = 0, reports = 0;

	for (size_t i = capture->n; i > 0; i--) {
		const struct gons_i_packet *packet = &capture->packets[i - 1];

		if (is_listener_report(packet))
			reports++;
		else if (n < GONS_I_PACKETS_SHOWN)
			shown[n++] = packet;
	}
	if (capture->refused_errnum != 0)
		write_refusal(capture->refused_errnum, stream);
	else if (capture->n == 0)
		(void)fputs("Packets: none\n", stream);
	else if (n == 0)
		(void)fprintf(stream, "Packets: none but %zu multicast listener report%s\n",
			      reports, reports == 1 ? "" : "s");
	if (n > 0)
		(void)fprintf(stream, "Packets (the last %zu of %zu%s):\n", n, capture->n,
			      reports ? ", without multicast listener reports" : "");
	while (n > 0)
		write_packet(report, shown[--n], stream);
	if (capture->n_lost > 0)
		(void)fprintf(stream,
			      "  %llu later packet%s not recorded, because the buffer was full\n",
			      (unsigned long long)capture->n_lost,
			      capture->n_lost == 1 ? " was" : "s were");
}
