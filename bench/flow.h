/* Which addresses and ports connection number n has. */
#ifndef BENCH_FLOW_H
#define BENCH_FLOW_H

#include "plan.h"

enum side { CLIENT, SERVER }; /* who opens; who accepts */

/* Addresses of both ends, as --ip says. */
void flow_plan(struct plan *);

/* Connection `number` of a run has these ends; and back. */
void flow_of(const struct plan *, uint64_t number, struct fns_addr *client, struct fns_addr *server);
uint64_t flow_number(const struct plan *, const struct fns_addr *client, uint16_t server_port);

/* Connections that one port of the server can have at once. */
uint64_t flow_capacity(const struct plan *);

/* The server listens on so many ports; the i-th of them. */
unsigned flow_server_ports(const struct plan *);
uint16_t flow_server_port(const struct plan *, unsigned i);

/* The one port of an end of two that are joined by a lane. */
void flow_config(const struct plan *, enum side, struct fns_port_config *);

bool flow_is_ip4(const uint8_t ip[16]);
void flow_text(const struct fns_addr *, char to[64]);

#endif
