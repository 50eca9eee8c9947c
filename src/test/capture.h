/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_TEST_CAPTURE_H
#define GONS_I_TEST_CAPTURE_H

/*
 * The packets of the network namespaces of a test, recorded from the creation of each namespace on.
 */

#include "test/state.h"

struct gons_i_report;

struct gons_i_packet {
	int64_t time; /* nanoseconds since 1970 */
	size_t namespace; /* index in the report */
	int ifindex;
	uint16_t hardware; /* ARPHRD_ETHER... */
	uint8_t direction; /* PACKET_OUTGOING... */
	uint16_t protocol; /* ETH_P_IP..., in host order */
	uint32_t size, captured; /* bytes on the link, and in data */
	unsigned char *data;
};

struct gons_i_capture {
	struct gons_i_packet *packets; /* in the order of time */
	size_t n;
	uint64_t n_lost; /* packets that were lost because a buffer was full */
	int refused_errnum; /* why a namespace was not recorded; 0: all were */
};

/* Whether packets are recorded (GONS_CAPTURE, GONS_ARTIFACTS). */
bool gons_i_capture_is_wanted(void);

/* If the environment asks for it, records packets in all network namespaces that this process
 * creates from now on, until gons_i_capture_end(). */
void gons_i_capture_begin(void);
void gons_i_capture_end(void);

/* Takes the packets that were recorded in the namespaces of the report. Packets for which there is
 * no memory count as lost. Free the result by gons_i_capture_free(). */
void gons_i_capture_take(const struct gons_i_report *report, struct gons_i_capture *ret_capture);
void gons_i_capture_free(struct gons_i_capture *capture);

/* Writes them as pcapng: an interface block for each link, with its name; the namespace and the
 * test in comments. 0, or -1 with the errno of the stream. */
int gons_i_capture_write(const struct gons_i_report *report, const char *test, FILE *stream);

/* Writes the last packets, a line each. */
enum { GONS_I_PACKETS_SHOWN = 20 };
void gons_i_capture_write_text(const struct gons_i_report *report, FILE *stream);

/* The destination of a UDP datagram or of the first segment of a TCP connection: protocol is
 * IPPROTO_UDP or IPPROTO_TCP; 0 for any other packet. */
struct gons_i_destination {
	uint8_t protocol;
	struct gons_i_ip ip;
	uint16_t port;
};
struct gons_i_destination gons_i_packet_destination(const struct gons_i_packet *packet);

/* "UDP 10.0.1.2:4711 > 10.0.2.2:53, 12 bytes"; buf is returned. */
enum { GONS_I_PACKET_TEXT_SIZE = 200 };
const char *gons_i_packet_text(const struct gons_i_packet *packet,
			       char buf[GONS_I_PACKET_TEXT_SIZE]);

#endif
