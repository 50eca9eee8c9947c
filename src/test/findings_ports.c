/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings about ports of TCP and UDP to which packets were sent and on which nothing listens.
 */
#include <linux/if_packet.h>
#include <netinet/tcp.h>

#include "test/findings.h"

static bool is_receiver(const struct gons_i_state_socket *socket, uint8_t protocol)
{
	if (socket->protocol != protocol || socket->local_port == 0)
		return false;
	return protocol == IPPROTO_UDP ? socket->remote_port == 0 : socket->state == TCP_LISTEN;
}

static const char *protocol_name(uint8_t protocol)
{
	return protocol == IPPROTO_UDP ? "UDP" : "TCP";
}

/* "4712, 127.0.0.1:53"; "nothing" for none. */
static const char *list_receivers(const struct gons_i_state *state, uint8_t protocol, char *buf,
				  size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < state->sockets.n && used < size; i++) {
		const struct gons_i_state_socket *socket = &state->sockets.list[i];
		char text[GONS_I_IP_TEXT_SIZE];
		const char *comma = used ? ", " : "";

		if (!is_receiver(socket, protocol))
			continue;
		if (gons_i_ip_is_any(&socket->local))
			used += (size_t)snprintf(buf + used, size - used, "%s%u", comma,
						 socket->local_port);
		else
			used += (size_t)snprintf(buf + used, size - used, "%s%s:%u", comma,
						 gons_i_ip_text(&socket->local, text),
						 socket->local_port);
	}
	return used ? buf : "nothing";
}

static const struct gons_i_state_socket *receiver_on(const struct gons_i_state *state,
						     uint8_t protocol, uint16_t port,
						     const struct gons_i_ip *ip)
{
	for (size_t i = 0; i < state->sockets.n; i++) {
		const struct gons_i_state_socket *socket = &state->sockets.list[i];

		if (is_receiver(socket, protocol) && socket->local_port == port &&
		    (!ip || gons_i_ip_is_any(&socket->local) || gons_i_ip_same(&socket->local, ip)))
			return socket;
	}
	return NULL;
}

/* A socket that is bound to loopback has a finding of its own. */
static bool is_on_loopback(const struct gons_i_state *state, uint8_t protocol, uint16_t port)
{
	const struct gons_i_state_socket *socket = receiver_on(state, protocol, port, NULL);

	return socket && gons_i_ip_is_loopback(&socket->local);
}

/* Whether a socket of this namespace is the other end of a connected socket. */
static bool has_other_end(const struct gons_i_state *state,
			  const struct gons_i_state_socket *socket)
{
	for (size_t i = 0; i < state->sockets.n; i++) {
		const struct gons_i_state_socket *other = &state->sockets.list[i];

		if (other->protocol == socket->protocol &&
		    other->local_port == socket->remote_port &&
		    other->remote_port == socket->local_port)
			return true;
	}
	return false;
}

/* Looks for a socket that is connected to a port of this namespace on which there is no socket.
 * Returns whether there is one. */
static bool find_connected_port(struct gons_i_report *report,
				struct gons_i_report_namespace *namespace, uint8_t protocol)
{
	for (size_t i = 0; i < report->n; i++)
		for (size_t j = 0; j < report->namespaces[i].state.sockets.n; j++) {
			const struct gons_i_state_socket *socket =
				&report->namespaces[i].state.sockets.list[j];
			char list[160];
			int ifindex;

			if (socket->protocol != protocol || socket->remote_port == 0 ||
			    gons_i_report_owner(report, &socket->remote, &ifindex) != namespace ||
			    receiver_on(&namespace->state, protocol, socket->remote_port,
					&socket->remote) ||
			    has_other_end(&namespace->state, socket) ||
			    is_on_loopback(&namespace->state, protocol, socket->remote_port))
				continue;
			gons_i_finding_add(
				report, GONS_I_RANK_COUNTED_PORT, namespace,
				"nothing listens on %s port %u in %s, to which a socket in %s is "
				"connected; listening there: %s",
				protocol_name(protocol), socket->remote_port, namespace->name,
				report->namespaces[i].name,
				list_receivers(&namespace->state, protocol, list, sizeof(list)));
			return true;
		}
	return false;
}

