/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network in the language DOT of Graphviz: hosts are boxes, bridges are ellipses. The names in a
 * plan need no escapes in quotes.
 */
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "net/net.h"

/* The label of an end: the link and its addresses, one a line. */
static void draw_end(const struct gons_i_net_port *port, FILE *stream)
{
	char text[GONS_I_PREFIX_TEXT_SIZE];

	(void)fprintf(stream, "%s", port->link);
	for (size_t i = 0; i < port->n_addresses; i++)
		(void)fprintf(stream, "\\n%s", gons_i_prefix_text(&port->addresses[i], text));
}

static void draw_mtu(const struct gons_i_net_segment *segment, FILE *stream)
{
	if (segment->mtu != 0)
		(void)fprintf(stream, ", label=\"mtu %u\"", segment->mtu);
}

static void draw_cable(const struct gons_i_net_model *model,
		       const struct gons_i_net_segment *segment, FILE *stream)
{
	const struct gons_i_net_port *ports = &model->ports[segment->first_port];

	(void)fprintf(stream, "\t\"%s\" -- \"%s\" [taillabel=\"", model->hosts[ports[0].host].name,
		      model->hosts[ports[1].host].name);
	draw_end(&ports[0], stream);
	(void)fprintf(stream, "\", headlabel=\"");
	draw_end(&ports[1], stream);
	(void)fprintf(stream, "\"");
	draw_mtu(segment, stream);
	(void)fprintf(stream, "];\n");
}

static void draw_bridge(const struct gons_i_net_model *model,
			const struct gons_i_net_segment *segment, FILE *stream)
{
	(void)fprintf(stream, "\t\"%s\" [shape=ellipse];\n", segment->name);
	for (size_t i = 0; i < segment->n_ports; i++) {
		const struct gons_i_net_port *port = &model->ports[segment->first_port + i];

		(void)fprintf(stream, "\t\"%s\" -- \"%s\" [headlabel=\"", segment->name,
			      model->hosts[port->host].name);
		draw_end(port, stream);
		(void)fprintf(stream, "\"");
		draw_mtu(segment, stream);
		(void)fprintf(stream, "];\n");
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
			      "\tgraph [overlap=false, nodesep=1, ranksep=1.5];\n"
			      "\tnode [shape=box, fontname=\"sans-serif\"];\n"
			      "\tedge [fontname=\"sans-serif\", fontsize=10, labeldistance=3];\n");
	for (size_t i = 0; i < model->n_hosts; i++)
		(void)fprintf(stream, "\t\"%s\"%s;\n", model->hosts[i].name,
			      model->hosts[i].forwards ? " [style=rounded]" : "");
	for (size_t i = 0; i < model->n_segments; i++)
		if (model->segments[i].name[0])
			draw_bridge(model, &model->segments[i], stream);
		else
			draw_cable(model, &model->segments[i], stream);
	(void)fprintf(stream, "}\n");
	if (fflush(stream) == 0 && !ferror(stream))
		return 0;
	return gons_i_fail(errno ? errno : EIO, "cannot write the drawing of a network");
}
