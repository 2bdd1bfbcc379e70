/* The text of /metrics, in the exposition format of Prometheus: names from our own tables, labels `shard`, `state`, `class`,
 * `fate`, `version` and `phase`.  Nothing that a packet says becomes a name or a label. */
#include <inttypes.h>
#include <string.h>

#include "control_parts.h"
#include "worker.h"

#define ROWS 256

static void
family(struct evbuffer *to, const char *name, const char *type, const char *help)
{
	evbuffer_add_printf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* One family for each counter and gauge: finesse_segments_sent_total{shard="0"}. */
static void
add_stats(const struct control *control, struct evbuffer *to)
{
	struct fns_stat row[CONF_CORES_MAX][ROWS];
	unsigned shards = control->workers->count;
	size_t n = 0;

	for (unsigned i = 0; i < shards; i++)
		n = fns_shard_stats(control->workers->each[i]->shard, row[i], ROWS);
	for (size_t k = 0; k < n && k < ROWS; k++) {
		bool gauge = row[0][k].kind == FNS_STAT_GAUGE;
		char name[96];

		if (strncmp(row[0][k].name, "state_", 6) == 0)
			continue;
		snprintf(name, sizeof(name), "finesse_%s%s", row[0][k].name, gauge ? "" : "_total");
		family(to, name, gauge ? "gauge" : "counter", row[0][k].help);
		for (unsigned i = 0; i < shards; i++)
			evbuffer_add_printf(to, "%s{shard=\"%u\"} %" PRIu64 "\n", name, i, row[i][k].value);
	}
}

/* One family with a label for each row: finesse_closes_total{shard="0",class="active_4"}. */
static void
add_rows(const struct control *control, struct evbuffer *to, rows_of *rows, const char *name,
         const char *label)
{
	for (unsigned i = 0; i < control->workers->count; i++) {
		struct fns_stat row[ROWS];
		size_t n = rows(control->workers->each[i]->shard, row, ROWS);

		for (size_t k = 0; k < n && k < ROWS; k++)
			evbuffer_add_printf(to, "%s{shard=\"%u\",%s=\"%s\"} %" PRIu64 "\n", name, i, label,
			                    row[k].name, row[k].value);
	}
}

static void
add_states(const struct control *control, struct evbuffer *to)
{
	family(to, "finesse_connections", "gauge", "connections, listeners and TIME-WAIT entries by state");
	for (unsigned i = 0; i < control->workers->count; i++) {
		struct fns_stat row[ROWS];
		size_t n = fns_shard_stats(control->workers->each[i]->shard, row, ROWS);

		for (size_t k = 0; k < n && k < ROWS; k++) {
			if (strncmp(row[k].name, "state_", 6) == 0)
				evbuffer_add_printf(to,
				                    "finesse_connections{shard=\"%u\",state=\"%s\"} %" PRIu64
				                    "\n",
				                    i, row[k].help, row[k].value);
		}
	}
}

#define EACH_WORKER(to, control, name, type, help, format, value)                                            \
	do {                                                                                                 \
		family(to, name, type, help);                                                                \
		for (unsigned i = 0; i < (control)->workers->count; i++) {                                   \
			const struct worker *w = (control)->workers->each[i];                                \
			evbuffer_add_printf(to, name "{shard=\"%u\"} " format "\n", i, value);               \
		}                                                                                            \
	} while (0)

static void
add_workers(const struct control *control, struct evbuffer *to)
{
	EACH_WORKER(to, control, "finesse_worker_turns_total", "counter", "turns of the shard", "%" PRIu64,
	            counter_read(&w->turns));
	EACH_WORKER(to, control, "finesse_worker_busy_seconds_total", "counter",
	            "time that went into turns with something to do", "%.6f",
	            (double)counter_read(&w->busy_us) / 1e6);
	EACH_WORKER(to, control, "finesse_worker_sleeps_total", "counter",
	            "sleeps for want of anything to do", "%" PRIu64, counter_read(&w->sleeps));
	EACH_WORKER(to, control, "finesse_worker_slept_seconds_total", "counter",
	            "time that went into sleeps", "%.6f", (double)counter_read(&w->slept_us) / 1e6);
	EACH_WORKER(to, control, "finesse_rx_frames_total", "counter", "frames received from ports",
	            "%" PRIu64, counter_read(&w->io.count.rx_frames));
	EACH_WORKER(to, control, "finesse_tx_frames_total", "counter", "frames given to ports", "%" PRIu64,
	            counter_read(&w->io.count.tx_frames));
	EACH_WORKER(to, control, "finesse_tx_dropped_total", "counter", "frames that no port took",
	            "%" PRIu64, counter_read(&w->io.count.tx_dropped));
	EACH_WORKER(to, control, "finesse_drain_aborted_total", "counter",
	            "connections that a drain did not give the time to end", "%" PRIu64,
	            counter_read(&w->drain.aborted));
}

void
metrics_write(struct control *control, struct evbuffer *to)
{
	family(to, "finesse_build_info", "gauge", "always 1");
	evbuffer_add_printf(to, "finesse_build_info{version=\"%s\"} 1\n", FINESSE_VERSION);
	family(to, "finesse_uptime_seconds", "gauge", "since the daemon started");
	evbuffer_add_printf(to, "finesse_uptime_seconds %.3f\n",
	                    (double)(control_now_us() - control->begun_us) / 1e6);
	family(to, "finesse_draining", "gauge", "1 from the first moment of a drain");
	evbuffer_add_printf(to, "finesse_draining %d\n", strcmp(control_phase(control), "serving") != 0);
	add_workers(control, to);
	add_states(control, to);
	family(to, "finesse_closes_total", "counter", "connections that ended, by the way in which they did");
	add_rows(control, to, fns_shard_closes, "finesse_closes_total", "class");
	family(to, "finesse_frame_fates_total", "counter", "frames, by what came of them");
	add_rows(control, to, fns_shard_fates, "finesse_frame_fates_total", "fate");
	add_stats(control, to);
}
