/* What differs, and which differences are known: ledger.txt, a line for each. */
#include "diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Comparison */

static void
join(const struct outcome *o, char *to, size_t room)
{
	size_t at = 0;

	snprintf(to, room, "nothing");
	for (unsigned i = 0; i < o->sends && at < room; i++)
		at += (size_t)snprintf(to + at, room - at, "%s%s", i ? "; " : "", o->sent[i]);
}

static bool
sends_equal(const struct outcome *a, const struct outcome *b)
{
	if (a->sends != b->sends)
		return false;
	for (unsigned i = 0; i < a->sends; i++)
		if (strcmp(a->sent[i], b->sent[i]) != 0)
			return false;
	return true;
}

void
compare(const struct play *ours, const struct play *kernel, FILE *to, struct counts *n)
{
	char a[SENDS_MAX * TEXT_ROOM], b[SENDS_MAX * TEXT_ROOM];

	for (unsigned i = 0; i < ours->script->steps; i++) {
		const struct outcome *o = &ours->outcome[i], *k = &kernel->outcome[i];
		const char *step = ours->script->step[i].text;

		n->steps++;
		n->segments += k->sends;
		if (!sends_equal(o, k)) {
			join(o, a, sizeof(a));
			join(k, b, sizeof(b));
			fprintf(to, "%u %s, segments: ours %s / kernel %s\n", i + 1, step, a, b);
		}
		if (!strcmp(o->result, "?")) {
			n->skipped++;
		} else if (o->result[0] || k->result[0]) {
			n->results++;
			if (strcmp(o->result, k->result) != 0)
				fprintf(to, "%u %s, result: ours %s / kernel %s\n", i + 1, step, o->result,
				        k->result);
		}
		n->states += o->state[0] != '\0';
		if (strcmp(o->state, k->state) != 0)
			fprintf(to, "%u %s, state: ours %s / kernel %s\n", i + 1, step, o->state, k->state);
	}
}

static void
draw(const struct outcome *o, const char *mark, FILE *to)
{
	if (o->result[0])
		fprintf(to, "%s  = %s\n", mark, o->result);
	for (unsigned i = 0; i < o->sends; i++)
		fprintf(to, "%s      > %s\n", mark, o->sent[i]);
}

static bool
outcome_equal(const struct outcome *o, const struct outcome *k)
{
	return sends_equal(o, k) && !strcmp(o->state, k->state) &&
	       (!strcmp(o->result, "?") || !strcmp(o->result, k->result));
}

/* As a unified list: what both do, or -ours and +kernel. */
void
ladder(const struct play *ours, const struct play *kernel, FILE *to)
{
	for (unsigned i = 0; i < ours->script->steps; i++) {
		const struct outcome *o = &ours->outcome[i], *k = &kernel->outcome[i];

		fprintf(to, "  %2u %s\n", i + 1, ours->script->step[i].text);
		if (outcome_equal(o, k)) {
			draw(k, "    ", to);
			fprintf(to, "           %s\n", k->state);
			continue;
		}
		draw(o, "   -", to);
		fprintf(to, "   -       %s\n", o->state);
		draw(k, "   +", to);
		fprintf(to, "   +       %s\n", k->state);
	}
}

/* The ledger */

_Noreturn static void
refuse(const char *file, unsigned number, const char *what)
{
	fprintf(stderr, "%s:%u: %s\n", file, number, what);
	exit(2);
}

/* Cuts the next column off, without the blanks around it. */
static char *
column(char **rest)
{
	char *at = *rest, *bar;

	if (!at)
		return NULL;
	bar = strchr(at, '|');
	*rest = bar ? bar + 1 : NULL;
	if (bar)
		*bar = '\0';
	at += strspn(at, " \t");
	for (size_t n = strlen(at); n > 0 && strchr(" \t\n", at[n - 1]); n--)
		at[n - 1] = '\0';
	return at;
}

void
ledger_read(struct ledger *l, const char *file)
{
	FILE *f = fopen(file, "r");
	char text[4096];

	l->lines = 0;
	if (!f)
		refuse(file, 0, strerror(errno));
	for (unsigned number = 1; fgets(text, sizeof(text), f); number++) {
		struct line *line = &l->line[l->lines];
		char *rest = text;

		if (text[0] == '#' || text[strspn(text, " \t\n")] == '\0')
			continue;
		if (l->lines == LINES_MAX)
			refuse(file, number, "too many lines");
		rest = line->script =
			strdup(text); /* never freed: the run is short, the columns point into it */
		line->script = column(&rest);
		line->what = column(&rest);
		line->class = column(&rest);
		line->reason = column(&rest);
		line->number = number;
		line->seen = false;
		if (!line->reason || !*line->reason || rest)
			refuse(file, number, "not SCRIPT | WHAT | CLASS | REASON");
		if (strcmp(line->class, "ours wrong") != 0 && strcmp(line->class, "kernel deviates") != 0 &&
		    strcmp(line->class, "free choice") != 0)
			refuse(file, number, "the class is ours wrong, kernel deviates or free choice");
		if (ledger_find(l, line->script, line->what))
			refuse(file, number, "stands there twice");
		l->lines++;
	}
	fclose(f);
}

struct line *
ledger_find(struct ledger *l, const char *script, const char *what)
{
	for (unsigned i = 0; i < l->lines; i++)
		if (!strcmp(l->line[i].script, script) && !strcmp(l->line[i].what, what))
			return &l->line[i];
	return NULL;
}
