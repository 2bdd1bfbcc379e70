/* The total matrix: eleven states, sixteen combinations of FIN, SYN, RST and ACK, and what RFC 9293 §3.10.7 (with
 * RFC 5961 §3 and §4) answers in each cell.  The segment has SEG.SEQ = RCV.NXT, SEG.ACK = SND.NXT and no text.
 *
 * Choices where the RFC leaves one: a SYN with FIN at a listener is dropped (F03); a SYN in SYN-RECEIVED of a passive
 * open ends it (§3.10.7.4, fourth); the ACK of the peer's FIN may wait for ours (T-06); TIME-WAIT ignores resets (RFC
 * 1337), takes a SYN for a new incarnation only above RCV.NXT (T-52), and has nothing to say to an ACK in step. */
#include "scripts.h"

#include <string.h>

#define CELL(after, sends, seq, ack, fate) (after), (sends), (seq), (ack), DROP_##fate
#define NONE_OUT(after, fate)              CELL(after, '-', 0, 0, fate)
#define ACK_OUT(after, seq, ack, fate)     CELL(after, 'A', seq, ack, fate) /* at once */
#define ACK_SOON(after, seq, ack, fate)    CELL(after, 'D', seq, ack, fate) /* delayed, at most 40 ms */
#define SYN_ACK_OUT(after, fate)           CELL(after, 'S', 0, 1, fate)
#define RST_OUT(after, seq, fate)          CELL(after, 'R', seq, 0, fate)
#define RST_ACK_OUT(after, ack, fate)      CELL(after, 'C', 0, ack, fate) /* sequence number 0 on the wire */

