/* What a script expects, and what it says when that does not happen: the ladder of all that did. */
#include "peer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

void
peer_note(struct peer *p, const char *format, ...)
{
	va_list args;
	int n;

	if (LADDER - p->ladder_len < 200) { /* the end matters more than the beginning */
		memmove(p->ladder, p->ladder + LADDER / 2, p->ladder_len - LADDER / 2);
		p->ladder_len -= LADDER / 2;
	}
	va_start(args, format);
	n = vsnprintf(p->ladder + p->ladder_len, LADDER - p->ladder_len, format, args);
	va_end(args);
	if (n > 0)
		p->ladder_len += (size_t)n < LADDER - p->ladder_len ? (size_t)n : LADDER - p->ladder_len - 1;
}

void
peer_fail(struct peer *p, const char *file, int line, const char *format, ...)
{
	va_list args;
	char what[400];

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	print_error("%.*s%9.3f   FAILED %s:%d: %s\n", (int)p->ladder_len, p->ladder,
	            (double)(p->now_us - p->start_us) / 1000, file, line, what);
	_fail(file, line);
	abort(); /* not reached: _fail jumps */
}

static const char *
flags_text(unsigned flags, char text[9])
{
	static const char letter[] = "FSRP.UEC"; /* as tcpdump writes them */
	char *at = text;

	for (unsigned i = 0; i < 8; i++)
		if (flags >> i & 1)
			*at++ = letter[i];
	if (at == text)
		*at++ = '-';
	*at = '\0';
	return text;
}

static void
note_segment(struct peer *p, uint64_t at_us, char way, const struct seg *s, uint32_t seq, uint32_t ack)
{
	char text[9];

	peer_note(p, "%9.3f %c %-4s seq %" PRIu32 " ack %" PRIu32 " len %u wnd %u",
	          (double)(at_us - p->start_us) / 1000, way, flags_text(s->flags, text), seq,
	          s->flags & ACK ? ack : s->ack, s->text_len, s->wnd);
	if (s->opt.has_mss)
		peer_note(p, " mss %u", s->opt.mss);
	if (s->opt.has_wscale)
		peer_note(p, " ws %u", s->opt.wscale);
	if (s->opt.has_ts)
		peer_note(p, " ts %u/%u", s->opt.ts_val, s->opt.ts_ecr);
	for (unsigned i = 0; i < s->opt.sacks; i++)
		peer_note(p, " sack %u-%u", s->opt.sack[i].left - (way == '>' ? p->isn : p->iss),
		          s->opt.sack[i].right - (way == '>' ? p->isn : p->iss));
	peer_note(p, "\n");
}

const struct sent *
peer_next(struct peer *p)
{
	const struct sent *s;

	if (p->head == p->tail)
		return NULL;
	s = &p->sent[p->head++ % SENT_ROOM];
	note_segment(p, s->at_us, '>', &s->seg, s->seg.seq - p->iss, s->seg.ack - p->isn);
	if (s->seg.opt.has_ts)
		p->ts_seen = s->seg.opt.ts_val;
	return s;
}

unsigned
peer_pending(const struct peer *p)
{
	return p->tail - p->head;
}

void
peer_arrive(struct peer *p, const char *file, int line, bool more, const struct arrival *a)
{
	struct seg s = {.flags = (uint8_t)a->flags,
	                .text_len = (uint16_t)a->len,
	                .wnd = a->wnd == AUTO ? p->wnd : (uint16_t)a->wnd};
	struct written w;

	peer_start(p, false);
	if (p->bursts == 64)
		peer_fail(p, file, line, "more than 64 frames in one burst");
	note_segment(p, p->now_us, '<', &s, a->seq, a->ack);
	w = frame_segment(p, a);
	p->burst[p->bursts++] = (struct fns_frame){.data = w.octets, .len = (uint16_t)w.len};
	if (!more)
		turn(p);
}

void
peer_arrive_icmp(struct peer *p, const char *file, int line, enum icmp_error kind, uint32_t seq, uint32_t mtu)
{
	struct written w = frame_icmp(p, kind, seq, mtu);

	(void)file;
	peer_note(p, "%9.3f < ICMP error %d about seq %" PRIu32 " mtu %" PRIu32 " (line %d)\n",
	          (double)(p->now_us - p->start_us) / 1000, kind, seq, mtu, line);
	p->burst[p->bursts++] = (struct fns_frame){.data = w.octets, .len = (uint16_t)w.len};
	turn(p);
}

