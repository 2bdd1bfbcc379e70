/* Scripts as text: one step a line, in the notation of the specification (scripts.txt says which words there are). */
#include "diff.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <finesse/finesse.h>

struct reader {
	const char *file;
	unsigned line;
	char *rest;
};

_Noreturn static void
refuse(const struct reader *r, const char *what, const char *word)
{
	fprintf(stderr, "%s:%u: %s: %s\n", r->file, r->line, what, word ? word : "end of line");
	exit(2);
}

static const char *
word(struct reader *r)
{
	return strtok_r(NULL, " \t\n", &r->rest);
}

static long
number(struct reader *r)
{
	const char *w = word(r);
	char *end = NULL;
	long value = w ? strtol(w, &end, 0) : 0;

	if (!w || *end)
		refuse(r, "not a number", w);
	return value;
}

static void
read_flags(struct reader *r, struct arrival *a)
{
	static const char letters[] = "FSRP.UEW"; /* in the order of the bits */
	const char *w = word(r);

	if (!w)
		refuse(r, "flags are missing", w);
	for (; *w; w++) {
		const char *at = strchr(letters, *w);

		if (!at)
			refuse(r, "no such flag", w);
		a->flags |= 1u << (at - letters);
	}
}

/* "1:11 ack 1 win 0 ..."  The difference of the first two is what stands in the sequence space: text, as the spec
 * writes FIN and SYN without theirs. */
static void
read_arrival(struct reader *r, struct arrival *a)
{
	const char *w;
	unsigned from, to;

	a->wnd = -1;
	read_flags(r, a);
	w = word(r);
	if (!w || sscanf(w, "%u:%u", &from, &to) != 2)
		refuse(r, "not FROM:TO", w);
	a->seq = from;
	a->len = to - from;
	while ((w = word(r))) {
		if (!strcmp(w, "ack"))
			a->ack = (uint32_t)number(r);
		else if (!strcmp(w, "win"))
			a->wnd = number(r);
		else if (!strcmp(w, "urg"))
			a->up = (uint32_t)number(r);
		else if (!strcmp(w, "ts"))
			a->ts_off = (int32_t)number(r);
		else if (!strcmp(w, "nots"))
			a->no_ts = true;
		else if (!strcmp(w, "rebase"))
			a->rebase = (uint32_t)number(r);
		else if (!strcmp(w, "port"))
			a->port = (uint16_t)number(r) % PORTS;
		else if (!strcmp(w, "sack")) {
			a->sack[0] = (uint32_t)number(r);
			a->sack[1] = (uint32_t)number(r);
		} else
			refuse(r, "no such part of a segment", w);
	}
}

static void
read_how(struct reader *r, struct step *s)
{
	const char *w = word(r);

	if (w && !strcmp(w, "rd"))
		s->n = FNS_SHUT_RD;
	else if (w && !strcmp(w, "wr"))
		s->n = FNS_SHUT_WR;
	else if (w && !strcmp(w, "rdwr"))
		s->n = FNS_SHUT_RDWR;
	else
		refuse(r, "neither rd, wr nor rdwr", w);
}

static const struct {
	const char *word;
	enum verb verb;
	char operand; /* n: a number; h: how; s: a segment */
} verbs[] = {
	{"<", ARRIVE, 's'},      {"listen", LISTEN, 0},       {"unlisten", UNLISTEN, 0},
	{"connect", CONNECT, 0}, {"connected", CONNECTED, 0}, {"accept", ACCEPT, 0},
	{"send", SEND, 'n'},     {"recv", RECV, 'n'},         {"shutdown", SHUTDOWN, 'h'},
	{"close", CLOSE, 0},     {"wait", WAIT, 'n'},         {"shutlisten", SHUT_LISTEN, 'h'},
};

static void
add_step(struct reader *r, struct script *t, const char *line)
{
	struct step *s = &t->step[t->steps];
	char copy[TEXT_ROOM], *amp;
	const char *w;
	size_t i = 0;

	if (t->steps == STEPS_MAX || strlen(line) >= TEXT_ROOM)
		refuse(r, "too long", line);
	t->steps++;
	*s = (struct step){0};
	strcpy(copy, line);
	strcpy(s->text, line);
	amp = strchr(copy, '&');
	if (amp) {
		s->at_once = true;
		*amp = '\0';
	}
	w = strtok_r(copy, " \t\n", &r->rest);
	while (i < sizeof(verbs) / sizeof(verbs[0]) && (!w || strcmp(verbs[i].word, w) != 0))
		i++;
	if (i == sizeof(verbs) / sizeof(verbs[0]))
		refuse(r, "no such step", line);
	s->verb = verbs[i].verb;
	if (verbs[i].operand == 's')
		read_arrival(r, &s->a);
	else if (verbs[i].operand == 'n')
		s->n = (uint32_t)number(r);
	else if (verbs[i].operand == 'h')
		read_how(r, s);
	w = word(r);
	if (w)
		refuse(r, "too much", w);
}