/* clang-format off */
const struct row matrix[MATRIX_STATES] = {
	{"CLOSED", in_closed, 1, 1, {
		{0,                     RST_ACK_OUT("CLOSED", 1, CLOSED_NO_CONN)},
		{FIN,                   RST_ACK_OUT("CLOSED", 2, CLOSED_NO_CONN)},
		{SYN,                   RST_ACK_OUT("CLOSED", 2, CLOSED_NO_CONN)},
		{SYN | FIN,             RST_ACK_OUT("CLOSED", 3, CLOSED_NO_CONN)},
		{RST,                   NONE_OUT("CLOSED", CLOSED_RST)},
		{RST | FIN,             NONE_OUT("CLOSED", CLOSED_RST)},
		{RST | SYN,             NONE_OUT("CLOSED", CLOSED_RST)},
		{RST | SYN | FIN,       NONE_OUT("CLOSED", CLOSED_RST)},
		{ACK,                   RST_OUT("CLOSED", 1, CLOSED_NO_CONN)},
		{ACK | FIN,             RST_OUT("CLOSED", 1, CLOSED_NO_CONN)},
		{ACK | SYN,             RST_OUT("CLOSED", 1, CLOSED_NO_CONN)},
		{ACK | SYN | FIN,       RST_OUT("CLOSED", 1, CLOSED_NO_CONN)},
		{ACK | RST,             NONE_OUT("CLOSED", CLOSED_RST)},
		{ACK | RST | FIN,       NONE_OUT("CLOSED", CLOSED_RST)},
		{ACK | RST | SYN,       NONE_OUT("CLOSED", CLOSED_RST)},
		{ACK | RST | SYN | FIN, NONE_OUT("CLOSED", CLOSED_RST)},
	}},
	{"LISTEN", in_listen, 0, 1, {
		{0,                     NONE_OUT("LISTEN", LISTEN_NO_SYN)},
		{FIN,                   NONE_OUT("LISTEN", LISTEN_NO_SYN)},
		{SYN,                   SYN_ACK_OUT("SYN-RECEIVED", TAKEN)},
		{SYN | FIN,             NONE_OUT("LISTEN", LISTEN_SYN_FIN)},
		{RST,                   NONE_OUT("LISTEN", LISTEN_RST)},
		{RST | FIN,             NONE_OUT("LISTEN", LISTEN_RST)},
		{RST | SYN,             NONE_OUT("LISTEN", LISTEN_RST)},
		{RST | SYN | FIN,       NONE_OUT("LISTEN", LISTEN_RST)},
		{ACK,                   RST_OUT("LISTEN", 1, LISTEN_ACK)},
		{ACK | FIN,             RST_OUT("LISTEN", 1, LISTEN_ACK)},
		{ACK | SYN,             RST_OUT("LISTEN", 1, LISTEN_ACK)},
		{ACK | SYN | FIN,       RST_OUT("LISTEN", 1, LISTEN_ACK)},
		{ACK | RST,             NONE_OUT("LISTEN", LISTEN_RST)},
		{ACK | RST | FIN,       NONE_OUT("LISTEN", LISTEN_RST)},
		{ACK | RST | SYN,       NONE_OUT("LISTEN", LISTEN_RST)},
		{ACK | RST | SYN | FIN, NONE_OUT("LISTEN", LISTEN_RST)},
	}},
	{"SYN-SENT", in_syn_sent, 0, 1, {
		{0,                     NONE_OUT("SYN-SENT", SYN_SENT_NO_SYN)},
		{FIN,                   NONE_OUT("SYN-SENT", SYN_SENT_NO_SYN)},
		{SYN,                   SYN_ACK_OUT("SYN-RECEIVED", TAKEN)},
		{SYN | FIN,             SYN_ACK_OUT("SYN-RECEIVED", TAKEN)},
		{RST,                   NONE_OUT("SYN-SENT", SYN_SENT_RST)},
		{RST | FIN,             NONE_OUT("SYN-SENT", SYN_SENT_RST)},
		{RST | SYN,             NONE_OUT("SYN-SENT", SYN_SENT_RST)},
		{RST | SYN | FIN,       NONE_OUT("SYN-SENT", SYN_SENT_RST)},
		{ACK,                   NONE_OUT("SYN-SENT", SYN_SENT_NO_SYN)},
		{ACK | FIN,             NONE_OUT("SYN-SENT", SYN_SENT_NO_SYN)},
		{ACK | SYN,             ACK_OUT("ESTABLISHED", 1, 1, TAKEN)},
		{ACK | SYN | FIN,       ACK_OUT("CLOSE-WAIT", 1, 2, TAKEN)},
		{ACK | RST,             NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | FIN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | SYN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | SYN | FIN, NONE_OUT("CLOSED", TAKEN)},
	}},
	{"SYN-RECEIVED", in_syn_received, 1, 1, {
		{0,                     NONE_OUT("SYN-RECEIVED", ACK_MISSING)},
		{FIN,                   NONE_OUT("SYN-RECEIVED", ACK_MISSING)},
		{SYN,                   NONE_OUT("LISTEN", SYN_REFUSED)},
		{SYN | FIN,             NONE_OUT("LISTEN", SYN_REFUSED)},
		{RST,                   NONE_OUT("LISTEN", TAKEN)},
		{RST | FIN,             NONE_OUT("LISTEN", TAKEN)},
		{RST | SYN,             NONE_OUT("LISTEN", TAKEN)},
		{RST | SYN | FIN,       NONE_OUT("LISTEN", TAKEN)},
		{ACK,                   NONE_OUT("ESTABLISHED", TAKEN)},
		{ACK | FIN,             ACK_SOON("CLOSE-WAIT", 1, 2, TAKEN)},
		{ACK | SYN,             NONE_OUT("LISTEN", SYN_REFUSED)},
		{ACK | SYN | FIN,       NONE_OUT("LISTEN", SYN_REFUSED)},
		{ACK | RST,             NONE_OUT("LISTEN", TAKEN)},
		{ACK | RST | FIN,       NONE_OUT("LISTEN", TAKEN)},
		{ACK | RST | SYN,       NONE_OUT("LISTEN", TAKEN)},
		{ACK | RST | SYN | FIN, NONE_OUT("LISTEN", TAKEN)},
	}},
	{"ESTABLISHED", in_established, 1, 1, {
		{0,                     NONE_OUT("ESTABLISHED", ACK_MISSING)},
		{FIN,                   NONE_OUT("ESTABLISHED", ACK_MISSING)},
		{SYN,                   ACK_OUT("ESTABLISHED", 1, 1, SYN_CHALLENGED)},
		{SYN | FIN,             ACK_OUT("ESTABLISHED", 1, 1, SYN_CHALLENGED)},
		{RST,                   NONE_OUT("CLOSED", TAKEN)},
		{RST | FIN,             NONE_OUT("CLOSED", TAKEN)},
		{RST | SYN,             NONE_OUT("CLOSED", TAKEN)},
		{RST | SYN | FIN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK,                   NONE_OUT("ESTABLISHED", TAKEN)},
		{ACK | FIN,             ACK_SOON("CLOSE-WAIT", 1, 2, TAKEN)},
		{ACK | SYN,             ACK_OUT("ESTABLISHED", 1, 1, SYN_CHALLENGED)},
		{ACK | SYN | FIN,       ACK_OUT("ESTABLISHED", 1, 1, SYN_CHALLENGED)},
		{ACK | RST,             NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | FIN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | SYN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | SYN | FIN, NONE_OUT("CLOSED", TAKEN)},
	}},
	{"FIN-WAIT-1", in_fin_wait_1, 1, 2, {
		{0,                     NONE_OUT("FIN-WAIT-1", ACK_MISSING)},
		{FIN,                   NONE_OUT("FIN-WAIT-1", ACK_MISSING)},
		{SYN,                   ACK_OUT("FIN-WAIT-1", 2, 1, SYN_CHALLENGED)},
		{SYN | FIN,             ACK_OUT("FIN-WAIT-1", 2, 1, SYN_CHALLENGED)},
		{RST,                   NONE_OUT("CLOSED", TAKEN)},
		{RST | FIN,             NONE_OUT("CLOSED", TAKEN)},
		{RST | SYN,             NONE_OUT("CLOSED", TAKEN)},
		{RST | SYN | FIN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK,                   NONE_OUT("FIN-WAIT-2", TAKEN)},
		{ACK | FIN,             ACK_OUT("TIME-WAIT", 2, 2, TAKEN)},
		{ACK | SYN,             ACK_OUT("FIN-WAIT-1", 2, 1, SYN_CHALLENGED)},
		{ACK | SYN | FIN,       ACK_OUT("FIN-WAIT-1", 2, 1, SYN_CHALLENGED)},
		{ACK | RST,             NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | FIN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | SYN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | SYN | FIN, NONE_OUT("CLOSED", TAKEN)},
	}},
	{"FIN-WAIT-2", in_fin_wait_2, 1, 2, {
		{0,                     NONE_OUT("FIN-WAIT-2", ACK_MISSING)},
		{FIN,                   NONE_OUT("FIN-WAIT-2", ACK_MISSING)},
		{SYN,                   ACK_OUT("FIN-WAIT-2", 2, 1, SYN_CHALLENGED)},
		{SYN | FIN,             ACK_OUT("FIN-WAIT-2", 2, 1, SYN_CHALLENGED)},
		{RST,                   NONE_OUT("CLOSED", TAKEN)},
		{RST | FIN,             NONE_OUT("CLOSED", TAKEN)},
		{RST | SYN,             NONE_OUT("CLOSED", TAKEN)},
		{RST | SYN | FIN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK,                   NONE_OUT("FIN-WAIT-2", TAKEN)},
		{ACK | FIN,             ACK_OUT("TIME-WAIT", 2, 2, TAKEN)},
		{ACK | SYN,             ACK_OUT("FIN-WAIT-2", 2, 1, SYN_CHALLENGED)},
		{ACK | SYN | FIN,       ACK_OUT("FIN-WAIT-2", 2, 1, SYN_CHALLENGED)},
		{ACK | RST,             NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | FIN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | SYN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | SYN | FIN, NONE_OUT("CLOSED", TAKEN)},
	}},
	{"CLOSE-WAIT", in_close_wait, 2, 1, {
		{0,                     NONE_OUT("CLOSE-WAIT", ACK_MISSING)},
		{FIN,                   NONE_OUT("CLOSE-WAIT", ACK_MISSING)},
		{SYN,                   ACK_OUT("CLOSE-WAIT", 1, 2, SYN_CHALLENGED)},
		{SYN | FIN,             ACK_OUT("CLOSE-WAIT", 1, 2, SYN_CHALLENGED)},
		{RST,                   NONE_OUT("CLOSED", TAKEN)},
		{RST | FIN,             NONE_OUT("CLOSED", TAKEN)},
		{RST | SYN,             NONE_OUT("CLOSED", TAKEN)},
		{RST | SYN | FIN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK,                   NONE_OUT("CLOSE-WAIT", TAKEN)},
		{ACK | FIN,             NONE_OUT("CLOSE-WAIT", TAKEN)},
		{ACK | SYN,             ACK_OUT("CLOSE-WAIT", 1, 2, SYN_CHALLENGED)},
		{ACK | SYN | FIN,       ACK_OUT("CLOSE-WAIT", 1, 2, SYN_CHALLENGED)},
		{ACK | RST,             NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | FIN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | SYN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | SYN | FIN, NONE_OUT("CLOSED", TAKEN)},
	}},
	{"CLOSING", in_closing, 2, 2, {
		{0,                     NONE_OUT("CLOSING", ACK_MISSING)},
		{FIN,                   NONE_OUT("CLOSING", ACK_MISSING)},
		{SYN,                   ACK_OUT("CLOSING", 2, 2, SYN_CHALLENGED)},
		{SYN | FIN,             ACK_OUT("CLOSING", 2, 2, SYN_CHALLENGED)},
		{RST,                   NONE_OUT("CLOSED", TAKEN)},
		{RST | FIN,             NONE_OUT("CLOSED", TAKEN)},
		{RST | SYN,             NONE_OUT("CLOSED", TAKEN)},
		{RST | SYN | FIN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK,                   NONE_OUT("TIME-WAIT", TAKEN)},
		{ACK | FIN,             NONE_OUT("TIME-WAIT", TAKEN)},
		{ACK | SYN,             ACK_OUT("CLOSING", 2, 2, SYN_CHALLENGED)},
		{ACK | SYN | FIN,       ACK_OUT("CLOSING", 2, 2, SYN_CHALLENGED)},
		{ACK | RST,             NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | FIN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | SYN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | SYN | FIN, NONE_OUT("CLOSED", TAKEN)},
	}},
	{"LAST-ACK", in_last_ack, 2, 2, {
		{0,                     NONE_OUT("LAST-ACK", ACK_MISSING)},
		{FIN,                   NONE_OUT("LAST-ACK", ACK_MISSING)},
		{SYN,                   ACK_OUT("LAST-ACK", 2, 2, SYN_CHALLENGED)},
		{SYN | FIN,             ACK_OUT("LAST-ACK", 2, 2, SYN_CHALLENGED)},
		{RST,                   NONE_OUT("CLOSED", TAKEN)},
		{RST | FIN,             NONE_OUT("CLOSED", TAKEN)},
		{RST | SYN,             NONE_OUT("CLOSED", TAKEN)},
		{RST | SYN | FIN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK,                   NONE_OUT("CLOSED", TAKEN)},
		{ACK | FIN,             NONE_OUT("CLOSED", TAKEN)},
		{ACK | SYN,             ACK_OUT("LAST-ACK", 2, 2, SYN_CHALLENGED)},
		{ACK | SYN | FIN,       ACK_OUT("LAST-ACK", 2, 2, SYN_CHALLENGED)},
		{ACK | RST,             NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | FIN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | SYN,       NONE_OUT("CLOSED", TAKEN)},
		{ACK | RST | SYN | FIN, NONE_OUT("CLOSED", TAKEN)},
	}},
	{"TIME-WAIT", in_time_wait, 2, 2, {
		{0,                     NONE_OUT("TIME-WAIT", TIME_WAIT_OLD)},
		{FIN,                   ACK_OUT("TIME-WAIT", 2, 2, TIME_WAIT_OLD)},
		{SYN,                   ACK_OUT("TIME-WAIT", 2, 2, TIME_WAIT_OLD)},
		{SYN | FIN,             ACK_OUT("TIME-WAIT", 2, 2, TIME_WAIT_OLD)},
		{RST,                   NONE_OUT("TIME-WAIT", TIME_WAIT_RST)},
		{RST | FIN,             NONE_OUT("TIME-WAIT", TIME_WAIT_RST)},
		{RST | SYN,             NONE_OUT("TIME-WAIT", TIME_WAIT_RST)},
		{RST | SYN | FIN,       NONE_OUT("TIME-WAIT", TIME_WAIT_RST)},
		{ACK,                   NONE_OUT("TIME-WAIT", TIME_WAIT_OLD)},
		{ACK | FIN,             ACK_OUT("TIME-WAIT", 2, 2, TIME_WAIT_OLD)},
		{ACK | SYN,             ACK_OUT("TIME-WAIT", 2, 2, TIME_WAIT_OLD)},
		{ACK | SYN | FIN,       ACK_OUT("TIME-WAIT", 2, 2, TIME_WAIT_OLD)},
		{ACK | RST,             NONE_OUT("TIME-WAIT", TIME_WAIT_RST)},
		{ACK | RST | FIN,       NONE_OUT("TIME-WAIT", TIME_WAIT_RST)},
		{ACK | RST | SYN,       NONE_OUT("TIME-WAIT", TIME_WAIT_RST)},
		{ACK | RST | SYN | FIN, NONE_OUT("TIME-WAIT", TIME_WAIT_RST)},
	}},
};
/* clang-format on */

