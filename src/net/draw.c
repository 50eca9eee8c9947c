/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network in the language DOT of Graphviz: hosts are boxes, with round corners if they forward;
 * bridges are ellipses. The names in a plan need no escapes in quotes.
 */
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/file.h"
#include "net/net.h"

/* A box with the name, and below it a field for each link: its name and its addresses. */
static void draw_host(const struct gons_i_net_model *model, const struct gons_i_net_host *host,
		      FILE *stream)
{
	char text[GONS_I_PREFIX_TEXT_SIZE];

	(void)fprintf(stream, "\t\"%s\" [shape=%s, label=\"{%s", host->name,
		      host->forwards ? "Mrecord" : "record", host->name);
	for (size_t i = 0; i < host->n_ports; i++) {
		const struct gons_i_net_port *port = &model->ports[host->ports[i]];

		(void)fprintf(stream, "%s<%d> %s", i == 0 ? "|{" : "|", port->ifindex, port->link);
		for (size_t k = 0; k < port->n_addresses; k++)
			(void)fprintf(stream, "\\n%s",
				      gons_i_prefix_text(&port->addresses[k], text));
	}
	(void)fprintf(stream, "%s}\"];\n", host->n_ports > 0 ? "}" : "");
}

static void draw_end(const struct gons_i_net_model *model, const struct gons_i_net_port *port,
		     FILE *stream)
{
	(void)fprintf(stream, "\"%s\":%d", model->hosts[port->host].name, port->ifindex);
}

static void draw_mtu(const struct gons_i_net_segment *segment, FILE *stream)
{
	if (segment->mtu != 0)
		(void)fprintf(stream, " [label=\"mtu %u\"]", segment->mtu);
	(void)fprintf(stream, ";\n");
}

static void draw_cable(const struct gons_i_net_model *model,
		       const struct gons_i_net_segment *segment, FILE *stream)
{
	(void)fprintf(stream, "\t");
	draw_end(model, &model->ports[segment->first_port], stream);
	(void)fprintf(stream, " -- ");
	draw_end(model, &model->ports[segment->first_port + 1], stream);
	draw_mtu(segment, stream);
}

static void draw_bridge(const struct gons_i_net_model *model,
			const struct gons_i_net_segment *segment, FILE *stream)
{
	(void)fprintf(stream, "\t\"%s\" [shape=ellipse];\n", segment->name);
	for (size_t i = 0; i < segment->n_ports; i++) {
		(void)fprintf(stream, "\t\"%s\" -- ", segment->name);
		draw_end(model, &model->ports[segment->first_port + i], stream);
		draw_mtu(segment, stream);
	}
}

GONS_EXPORT int gons_net_draw(const gons_net *net, FILE *stream)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	const struct gons_i_net_model *model;

	if (!net || !stream)
		return gons_i_fail(EINVAL, net ? "stream is NULL" : "net is NULL");
	model = &net->model;
	(void)fprintf(stream, "graph network {\n"
			      "\tnode [fontname=\"sans-serif\", fontsize=11];\n"
			      "\tedge [fontname=\"sans-serif\", fontsize=10];\n");
	for (size_t i = 0; i < model->n_hosts; i++)
		draw_host(model, &model->hosts[i], stream);
	for (size_t i = 0; i < model->n_segments; i++)
		if (model->segments[i].name[0])
			draw_bridge(model, &model->segments[i], stream);
		else
			draw_cable(model, &model->segments[i], stream);
	(void)fprintf(stream, "}\n");
	if (gons_i_flush(stream) == 0)
		return 0;
	return gons_i_fail(errno, "cannot write the drawing of a network");
}
