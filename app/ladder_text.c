/* A ladder in a terminal. */
#include <inttypes.h>
#include <string.h>

#include "ladder.h"

enum { LEFT = 13, MIDDLE = 50, RIGHT = 14 };

struct strokes {
	const char *line, *to_right, *to_left, *far;
};
static const struct strokes utf8 = {"─", "▶", "◀", "┄"}, plain = {"-", ">", "<", "."};

static void
repeat(FILE *out, const char *piece, unsigned n)
{
	while (n-- > 0)
		fputs(piece, out);
}

/* ──── label ────▶, in MIDDLE columns; the half of a crossing segment that is elsewhere is dotted. */
static void
arrow(const struct ladder_row *row, const struct strokes *s, FILE *out)
{
	unsigned len = (unsigned)strlen(row->label), rest = len + 3 < MIDDLE ? MIDDLE - 3 - len : 0,
		 left = rest / 2;
	bool to_right = row->side == 0;
	bool near_left = row->kind == LADDER_SEGMENT || (row->kind == LADDER_DEPARTS) == to_right;
	bool near_right = row->kind == LADDER_SEGMENT || (row->kind == LADDER_DEPARTS) != to_right;
	bool arrives = row->kind != LADDER_DEPARTS;

	fputs(to_right ? "" : arrives ? s->to_left : s->far, out);
	repeat(out, near_left ? s->line : s->far, left);
	fprintf(out, " %s ", row->label);
	repeat(out, near_right ? s->line : s->far, rest - left);
	fputs(!to_right ? "" : arrives ? s->to_right : s->far, out);
}

static void
print_row(const struct ladder_row *row, bool timed, const struct strokes *s, FILE *out)
{
	char at[24] = "", line[3 * LADDER_TEXT];
	size_t n;

	if (timed)
		snprintf(at, sizeof(at), "%" PRIu64 ".%03u", row->after_us / 1000,
		         (unsigned)(row->after_us % 1000));
	if (row->kind == LADDER_SEGMENT || row->kind == LADDER_DEPARTS || row->kind == LADDER_ARRIVES) {
		fprintf(out, "%11s  %-*s ", at, LEFT, row->cell[0]);
		arrow(row, s, out);
		fprintf(out, "%s%s\n", row->cell[1][0] != '\0' ? " " : "", row->cell[1]);
		return;
	}
	/* A note may reach into the middle; that of the right ends where its column does. */
	n = strlen(row->cell[1]) > RIGHT ? strlen(row->cell[1]) - RIGHT : 0;
	snprintf(line, sizeof(line), "%11s  %-*s %s", at, LEFT + MIDDLE + 1 - (int)n, row->cell[0],
	         row->cell[1]);
	for (n = strlen(line); n > 0 && line[n - 1] == ' '; n--)
		line[n - 1] = '\0';
	fprintf(out, "%s\n", line);
}

void
ladder_print(const struct ladder *l, const char *title, bool ascii, FILE *out)
{
	const struct strokes *s = ascii ? &plain : &utf8;
	char head[2][LADDER_TEXT], line[3 * LADDER_TEXT];

	for (unsigned side = 0; side < 2; side++)
		ladder_head(l, side, head[side], sizeof(head[side]));
	fprintf(out, "%s\n\n", title);
	snprintf(line, sizeof(line), "%11s  %-*s", "ms", LEFT + MIDDLE + RIGHT + 2 - (int)strlen(head[1]),
	         head[0]);
	fprintf(out, "%s%s\n", line, head[1]);
	if (l->lost > 0)
		fprintf(out, "%11s  (%u earlier events are not kept)\n", "", l->lost);
	for (unsigned i = 0; i < l->rows; i++)
		print_row(&l->row[i], i == 0 || l->row[i].after_us != l->row[i - 1].after_us, s, out);
	ladder_end(l, 0, head[0], sizeof(head[0]));
	head[1][0] = '\0';
	if (!l->self)
		ladder_end(l, 1, head[1], sizeof(head[1]));
	snprintf(line, sizeof(line), "%11s  %-*s%s", "", LEFT + MIDDLE + RIGHT + 2 - (int)strlen(head[1]),
	         head[0], head[1]);
	for (size_t n = strlen(line); n > 0 && line[n - 1] == ' '; n--)
		line[n - 1] = '\0';
	fprintf(out, "%s\n", line);
}