void
matrix_arrive(struct peer *p, const struct row *row, const struct cell *cell, unsigned flags,
              uint8_t reserved, uint32_t len)
{
	arrive(p, cell->flags | flags, .seq = row->rcv_nxt, .ack = row->snd_nxt, .reserved = reserved,
	       .len = len);
}

void
matrix_expect(struct peer *p, const struct row *row, const struct cell *cell)
{
	const char *after = cell->after;

	(void)row;
	expect_fate(p, cell->fate);
	switch (cell->sends) {
	case 'A':
		expect(p, ACK, .seq = cell->seq, .ack = cell->ack);
		break;
	case 'D':
		expect_within(p, 40, ACK, .seq = cell->seq, .ack = cell->ack);
		break;
	case 'S':
		expect(p, SYN | ACK, .seq = cell->seq, .ack = cell->ack);
		break;
	case 'R':
		expect(p, RST, .seq = cell->seq);
		break;
	case 'C':
		expect(p, RST | ACK, .zero_seq = true, .ack = cell->ack);
		break;
	default:
		expect_nothing(p);
	}
	expect_silence(p, 100);
	/* where the connection is gone its listener is still there */
	expect_in(p, p->listener && strcmp(after, "CLOSED") == 0 ? "LISTEN" : after);
	if (strcmp(after, "CLOSED") == 0 || strcmp(after, "TIME-WAIT") == 0)
		expect_equal(p, p->closed, p->born);
	else
		expect_open(p);
}

