/* Two shards in one process and a wire between them that loses nothing: every frame arrives so many microseconds later,
 * in virtual time. */
#ifndef APP_WIRE_H
#define APP_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include <finesse/shard.h>

#define WIRE_FRAMES 256
#define WIRE_ROOM   2048

struct wire_frame {
	uint64_t at_us;
	uint16_t len;
	uint8_t octets[WIRE_ROOM];
};

struct wire {
	struct fns_shard *shard[2]; /* 198.51.100.1 and 2001:db8:1::1; .2 and ::2 */
	uint64_t now_us, delay_us;
	struct {
		struct wire_frame *frame; /* a ring of WIRE_FRAMES, in order of arrival */
		uint32_t head, used;
	} to[2];
};

/* Both with this configuration, and a port each; secrets are fixed: the same calls are the same segments.  The ends
 * know each other's link addresses already.  False: no memory. */
bool wire_begin(struct wire *, const struct fns_config *, uint64_t delay_us);

/* Turns whoever is due, or is sent something, up to that time from now. */
void wire_run(struct wire *, uint64_t for_us);
void wire_end(struct wire *);

struct fns_addr wire_addr(unsigned side, uint16_t port); /* IPv4 */

#endif
