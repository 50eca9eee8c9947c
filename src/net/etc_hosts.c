/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of the hosts, as lines of /etc/hosts.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "net/model.h"

char *gons_i_net_hosts_text(const struct gons_i_net_model *model, size_t *ret_size)
{
	enum { LINE = INET6_ADDRSTRLEN + 1 + GONS_I_NET_NAME_SIZE + 1 };
	size_t lines = 0;
	char *text, *at;

	for (size_t i = 0; i < model->n_ports; i++)
		lines += model->ports[i].n_addresses;
	text = malloc(lines * LINE + 1);
	if (!text) {
		(void)gons_i_fail(ENOMEM, "cannot list the names of the hosts");
		return NULL;
	}
	at = text;
	*at = '\0';
	for (size_t i = 0; i < model->n_ports; i++) {
		const struct gons_i_net_port *port = &model->ports[i];

		for (size_t k = 0; k < port->n_addresses; k++) {
			char address[INET6_ADDRSTRLEN] = "";

			(void)inet_ntop(port->addresses[k].family, port->addresses[k].bytes,
					address, sizeof(address));
			at += snprintf(at, LINE, "%s %s\n", address, model->hosts[port->host].name);
		}
	}
	*ret_size = (size_t)(at - text);
	return text;
}
