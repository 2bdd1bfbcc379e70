/* The rows of a ladder.  A segment that both ends saw is one row, unless something happened at the receiver while it
 * travelled: then it is two, one where it departs and one where it arrives, as in Figure 8 of RFC 9293. */
#include "ladder.h"

#include <arpa/inet.h>
#include <string.h>

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32 };
enum { NOBODY = FNS_RECORD_EVENTS };

struct end {
	const struct fns_record *r;
	unsigned next;                   /* event */
	uint8_t peer[FNS_RECORD_EVENTS]; /* of a segment: the same one at the other end; NOBODY */
	bool drawn[FNS_RECORD_EVENTS];   /* it is in a row already */
	uint16_t row[FNS_RECORD_EVENTS]; /* where it departs */
	char state[LADDER_TEXT];
};

/* Of one end only: what can be told of the other. */
struct guess {
	uint32_t fin_ack; /* an ACK of this covers our FIN */
	bool we_fin, peer_fin;
};

struct layout {
	struct ladder *l;
	struct end end[2];
	unsigned ends;
	uint64_t first_us;
	struct guess guess;
};

static const struct fns_event *
event(const struct end *e, unsigned i)
{
	return i < e->r->row.events ? &e->r->event[i] : NULL;
}

static bool
same_segment(const struct fns_event *a, const struct fns_event *b)
{
	return a->seq == b->seq && a->ack == b->ack && a->flags == b->flags && a->len == b->len;
}

/* Which arrival is which departure: in order, since links keep it or the first of equals will do. */
static void
match(struct end *from, struct end *to)
{
	for (unsigned k = 0; k < to->r->row.events; k++) {
		if (event(to, k)->kind != FNS_EVENT_ARRIVED)
			continue;
		for (unsigned i = 0; i < from->r->row.events; i++) {
			const struct fns_event *sent = event(from, i);

			if (sent->kind != FNS_EVENT_SENT || from->peer[i] != NOBODY ||
			    sent->at_us > event(to, k)->at_us || !same_segment(sent, event(to, k)))
				continue;
			from->peer[i] = (uint8_t)k;
			to->peer[k] = (uint8_t)i;
			break;
		}
	}
}

static struct ladder_row *
add(struct layout *w, enum ladder_kind kind, unsigned side, uint64_t at_us)
{
	struct ladder *l = w->l;
	struct ladder_row *row = &l->row[l->rows < LADDER_ROWS ? l->rows++ : LADDER_ROWS - 1];

	memset(row, 0, sizeof(*row));
	row->kind = (uint8_t)kind;
	row->side = (uint8_t)side;
	row->after_us = at_us - w->first_us;
	return row;
}

static void
label(char text[LADDER_TEXT], const struct fns_record *r, const struct fns_event *e)
{
	static const struct {
		uint8_t flag;
		const char *name;
	} names[] = {{SYN, "SYN "}, {FIN, "FIN "}, {RST, "RST "},
	             {PSH, "PSH "}, {URG, "URG "}, {ACK, "ACK "}};
	bool sent = e->kind == FNS_EVENT_SENT;
	uint32_t seq = e->seq - (sent ? r->iss : r->irs), ack = e->ack - (sent ? r->irs : r->iss);
	uint32_t end = seq + e->len;
	size_t n = 0;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (e->flags & names[i].flag)
			n += (size_t)snprintf(text + n, LADDER_TEXT - n, "%s", names[i].name);
	}
	if ((e->flags & RST) && e->seq == 0) /* it answers a segment without ACK */
		n += (size_t)snprintf(text + n, LADDER_TEXT - n, "0 ");
	else if (e->len > 0)
		n += (size_t)snprintf(text + n, LADDER_TEXT - n, "%u:%u(%u) ", seq, end, e->len);
	else
		n += (size_t)snprintf(text + n, LADDER_TEXT - n, "%u ", seq);
	if (e->flags & ACK)
		n += (size_t)snprintf(text + n, LADDER_TEXT - n, "ack %u ", ack);
	if (!(e->flags & RST))
		n += (size_t)snprintf(text + n, LADDER_TEXT - n, "win %u ", e->wnd);
	snprintf(text + n, LADDER_TEXT - n, "%s", e->again ? "again" : "");
	n = strlen(text);
	if (n > 0 && text[n - 1] == ' ')
		text[n - 1] = '\0';
}

/* The states that follow event i at the same time, before anything else: they are what it led to. */
static void
follow(struct end *e, unsigned i)
{
	uint64_t at_us = event(e, i)->at_us;

	for (i++; event(e, i) != NULL && event(e, i)->at_us == at_us; i++) {
		if (event(e, i)->kind == FNS_EVENT_STATE) {
			snprintf(e->state, sizeof(e->state), "%s", fns_event_name(event(e, i)));
			e->drawn[i] = true;
		} else if (event(e, i)->kind != FNS_EVENT_REPORTS) {
			break;
		}
	}
}