/* Ways into a state, in steps of their own. */
static bool
add_macro(struct reader *r, struct script *t, const char *name)
{
	static const struct {
		const char *name, *step[8];
	} macros[] = {
		{"accepted", {"listen", "< S 0:0 &", "< . 1:1 ack 1", "accept"}},
		{"opened", {"connect &", "< S. 0:0 ack 1", "connected"}},
		{"orphan-fin-wait-2",
	         {"listen", "< S 0:0 &", "< . 1:1 ack 1", "accept", "close", "< . 1:1 ack 2"}},
		{"half-closed",
	         {"listen", "< S 0:0 &", "< . 1:1 ack 1", "accept", "shutdown wr", "< . 1:1 ack 2"}},
		{"close-wait",
	         {"listen", "< S 0:0 &", "< . 1:1 ack 1", "accept", "< F. 1:1 ack 1", "recv 10"}},
		{"time-wait",
	         {"listen", "< S 0:0 &", "< . 1:1 ack 1", "accept", "close", "< . 1:1 ack 2",
	          "< F. 1:1 ack 2"}},
	};

	for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++) {
		if (strcmp(macros[i].name, name) != 0)
			continue;
		for (unsigned j = 0; j < 8 && macros[i].step[j]; j++)
			add_step(r, t, macros[i].step[j]);
		return true;
	}
	return false;
}

static bool
set_switch(struct settings *s, const char *key)
{
	const struct {
		const char *key;
		bool *to;
	} switches[] = {
		{"v6", &s->v6},
		{"linger0", &s->linger0},
		{"nodelay", &s->nodelay},
		{"ts", &s->offer_ts},
		{"sack", &s->offer_sack},
		{"ws", &s->offer_ws},
		{"probes", &s->probes},
		{"rfc1337", &s->rfc1337},
		{"tw_reuse", &s->tw_reuse},
		{"slow", &s->slow},
		{"linear", &s->linear},
		{"limits", &s->limits},
		{"stranger", &s->stranger},
	};

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (!strcmp(switches[i].key, key))
			return *switches[i].to = true;
	return false;
}

static bool
set_number(struct reader *r, struct settings *s, const char *key)
{
	const struct {
		const char *key;
		int *to;
	} numbers[] = {
		{"linger2", &s->linger2_s},
		{"fin_timeout", &s->fin_timeout_s},
		{"orphan_retries", &s->orphan_retries},
		{"retries", &s->retries},
		{"syn_retries", &s->syn_retries},
		{"rto_min", &s->rto_min_ms},
		{"window", &s->window},
		{"mss", &s->mss},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!strcmp(numbers[i].key, key)) {
			*numbers[i].to = (int)number(r);
			return true;
		}
	return false;
}

static void
begin_script(struct reader *r, struct script *t)
{
	const char *name = word(r), *w;

	if (!name || strlen(name) >= NAME_ROOM)
		refuse(r, "not a name", name);
	memset(t, 0, sizeof(*t));
	strcpy(t->name, name);
	t->set = (struct settings){.fin_timeout_s = -1,
	                           .orphan_retries = -1,
	                           .retries = -1,
	                           .syn_retries = -1,
	                           .rto_min_ms =
	                                   10000, /* nothing is sent again unless a script is about that */
	                           .window = 65535,
	                           .mss = 1460,
	                           .rfc1337 = false};
	while ((w = word(r)))
		if (!set_switch(&t->set, w) && !set_number(r, &t->set, w))
			refuse(r, "no such setting", w);
}

unsigned
scripts_read(const char *file, struct script *script, unsigned room)
{
	struct reader r = {.file = file};
	FILE *f = fopen(file, "r");
	char line[256];
	unsigned count = 0;

	if (!f)
		refuse(&r, "cannot be read", strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		char *hash = strchr(line, '#'), *text = line, *w;

		r.line++;
		if (hash)
			*hash = '\0';
		text += strspn(text, " \t");
		text[strcspn(text, "\n")] = '\0';
		for (size_t n = strlen(text); n > 0 && text[n - 1] == ' '; n--)
			text[n - 1] = '\0';
		if (!*text)
			continue;
		if (!strncmp(text, "script ", 7)) {
			if (count == room)
				refuse(&r, "too many scripts", NULL);
			w = strtok_r(text, " \t", &r.rest);
			(void)w;
			begin_script(&r, &script[count++]);
		} else if (!count) {
			refuse(&r, "a step before any script", text);
		} else if (!add_macro(&r, &script[count - 1], text)) {
			add_step(&r, &script[count - 1], text);
		}
	}
	fclose(f);
	return count;
}
