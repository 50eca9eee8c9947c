/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of the hosts, as lines of an /etc/hosts.
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
	char *text = NULL;
	FILE *stream = open_memstream(&text, ret_size);

	for (size_t i = 0; stream && i < model->n_ports; i++) {
		const struct gons_i_net_port *port = &model->ports[i];

		for (size_t k = 0; k < port->n_addresses; k++) {
			char address[INET6_ADDRSTRLEN] = "";

			(void)inet_ntop(port->addresses[k].family, port->addresses[k].bytes,
					address, sizeof(address));
			(void)fprintf(stream, "%s %s\n", address, model->hosts[port->host].name);
		}
	}
	if (stream && fclose(stream) == 0)
		return text;
	free(text);
	(void)gons_i_fail(ENOMEM, "cannot list the names of the hosts");
	return NULL;
}