/* Will the next segment, at this same time, show it? */
static bool
shown_by_segment(const struct end *e, unsigned i)
{
	uint64_t at_us = event(e, i)->at_us;

	for (i++; event(e, i) != NULL && event(e, i)->at_us == at_us; i++) {
		if (event(e, i)->kind == FNS_EVENT_SENT)
			return true;
		if (event(e, i)->kind != FNS_EVENT_STATE && event(e, i)->kind != FNS_EVENT_REPORTS)
			return false;
	}
	return false;
}

/* Does the receiver do something, that it does not yet know of the segment for, before that arrives? */
static bool
crossed(const struct end *from, unsigned i, const struct end *to)
{
	uint64_t departs = event(from, i)->at_us;

	for (unsigned k = 0; k < from->peer[i]; k++) {
		const struct fns_event *e = event(to, k);

		if (to->drawn[k] || e->kind == FNS_EVENT_REPORTS || e->kind == FNS_EVENT_ARRIVED)
			continue;
		if (e->kind == FNS_EVENT_SENT
		            ? e->at_us >= departs && (to->peer[k] == NOBODY || to->peer[k] > i)
		            : e->at_us > departs)
			return true;
	}
	return false;
}

static void
mark(struct ladder_row *row, const struct fns_event *e)
{
	row->resets = (e->flags & RST) != 0;
	row->closes = (e->flags & FIN) != 0;
}

static const char *
peer_state(struct layout *w, const struct fns_event *e)
{
	struct guess *g = &w->guess;
	bool all = g->we_fin && (e->flags & ACK) && (int32_t)(e->ack - g->fin_ack) >= 0;

	if (e->flags & RST)
		return "(CLOSED)";
	if (e->flags & SYN)
		return (e->flags & ACK) ? "(SYN-RECEIVED)" : "(SYN-SENT)";
	if (e->flags & FIN) {
		g->peer_fin = true;
		return all ? "(LAST-ACK)" : "(FIN-WAIT-1)";
	}
	if (all)
		return g->peer_fin ? "(TIME-WAIT)" : "(CLOSE-WAIT)";
	return g->peer_fin ? "" : "(ESTABLISHED)";
}

/* Nothing recorded it: because there was nobody any more. */
static const char *
gone(const struct end *e)
{
	return event(e, e->next) == NULL && e->r->row.close_class != NULL ? e->state : "";
}

static void
draw_sent(struct layout *w, unsigned side, unsigned i)
{
	struct end *from = &w->end[side], *to = &w->end[w->l->self ? side : !side];
	const struct fns_event *e = event(from, i);
	bool known = from->peer[i] != NOBODY, split = known && !w->l->self && crossed(from, i, to);
	struct ladder_row *row = add(w, split ? LADDER_DEPARTS : LADDER_SEGMENT, side, e->at_us);

	from->row[i] = (uint16_t)(w->l->rows - 1);
	label(row->label, from->r, e);
	mark(row, e);
	if (e->flags & RST)
		follow(from, i); /* the end that it tells of */
	snprintf(row->cell[side], LADDER_TEXT, "%s", from->state);
	if (w->ends == 1 && !w->l->self) {
		snprintf(row->cell[1], LADDER_TEXT, "%s", (e->flags & RST) ? "(CLOSED)" : "");
		if (e->flags & FIN) {
			w->guess.we_fin = true;
			w->guess.fin_ack = e->seq + e->len + 1;
		}
	}
	if (!known && w->ends == 2)
		snprintf(row->cell[!side], LADDER_TEXT, "%s", gone(to));
	if (!known || split)
		return;
	follow(to, from->peer[i]);
	to->drawn[from->peer[i]] = true;
	snprintf(row->cell[!side], LADDER_TEXT, "%s", to->state);
}

static void
draw_arrived(struct layout *w, unsigned side, unsigned i)
{
	struct end *to = &w->end[side];
	const struct fns_event *e = event(to, i);
	bool known = to->peer[i] != NOBODY && w->ends == 2;
	struct ladder_row *row = add(w, known ? LADDER_ARRIVES : LADDER_SEGMENT, !side, e->at_us);

	label(row->label, to->r, e);
	mark(row, e);
	follow(to, i);
	snprintf(row->cell[side], LADDER_TEXT, "%s", to->state);
	if (known) {
		row->other = w->end[!side].row[to->peer[i]];
		w->l->row[row->other].other = (uint16_t)(w->l->rows - 1);
	} else {
		snprintf(row->cell[!side], LADDER_TEXT, "%s",
		         w->ends == 1 ? peer_state(w, e) : gone(&w->end[!side]));
	}
}

static void
draw_note(struct layout *w, unsigned side, const struct fns_event *e)
{
	char *text = add(w, LADDER_NOTE, side, e->at_us)->cell[side];

	if (e->kind == FNS_EVENT_TIMEOUT)
		snprintf(text, LADDER_TEXT, "%s", fns_event_name(e));
	else if (e->what == FNS_CALL_SEND || e->what == FNS_CALL_CONSUME)
		snprintf(text, LADDER_TEXT, "%s(%u)", fns_event_name(e), e->len);
	else if (e->what >= FNS_CALL_SHUT_RD && e->what <= FNS_CALL_SHUT_RDWR)
		snprintf(text, LADDER_TEXT, "%s", fns_event_name(e));
	else
		snprintf(text, LADDER_TEXT, "%s()", fns_event_name(e));
}

