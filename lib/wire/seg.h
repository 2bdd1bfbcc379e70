/* A TCP segment as values (RFC 9293 §3.1, §3.3.1). */
#ifndef FNS_SEG_H
#define FNS_SEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cksum.h"
#include "cursor.h"
#include "drop.h"
#include "flow.h"
#include "ip4.h"
#include "opt.h"

enum seg_flags {
	FIN = 0x01,
	SYN = 0x02,
	RST = 0x04,
	PSH = 0x08,
	ACK = 0x10,
	URG = 0x20,
	ECE = 0x40,
	CWR = 0x80
};

#define SEG_HEADER 20 /* octets of a TCP header without options */

struct seg {
	uint32_t seq, ack;
	uint32_t len;  /* SEG.LEN: octets of text, and one each for SYN and FIN */
	uint16_t wnd;  /* as on the wire: not scaled */
	uint16_t up;   /* urgent pointer */
	uint8_t flags; /* enum seg_flags */
	bool ce; /* arrived with the mark of congestion experienced (RFC 3168); the caller's to fill in */
	uint16_t text_len;
	const uint8_t *text; /* into the frame: valid for the turn */
	struct opt opt;
};

/* Is the sum of the segment and of its pseudo header zero?  Most headers are of 32 octets. */
static inline bool
seg_sum_is_right(const uint8_t *l4, size_t len, uint64_t pseudo)
{
	enum { MOST = SEG_HEADER + OPT_TS_ROW };
	uint64_t sum;

	if (len < MOST)
		return cksum_is_right(cksum_add(pseudo, l4, len));
	sum = cksum_eight(cksum_eight(pseudo, l4), l4 + 8);
	sum = cksum_eight(cksum_eight(sum, l4 + 16), l4 + 24);
	if (len > MOST)
		sum = cksum_add(sum, l4 + MOST, len - MOST);
	return cksum_is_right(sum);
}

/* l4 points to len octets of TCP, `pseudo` is the sum of their pseudo header (the checksum is verified here unless
 * `verified`, the driver's word that it is good).  Returns DROP_TAKEN and fills *seg, *src_port and *dst_port, or the
 * reason.  For each frame, and too long for the compiler to inline unasked. */
static inline __attribute__((always_inline)) enum drop
seg_parse_summed(struct seg *seg, uint16_t *src_port, uint16_t *dst_port, const uint8_t *l4, size_t len,
                 uint64_t pseudo, bool verified)
{
	size_t header;
	uint32_t ports;

	if (len < SEG_HEADER)
		return DROP_TCP_SHORT;
	header = (size_t)(l4[12] >> 4) * 4;         /* the reserved bits beside it are ignored */
	if (header - SEG_HEADER > len - SEG_HEADER) /* or negative */
		return DROP_TCP_OFFSET;
	if (!verified && !seg_sum_is_right(l4, len, pseudo))
		return DROP_TCP_CKSUM; /* MUST-3 */
	ports = get_u32(l4);
	*src_port = (uint16_t)(ports >> 16);
	*dst_port = (uint16_t)ports;
	if (ports <= UINT16_MAX || (uint16_t)ports == 0)
		return DROP_TCP_PORT_ZERO;
	seg->seq = get_u32(l4 + 4);
	seg->ack = get_u32(l4 + 8);
	seg->flags = l4[13];
	seg->ce = false;
	seg->wnd = get_u16(l4 + 14);
	seg->up = get_u16(l4 + 18);
	opt_parse(&seg->opt, l4 + SEG_HEADER, header - SEG_HEADER);
	if (seg->opt.illegal && (seg->flags & SYN))
		return DROP_TCP_OPTION; /* MUST-7; later segments still carry text, so there only the options are lost */
	seg->text = l4 + header;
	seg->text_len = (uint16_t)(len - header);
	seg->len = seg->text_len + (seg->flags / SYN & 1u) + (seg->flags / FIN & 1u);
	return DROP_TAKEN;
}

/* The same of octets between src and dst. */
static inline enum drop
seg_parse(struct seg *seg, uint16_t *src_port, uint16_t *dst_port, const uint8_t *l4, size_t len,
          const uint8_t src[16], const uint8_t dst[16], bool verified)
{
	return seg_parse_summed(seg, src_port, dst_port, l4, len, cksum_pseudo(src, dst, PROTO_TCP, len),
	                        verified);
}

/* Writes header and options at `at` (checksum field zero) and returns their length; text goes behind it.  With *sum the
 * sum of their words as numbers (cksum.h). */
size_t seg_build_summed(uint8_t *at, uint16_t src_port, uint16_t dst_port, const struct seg *, uint64_t *sum);

/* All but the options of a header of so many octets; returns the sum of its words as numbers. */
static inline uint64_t
seg_put_fixed(uint8_t *at, uint32_t ports, uint32_t seq, uint32_t ack, size_t header, uint8_t flags,
              uint16_t wnd, uint16_t up)
{
	const uint32_t offset = (uint32_t)header << 26 | (uint32_t)flags << 16 | wnd;

	put_u32(at, ports);
	put_u32(at + 4, seq);
	put_u32(at + 8, ack);
	put_u32(at + 12, offset);
	put_u32(at + 16, up);
	return (uint64_t)ports + seq + ack + offset + up;
}

/* seg_build_summed of a segment without options, or with timestamps (`ts`: value, echo) alone, as nearly all are. */
static inline size_t
seg_build_plain(uint8_t *at, uint32_t ports, uint32_t seq, uint32_t ack, uint8_t flags, uint16_t wnd,
                const uint32_t ts[2], uint64_t *sum)
{
	const size_t header = ts == NULL ? SEG_HEADER : SEG_HEADER + OPT_TS_ROW;

	*sum = seg_put_fixed(at, ports, seq, ack, header, flags, wnd, 0);
	if (ts != NULL)
		opt_put_ts(at + SEG_HEADER, ts, sum);
	return header;
}

static inline size_t
seg_build(uint8_t *at, uint16_t src_port, uint16_t dst_port, const struct seg *seg)
{
	uint64_t sum;

	return seg_build_summed(at, src_port, dst_port, seg, &sum);
}

#endif
