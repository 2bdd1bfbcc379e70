/* What the files of this floor call of each other; one owner each. */
#ifndef FNS_TCP_INTERNAL_H
#define FNS_TCP_INTERNAL_H

#include "cc.h"
#include "conn.h"
#include "out.h"
#include "recorder.h"
#include "rto.h"
#include "seg.h"

/* output.c */
enum sent { SENT_ALL, SENT_FULL, SENT_UNRESOLVED };
enum sent tcp_output(struct fns_conn *); /* sends what may be sent now; idempotent */

/* ack.c: the fifth check's arithmetic */
void ack_syn(struct fns_conn *, const struct seg *); /* our SYN is acknowledged: windows, RTT, congestion */
void ack_take(struct tcp *, struct fns_conn *,
              const struct seg *); /* an acceptable ACK in a synchronized state */
void ack_window(struct fns_conn *, const struct seg *, bool always); /* SND.WND, WL1, WL2 */

/* text.c: the seventh */
enum drop text_take(struct tcp *, struct fns_conn *,
                    const struct seg *);               /* places octets, advances RCV.NXT, owes an ACK */
void text_hold(struct fns_conn *, const struct seg *); /* places octets before ESTABLISHED ... */
void text_release(struct fns_conn *);                  /* ... which has come: they are in order */
COLD void text_twice(struct fns_conn *, uint32_t left,
                     uint32_t right);                 /* these came again: the next ACK tells ... */
void text_twice_told(struct fns_conn *);              /* ... and has told */
bool text_fin(struct fns_conn *, const struct seg *); /* the FIN (this one, or one held) is next in order */
void text_discard(struct fns_conn *);                 /* what is unread, and nobody will read */
void text_consumed(struct fns_conn *);                /* the application took: let the window grow */
uint32_t text_right_edge(
	const struct fns_conn *); /* RCV.NXT + what there is room for, never left of RCV.ADV */
uint16_t text_window(const struct fns_conn *, const struct option_set *by, uint8_t flags,
                     uint32_t *adv); /* the field of a segment with these flags, and its right edge */
unsigned text_sack_blocks(const struct fns_conn *, struct opt_block out[4]);

/* sack.c: RFC 6675 */
bool sack_take(struct fns_conn *, const struct seg *); /* true: a retransmission has been lost */
uint32_t sack_octets(const struct fns_conn *);         /* beyond SND.UNA, that the peer holds */
uint32_t sack_segments(const struct fns_conn *);       /* how many segments they are */
bool sack_tells_twice(const struct seg *); /* the first block is of octets that came twice (RFC 2883) */
bool sack_hole(const struct fns_conn *, uint32_t *seq, uint32_t *len); /* the next octets to retransmit */
uint32_t sack_pipe(const struct fns_conn *);                           /* octets thought to be in flight */
uint32_t sack_below(const struct fns_conn *, uint32_t seq);            /* octets sacked before seq */
uint32_t sack_skip(const struct fns_conn *,
                   uint32_t seq); /* the next octet at or after seq that is not sacked */

/* recover.c: RFC 5681 §3.2, 6582, 6675, 9937, 8985 */
void recover_advance(struct fns_conn *, uint32_t acked); /* new octets acknowledged, within a recovery */
void recover_ack(struct fns_conn *, const struct seg *, bool dup, uint32_t delivered, bool advanced,
                 bool again); /* every ACK, when SACK blocks have been taken */
void recover_arm(struct tcp *,
                 struct fns_conn *);   /* RETRANSMIT runs anew: as timeout, or for a tail loss probe */
bool recover_timer(struct fns_conn *); /* RETRANSMIT was due: true, it was not the retransmission timeout */
void recover_probed(struct fns_conn *, bool again);
void recover_probe_answer(struct fns_conn *, const struct seg *, bool dup);

/* ecn.c: RFC 3168 */
bool ecn_asks(const struct fns_conn *);                /* our SYN, sent now, offers ECN */
void ecn_agree(struct fns_conn *, const struct seg *); /* what the peer's SYN answers or offers */
void ecn_take(struct fns_conn *, const struct seg *);  /* with ECN: marks and CWR of what arrives */
void ecn_reduce(struct fns_conn *, uint32_t ack);      /* an ECE arrived */
void ecn_send(struct fns_conn *, struct seg *, bool text, uint8_t *tos); /* its flags and codepoint */

/* timeouts.c */
__attribute__((noinline)) void keepalive_begin(struct fns_conn *); /* anew, and no longer as open_ms */

/* open.c */
bool open_plain(const struct fns_conn *); /* our SYN goes without options but the MSS: maybe it is they */
bool open_met_itself(
	struct fns_conn *); /* is to be established with itself; true: it chose another local port */
void open_options(struct fns_conn *, const struct seg *); /* what the peer's SYN offers */

/* reply.c: reply_reset, for a segment of this connection */
COLD void reply_reset_of(struct fns_conn *, const struct seg *, const char *why); /* static */

#endif