static void
draw(struct layout *w, unsigned side)
{
	struct end *end = &w->end[side];
	unsigned i = end->next++;
	const struct fns_event *e = event(end, i);

	if (end->drawn[i])
		return;
	switch ((enum fns_event_kind)e->kind) {
	case FNS_EVENT_SENT:
		draw_sent(w, side, i);
		break;
	case FNS_EVENT_ARRIVED:
		draw_arrived(w, side, i);
		break;
	case FNS_EVENT_CALL:
	case FNS_EVENT_TIMEOUT:
		draw_note(w, side, e);
		break;
	case FNS_EVENT_STATE:
		snprintf(end->state, sizeof(end->state), "%s", fns_event_name(e));
		if (!shown_by_segment(end, i))
			snprintf(add(w, LADDER_STATES, side, e->at_us)->cell[side], LADDER_TEXT, "%s",
			         end->state);
		break;
	case FNS_EVENT_REPORTS:
		break;
	}
}

/* The end whose next event is the earlier one; an arrival waits for its departure. */
static int
earlier(const struct layout *w)
{
	int best = -1;

	for (unsigned side = 0; side < w->ends; side++) {
		const struct end *end = &w->end[side];
		const struct fns_event *e = event(end, end->next);

		if (e == NULL)
			continue;
		if (w->ends == 2 && e->kind == FNS_EVENT_ARRIVED && !end->drawn[end->next] &&
		    end->peer[end->next] != NOBODY && end->peer[end->next] >= w->end[!side].next)
			continue;
		if (best < 0 || e->at_us < event(&w->end[best], w->end[best].next)->at_us)
			best = (int)side;
	}
	return best;
}

static void
begin(struct layout *w)
{
	struct ladder_row *row;

	w->first_us = UINT64_MAX;
	for (unsigned side = 0; side < w->ends; side++) {
		struct end *end = &w->end[side];
		const char *state = end->r->row.state;

		memset(end->peer, NOBODY, sizeof(end->peer));
		for (unsigned i = end->r->row.events; i-- > 0;) {
			if (event(end, i)->kind == FNS_EVENT_STATE)
				state = fns_event_from(event(end, i));
		}
		snprintf(end->state, sizeof(end->state), "%s", state);
		if (end->r->row.events > 0 && event(end, 0)->at_us < w->first_us)
			w->first_us = event(end, 0)->at_us;
		w->l->lost += end->r->row.lost;
	}
	row = add(w, LADDER_STATES, 0, w->first_us);
	for (unsigned side = 0; side < w->ends; side++)
		snprintf(row->cell[side], LADDER_TEXT, "%s", w->end[side].state);
}

void
ladder_lay(struct ladder *l, const struct fns_record *a, const struct fns_record *b)
{
	struct layout w = {.l = l, .end = {{.r = a}, {.r = b}}, .ends = b == NULL ? 1 : 2};
	int side;

	memset(l, 0, sizeof(*l));
	l->record[0] = a;
	l->record[1] = b;
	l->self = b == NULL && a->row.local.port == a->row.remote.port &&
	          memcmp(a->row.local.ip, a->row.remote.ip, 16) == 0;
	begin(&w);
	if (b != NULL) {
		match(&w.end[0], &w.end[1]);
		match(&w.end[1], &w.end[0]);
	} else if (l->self) {
		match(&w.end[0], &w.end[0]);
	}
	while ((side = earlier(&w)) >= 0)
		draw(&w, (unsigned)side);
	for (side = 0; side < (int)w.ends;
	     side++) { /* records that contradict each other are drawn all the same */
		while (event(&w.end[side], w.end[side].next) != NULL)
			draw(&w, (unsigned)side);
	}
}

void
ladder_head(const struct ladder *l, unsigned side, char *text, size_t room)
{
	const struct fns_record_row *row = &l->record[0]->row;
	const struct fns_addr *a = side == 0 ? &row->local : &row->remote;
	bool ip4 = memcmp(a->ip, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0;
	char ip[INET6_ADDRSTRLEN];

	inet_ntop(ip4 ? AF_INET : AF_INET6, ip4 ? a->ip + 12 : a->ip, ip, sizeof(ip));
	if (l->self && side == 1)
		snprintf(text, room, "the same");
	else
		snprintf(text, room, ip4 ? "%s:%u" : "[%s]:%u", ip, a->port);
}

void
ladder_end(const struct ladder *l, unsigned side, char *text, size_t room)
{
	const struct fns_record *r = l->record[l->self ? 0 : side];

	text[0] = '\0';
	if (r != NULL)
		snprintf(text, room, r->row.close_class == NULL ? "still open" : "ended as %s",
		         r->row.close_class);
}
