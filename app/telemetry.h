/* DPDK's telemetry socket: /finesse/status, states, stats, drops, closes; read only. */
#ifndef FINESSED_TELEMETRY_H
#define FINESSED_TELEMETRY_H

struct workers;

/* After workers_new; a shard may be given as the parameter of each command, else it is all of them. */
void telemetry_begin(const struct workers *);
/* Before workers_free. */
void telemetry_end(void);

#endif