static void
compare_option(struct peer *p, const char *file, int line, const char *name, int64_t wanted, bool has,
               int64_t value)
{
	if (wanted == ANY)
		return;
	if (wanted == NONE && has)
		peer_fail(p, file, line, "%s should not be there", name);
	if (wanted != NONE && (!has || value != wanted))
		peer_fail(p, file, line, "%s should be %" PRId64 ", not %" PRId64 "%s", name, wanted, value,
		          has ? "" : " (absent)");
}

static void
compare_sack(struct peer *p, const char *file, int line, const struct seg *s, const struct expected *e)
{
	unsigned wanted = 0;

	if (e->no_sack && s->opt.sacks)
		peer_fail(p, file, line, "SACK blocks should not be there");
	while (wanted < 4 && e->sack[wanted][0] != e->sack[wanted][1])
		wanted++;
	if (!wanted)
		return;
	if (s->opt.sacks != wanted)
		peer_fail(p, file, line, "%u SACK blocks, not %u", s->opt.sacks, wanted);
	for (unsigned i = 0; i < wanted; i++)
		if (s->opt.sack[i].left - p->isn != e->sack[i][0] ||
		    s->opt.sack[i].right - p->isn != e->sack[i][1])
			peer_fail(p, file, line, "SACK block %u should be %u-%u", i, e->sack[i][0],
			          e->sack[i][1]);
}

static void
compare(struct peer *p, const char *file, int line, const struct sent *sent, const struct expected *e)
{
	const struct seg *s = &sent->seg;
	uint32_t seq = e->zero_seq ? 0 : p->iss + e->seq, ack = e->flags & ACK ? p->isn + e->ack : 0;
	char a[9], b[9];

	if (s->flags != e->flags)
		peer_fail(p, file, line, "flags should be %s, not %s", flags_text(e->flags, a),
		          flags_text(s->flags, b));
	if (s->seq != seq)
		peer_fail(p, file, line, "seq should be %" PRIu32 ", not %" PRIu32, e->seq, s->seq - p->iss);
	if (s->ack != ack)
		peer_fail(p, file, line, "ack should be %" PRIu32 ", not %" PRIu32, e->ack, s->ack - p->isn);
	if (s->text_len != e->len)
		peer_fail(p, file, line, "%u octets of text, not %u", s->text_len, e->len);
	if (sent->rport != (e->port ? e->port : p->rport))
		peer_fail(p, file, line, "to port %u", sent->rport);
	compare_option(p, file, line, "window", e->wnd, true, s->wnd);
	compare_option(p, file, line, "MSS", e->mss, s->opt.has_mss, s->opt.mss);
	compare_option(p, file, line, "window scale", e->ws, s->opt.has_wscale, s->opt.wscale);
	compare_option(p, file, line, "SACK-permitted", e->sack_ok, s->opt.has_sack_permitted,
	               s->opt.has_sack_permitted);
	compare_option(p, file, line, "TSval", e->ts_val, s->opt.has_ts, s->opt.ts_val);
	compare_option(p, file, line, "TSecr", e->ts_ecr, s->opt.has_ts, s->opt.ts_ecr);
	compare_option(p, file, line, "TOS", e->tos, true, sent->tos);
	compare_option(p, file, line, "TTL", e->ttl, true, sent->ttl);
	compare_sack(p, file, line, s, e);
}

void
peer_expect(struct peer *p, const char *file, int line, bool last, const struct expected *e)
{
	const struct sent *s = peer_next(p);
	char text[9];

	if (!s)
		peer_fail(p, file, line, "nothing went out; expected %s seq %" PRIu32,
		          flags_text(e->flags, text), e->seq);
	compare(p, file, line, s, e);
	if (last)
		peer_expect_nothing(p, file, line);
}

void
peer_expect_at(struct peer *p, const char *file, int line, uint64_t from_ms, uint64_t to_ms,
               const struct expected *e)
{
	const uint64_t slack_us = 2000; /* a tick of the wheel, and rounding */
	uint64_t begin = p->now_us, until = begin + to_ms * 1000 + slack_us;

	while (p->head == p->tail && peer_step(p, until))
		;
	if (p->head == p->tail)
		peer_fail(p, file, line, "nothing went out in %" PRIu64 " ms", to_ms);
	if (p->sent[p->head % SENT_ROOM].at_us < begin + from_ms * 1000)
		peer_fail(p, file, line, "a segment went out too early, after %.3f ms",
		          (double)(p->sent[p->head % SENT_ROOM].at_us - begin) / 1000);
	peer_expect(p, file, line, true, e);
}

