/* The loop: packets between addresses of our own, which no port ever sees.  What is put in one turn arrives in the
 * next: a queue of as many packets as fit, in order, lossless (a full loop is a full outbox to who wants to send). */
#ifndef FNS_LOOP_H
#define FNS_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <finesse/shard.h>

#define LOOP_FRAMES 256u
#define LOOP_ROOM   2048u
#define LOOP_MTU    1500
#define LOOP_PORT   0xff /* in struct ip_route and ip_out: not a port but the loop */

struct loop {
	uint8_t *octets; /* LOOP_FRAMES pieces of LOOP_ROOM */
	uint32_t head, used;
	uint16_t len[LOOP_FRAMES]; /* of the IP packets, each at octets + ETH_HEADER of its piece */
	struct fns_frame blank;    /* the next free piece, as loop_blank lent it */
};

#define LOOP_BYTES ((size_t)LOOP_FRAMES * LOOP_ROOM)

struct fns_frame *loop_blank(struct loop *); /* NULL: full */
void loop_put(struct loop *, uint16_t len);  /* the blank one, filled */

/* The packet at the head, which stays until loop_drop; NULL: none. */
const uint8_t *loop_head(const struct loop *, uint16_t *len);
void loop_drop(struct loop *);

#endif
