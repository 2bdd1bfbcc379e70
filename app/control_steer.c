/* What `status` says of the steering: whom each worker reached at the start, how frames are brought, how many changed hands. */
#include "control_parts.h"
#include "worker.h"
#include "workers.h"

static json_t *
worker_json(const struct workers *all, unsigned from)
{
	const struct io_counters *n = &all->each[from]->io.count;
	json_t *reaches = json_array();

	for (unsigned to = 0; to < all->count; to++) {
		if (atomic_load_explicit(&all->steer->proven[from][to], memory_order_relaxed))
			json_array_append_new(reaches, json_integer((json_int_t)to));
	}
	return json_pack("{s:i, s:o, s:I, s:I, s:I, s:I, s:I}", "shard", (int)from, "reaches", reaches,
	                 "handed_over", (json_int_t)counter_read(&n->steered), "taken_over",
	                 (json_int_t)counter_read(&n->steered_here), "no_room",
	                 (json_int_t)counter_read(&n->steer_full), "lent",
	                 (json_int_t)counter_read(&n->tx_lent), "sent_for_others",
	                 (json_int_t)counter_read(&n->tx_borrowed));
}

json_t *
steering_json(const struct workers *all)
{
	json_t *workers = json_array(), *ports = json_array();

	if (all->steer == NULL) {
		json_decref(workers);
		json_decref(ports);
		return json_null();
	}
	for (unsigned i = 0; i < all->count; i++)
		json_array_append_new(workers, worker_json(all, i));
	for (unsigned i = 0; i < all->conf->ports; i++)
		json_array_append_new(ports, json_pack("{s:s, s:i, s:s}", "device", all->port[i].device,
		                                       "queues", (int)all->port[i].queues, "by",
		                                       all->port[i].spreads ? "the port" : "the workers"));
	return json_pack("{s:b, s:o, s:o}", "proven", (int)steer_proven(all->steer), "ports", ports,
	                 "workers", workers);
}