void
peer_expect_nothing(struct peer *p, const char *file, int line)
{
	const struct sent *s = peer_next(p);

	if (s)
		peer_fail(p, file, line, "nothing more should have gone out");
}

/* Counters by name; '-' and '_' are the same, as state names have both. */
static bool
same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !(strchr("-_", *a) && strchr("-_", *b)))
			return false;
	return *a == *b;
}

int64_t
peer_stat(struct peer *p, const char *name)
{
	static struct fns_stat row[512];
	size_t rows = fns_shard_stats(p->shard, row, 512);

	for (size_t i = 0; i < rows && i < 512; i++)
		if (same_name(row[i].name, name))
			return (int64_t)row[i].value;
	return -1;
}

static void
note_status(struct fns_conn *c, void *arg)
{
	fns_status(c, arg);
}

struct fns_status
peer_status(struct peer *p)
{
	struct fns_status status = {.state = NULL};

	peer_start(p, false);
	fns_shard_each(p->shard, note_status, &status);
	return status;
}

uint32_t
peer_rto(struct peer *p)
{
	return peer_status(p).rto_us / 1000;
}

const char *
peer_state(struct peer *p)
{
	struct fns_status status = peer_status(p);

	if (status.state)
		return status.state;
	if (peer_stat(p, "state_TIME-WAIT") > 0)
		return "TIME-WAIT";
	return p->listener ? "LISTEN" : "CLOSED";
}

void
peer_expect_in(struct peer *p, const char *file, int line, const char *state)
{
	const char *is = peer_state(p);
	char gauge[40];

	if (strcmp(is, state))
		peer_fail(p, file, line, "the state should be %s, not %s", state, is);
	snprintf(gauge, sizeof(gauge), "state_%s", state);
	if (strcmp(state, "CLOSED") && strcmp(state, "LISTEN") && peer_stat(p, gauge) < 1)
		peer_fail(p, file, line, "the gauge %s says %" PRId64, gauge, peer_stat(p, gauge));
}

void
peer_expect_fate(struct peer *p, const char *file, int line, enum drop wanted)
{
	struct fns_stat row[FATES_ROOM];
	size_t rows = fns_shard_fates(p->shard, row, FATES_ROOM);

	if (p->arrived != 1)
		peer_fail(p, file, line, "the last burst had %u frames: whose fate?", p->arrived);
	for (size_t i = 0; i < rows; i++)
		if (row[i].value != p->fates[i] && strcmp(row[i].name, drop_name(wanted)))
			peer_fail(p, file, line, "the fate should be %s, not %s", drop_name(wanted),
			          row[i].name);
}

void
peer_expect_reports(struct peer *p, const char *file, int line, unsigned set)
{
	if (p->reports != set)
		peer_fail(p, file, line, "reports should be %#x, not %#x", set, p->reports);
	p->reports = 0;
}

void
peer_expect_closed(struct peer *p, const char *file, int line, int error)
{
	int64_t conns = peer_stat(p, "conns");

	if (p->closed != p->born)
		peer_fail(p, file, line, "%u of %u connections have ended", p->closed, p->born);
	if (p->end.error != error)
		peer_fail(p, file, line, "the error should be %d (%s), not %d (%s)", error, strerror(error),
		          p->end.error, strerror(p->end.error));
	if (conns != 0)
		peer_fail(p, file, line, "%" PRId64 " connections are left", conns);
}

void
peer_expect_open(struct peer *p, const char *file, int line)
{
	if (p->closed)
		peer_fail(p, file, line, "the connection has ended: %s", strerror(p->end.error));
}

void
peer_expect_stream(struct peer *p, const char *file, int line, uint32_t len)
{
	if (!p->conn || fns_readable(p->conn) != len)
		peer_fail(p, file, line, "%zu octets are readable, not %u",
		          p->conn ? fns_readable(p->conn) : 0, len);
	call_receive(p, len);
}

void
peer_expect_equal(struct peer *p, const char *file, int line, const char *what, int64_t a, int64_t b)
{
	if (a != b)
		peer_fail(p, file, line, "%s: %" PRId64 " is not %" PRId64, what, a, b);
}