/* One state: the sixteen cells, each from a new endpoint. */
static void
row_of(struct peer *p, unsigned state)
{
	const struct row *row = &matrix[state];
	bool v6 = p->v6;
	unsigned pair = p->pair;
	const char *name = p->name;

	for (unsigned i = 0; i < MATRIX_FLAGS; i++) {
		if (i > 0) {
			peer_end(p);
			peer_free(p);
			peer_init(p, v6, pair);
			p->name = name;
		}
		row->reach(p);
		expect_in(p, row->state);
		p->reports = 0;
		matrix_arrive(p, row, &row->cell[i], 0, 0, 0);
		matrix_expect(p, row, &row->cell[i]);
	}
}

#define ROW(number, name)                                                                                    \
	static void matrix__##name##__every_combination(struct peer *p)                                      \
	{                                                                                                    \
		row_of(p, number);                                                                           \
	}
MATRIX_LIST(ROW)

/* 176 cells: each state once, each combination once in it. */
static void
matrix__cells__176(struct peer *p)
{
	unsigned cells = 0;

	for (unsigned s = 0; s < MATRIX_STATES; s++) {
		unsigned seen = 0;

		for (unsigned t = 0; t < s; t++)
			expect_true(p, strcmp(matrix[s].state, matrix[t].state) != 0);
		for (unsigned i = 0; i < MATRIX_FLAGS; i++) {
			unsigned f = matrix[s].cell[i].flags;

			expect_equal(p, f & ~(unsigned)(FIN | SYN | RST | ACK), 0);
			expect_true(p, matrix[s].cell[i].after != NULL);
			seen |= 1u << ((f & (FIN | SYN | RST)) | (f & ACK) >> 1);
			cells++;
		}
		expect_equal(p, seen, 0xffff);
	}
	expect_equal(p, cells, 176);
}

const struct script matrix_scripts[] = {
	SCRIPT(matrix__cells__176),
#define X(number, name) SCRIPT(matrix__##name##__every_combination),
	MATRIX_LIST(X)
#undef X
		{NULL, NULL},
};
