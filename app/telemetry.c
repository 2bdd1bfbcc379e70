/* Commands of DPDK's telemetry socket (telemetry.h).  Its threads read counters, each exact, and ask shards nothing. */
#include "telemetry.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <rte_telemetry.h>

#include "log.h"
#include "worker.h"
#include "workers.h"

#define ROWS 256

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct workers *workers; /* by `lock`; NULL: none any more */

typedef size_t rows_of(const struct fns_shard *, struct fns_stat *row, size_t room);

/* Sums over the shards from `first` to before `end`; rows whose names do not begin with `prefix` are left out. */
static int
add_rows(struct rte_tel_data *d, rows_of *rows, const char *prefix, unsigned first, unsigned end)
{
	struct fns_stat row[ROWS], one[ROWS];
	size_t n = rows(workers->each[first]->shard, row, ROWS), skip = strlen(prefix);

	for (unsigned i = first + 1; i < end; i++) {
		rows(workers->each[i]->shard, one, ROWS);
		for (size_t k = 0; k < n && k < ROWS; k++)
			row[k].value += one[k].value;
	}
	rte_tel_data_start_dict(d);
	for (size_t k = 0; k < n && k < ROWS; k++) {
		if (strncmp(row[k].name, prefix, skip) == 0)
			rte_tel_data_add_dict_u64(d, row[k].name + skip, row[k].value);
	}
	return 0;
}

static int
add_status(struct rte_tel_data *d)
{
	uint64_t turns = 0;

	for (unsigned i = 0; i < workers->count; i++)
		turns += counter_read(&workers->each[i]->turns);
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_string(d, "version", FINESSE_VERSION);
	rte_tel_data_add_dict_string(d, "phase", drain_begun(workers) ? "draining" : "serving");
	rte_tel_data_add_dict_u64(d, "workers", workers->count);
	rte_tel_data_add_dict_u64(d, "turns", turns);
	return 0;
}

static int
answer(const char *command, unsigned first, unsigned end, struct rte_tel_data *d)
{
	const char *name = command + strlen("/finesse/");

	if (strcmp(name, "states") == 0)
		return add_rows(d, fns_shard_stats, "state_", first, end);
	if (strcmp(name, "stats") == 0)
		return add_rows(d, fns_shard_stats, "", first, end);
	if (strcmp(name, "drops") == 0)
		return add_rows(d, fns_shard_fates, "", first, end);
	if (strcmp(name, "closes") == 0)
		return add_rows(d, fns_shard_closes, "", first, end);
	return add_status(d);
}

static int
on_command(const char *command, const char *parameter, struct rte_tel_data *d)
{
	unsigned first = 0, end;
	int result = -EINVAL;

	pthread_mutex_lock(&lock);
	end = workers == NULL ? 0 : workers->count;
	if (parameter != NULL && parameter[0] != '\0') {
		char *rest;
		unsigned long shard = strtoul(parameter, &rest, 10);

		first = *rest == '\0' && shard < end ? (unsigned)shard : end;
		end = first < end ? first + 1 : end;
	}
	if (first < end)
		result = answer(command, first, end, d);
	pthread_mutex_unlock(&lock);
	return result;
}

void
telemetry_begin(const struct workers *all)
{
	static const struct {
		const char *command, *help;
	} commands[] = {
		{"/finesse/status", "version, phase, workers"},
		{"/finesse/states", "connections by state; parameter: a shard"},
		{"/finesse/stats", "counters; parameter: a shard"},
		{"/finesse/drops", "what came of every frame; parameter: a shard"},
		{"/finesse/closes", "how connections ended; parameter: a shard"},
	};

	workers = all;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (rte_telemetry_register_cmd(commands[i].command, on_command, commands[i].help) != 0)
			say("telemetry does not take %s", commands[i].command);
	}
}

void
telemetry_end(void)
{
	pthread_mutex_lock(&lock);
	workers = NULL;
	pthread_mutex_unlock(&lock);
}