/* Whether a UDP socket has this port: one that is connected receives from its peer. */
static bool has_udp_socket(const struct gons_i_state *state, uint8_t protocol, uint16_t port)
{
	for (size_t i = 0; protocol == IPPROTO_UDP && i < state->sockets.n; i++)
		if (state->sockets.list[i].protocol == protocol &&
		    state->sockets.list[i].local_port == port)
			return true;
	return false;
}

/* Looks for a recorded packet to a port of this namespace without a receiver. Returns whether there
 * is one. */
static bool find_recorded_port(struct gons_i_report *report,
			       struct gons_i_report_namespace *namespace, uint8_t protocol)
{
	for (size_t i = 0; i < report->capture.n; i++) {
		const struct gons_i_packet *packet = &report->capture.packets[i];
		const struct gons_i_destination to = gons_i_packet_destination(packet);
		char list[160];
		int ifindex;

		if (to.protocol != protocol || packet->direction == PACKET_OUTGOING ||
		    gons_i_report_owner(report, &to.ip, &ifindex) != namespace ||
		    receiver_on(&namespace->state, protocol, to.port, &to.ip) ||
		    has_udp_socket(&namespace->state, protocol, to.port) ||
		    is_on_loopback(&namespace->state, protocol, to.port))
			continue;
		gons_i_finding_add(
			report, GONS_I_RANK_COUNTED_PORT, namespace,
			"nothing listens on %s port %u in %s, to which a packet was sent (seen in the "
			"capture); listening there: %s",
			protocol_name(protocol), to.port, namespace->name,
			list_receivers(&namespace->state, protocol, list, sizeof(list)));
		return true;
	}
	return false;
}

void gons_i_find_ports(struct gons_i_report *report, struct gons_i_report_namespace *namespace,
		       uint8_t protocol)
{
	const struct gons_i_state *state = &namespace->state;
	const uint64_t counted = protocol == IPPROTO_UDP
					 ? gons_i_state_counter(state, "UdpNoPorts") +
						   gons_i_state_counter(state, "Udp6NoPorts")
					 : gons_i_state_counter(state, "TcpOutRsts");
	const char *counter = protocol == IPPROTO_UDP ? "UdpNoPorts" : "TcpOutRsts";
	char list[160], text[GONS_I_IP_TEXT_SIZE], count[GONS_I_PACKETS_TEXT_SIZE];
	char refused[80] = "";
	bool loopback_only = false;

	if (counted)
		(void)snprintf(refused, sizeof(refused), "; refused there: %s (%s)",
			       gons_i_packets_text(counted, count), counter);
	for (size_t i = 0; i < state->sockets.n; i++) {
		const struct gons_i_state_socket *socket = &state->sockets.list[i];

		if (!is_receiver(socket, protocol) || !gons_i_ip_is_loopback(&socket->local) ||
		    report->n < 2)
			continue;
		loopback_only = true;
		gons_i_finding_add(
			report, counted ? GONS_I_RANK_COUNTED_PORT : GONS_I_RANK_LOOPBACK_ONLY,
			namespace,
			"the socket on %s port %u in %s is bound to %s only: other hosts cannot reach "
			"it%s",
			protocol_name(protocol), socket->local_port, namespace->name,
			gons_i_ip_text(&socket->local, text), refused);
	}
	if (counted && !find_connected_port(report, namespace, protocol) &&
	    !find_recorded_port(report, namespace, protocol) && !loopback_only)
		gons_i_finding_add(report, GONS_I_RANK_COUNTED_PORT, namespace,
				   "nothing listens on a %s port in %s to which %s %s sent (%s); "
				   "listening there: %s",
				   protocol_name(protocol), namespace->name,
				   gons_i_packets_text(counted, count),
				   counted == 1 ? "was" : "were", counter,
				   list_receivers(state, protocol, list, sizeof(list)));
}
