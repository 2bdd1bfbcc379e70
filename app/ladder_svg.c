/* A ladder as an SVG document: no script, no font but the reader's own, dark on light or light on dark. */
#include <inttypes.h>
#include <string.h>

#include "ladder.h"

enum { WIDTH = 920, X_TIME = 80, X_LEFT = 285, X_RIGHT = 665, Y_TOP = 110, STEP = 30, SLOPE = 14 };

static void
escape(const char *text, FILE *out)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			if ((unsigned char)*text >= 32) /* what XML cannot hold is left out */
				fputc(*text, out);
		}
	}
}

static void
words(FILE *out, const char *class, int x, int y, const char *text)
{
	if (text[0] == '\0')
		return;
	fprintf(out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, x, y);
	escape(text, out);
	fputs("</text>\n", out);
}

static int
height_of(unsigned row)
{
	return Y_TOP + (int)row * STEP;
}

static void
segment(const struct ladder_row *row, unsigned i, FILE *out)
{
	bool to_right = row->side == 0;
	const char *look = row->resets ? "rst" : row->closes ? "fin" : "seg";
	int x1 = to_right ? X_LEFT : X_RIGHT, x2 = to_right ? X_RIGHT : X_LEFT, y1 = height_of(i);
	int y2 = row->kind == LADDER_DEPARTS && row->other > i ? height_of(row->other) : y1 + SLOPE;
	int xl = row->kind == LADDER_DEPARTS ? x1 + (x2 - x1) / 4 : (x1 + x2) / 2; /* not where it crosses */

	fprintf(out, "<line class=\"%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" marker-end=\"url(#%s)\"/>\n",
	        look, x1, y1, x2 + (to_right ? -3 : 3), y2, look);
	words(out, row->kind == LADDER_DEPARTS ? (to_right ? "label" : "label right") : "label middle",
	      row->kind == LADDER_DEPARTS ? x1 + (to_right ? 12 : -12) : xl, y1 - 4, row->label);
}

static void
draw_row(const struct ladder *l, unsigned i, FILE *out)
{
	const struct ladder_row *row = &l->row[i];
	const char *look = row->kind == LADDER_NOTE ? "note" : "state";
	int y = height_of(i), lower = y + 5;
	char at[24];

	if (i == 0 || row->after_us != l->row[i - 1].after_us) {
		snprintf(at, sizeof(at), "%" PRIu64 ".%03u", row->after_us / 1000,
		         (unsigned)(row->after_us % 1000));
		words(out, "time right", X_TIME, lower, at);
	}
	for (unsigned side = 0; side < 2; side++) {
		bool receives = row->kind == LADDER_SEGMENT && side != row->side;
		char class[24];

		snprintf(class, sizeof(class), "%s%s", look, side == 0 ? " right" : "");
		words(out, class, side == 0 ? X_LEFT - 12 : X_RIGHT + 12, lower + (receives ? SLOPE : 0),
		      row->cell[side]);
	}
	if (row->kind == LADDER_SEGMENT || row->kind == LADDER_DEPARTS)
		segment(row, i, out);
}

static const char style[] =
	"<style>\n"
	"svg { background: #fff; color: #1c2733; font: 13px ui-monospace, Menlo, Consolas, monospace; }\n"
	"text { fill: currentColor; } .right { text-anchor: end; } .middle { text-anchor: middle; }\n"
	".title { font-size: 14px; font-weight: 600; } .head { font-weight: 600; }\n"
	".time { fill: #78838f; } .note { fill: #8a4b00; font-style: italic; } .label { font-size: 12px; }\n"
	".class { fill: #78838f; } line { stroke-width: 1.5; } .life { stroke: #b6bfc9; }\n"
	".seg { stroke: #2f5f9e; } .fin { stroke: #1b7f4d; } .rst { stroke: #b3261e; }\n"
	"@media (prefers-color-scheme: dark) {\n"
	"svg { background: #12171d; color: #e3e8ee; } .note { fill: #f0b060; } .life { stroke: #48525d; }\n"
	".seg { stroke: #7fb0f0; } .fin { stroke: #5fc890; } .rst { stroke: #ff8a80; }\n"
	"}\n"
	"</style>\n";

static void
marker(const char *id, FILE *out)
{
	fprintf(out,
	        "<marker id=\"%s\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" "
	        "orient=\"auto\"><path class=\"%s\" d=\"M0 0 L8 4 L0 8\" fill=\"none\"/></marker>\n",
	        id, id);
}

void
ladder_svg(const struct ladder *l, const char *title, FILE *out)
{
	int bottom = height_of(l->rows), height = bottom + 50;
	char head[LADDER_TEXT], note[64];

	fprintf(out,
	        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n<title>",
	        WIDTH, height, WIDTH, height);
	escape(title, out);
	fprintf(out, "</title>\n%s<defs>\n", style);
	marker("seg", out);
	marker("fin", out);
	marker("rst", out);
	fputs("</defs>\n", out);
	words(out, "title", 20, 32, title);
	words(out, "time right", X_TIME, 72, "ms");
	for (unsigned side = 0; side < 2; side++) {
		int x = side == 0 ? X_LEFT : X_RIGHT;

		ladder_head(l, side, head, sizeof(head));
		words(out, "head middle", x, 72, head);
		ladder_end(l, side, head, sizeof(head));
		if (side == 0 || !l->self)
			words(out, "class middle", x, bottom + 28, head);
		fprintf(out, "<line class=\"life\" x1=\"%d\" y1=\"84\" x2=\"%d\" y2=\"%d\"/>\n", x, x,
		        bottom + 8);
	}
	if (l->lost > 0) {
		snprintf(note, sizeof(note), "%u earlier events are not kept", l->lost);
		words(out, "time middle", (X_LEFT + X_RIGHT) / 2, 92, note);
	}
	for (unsigned i = 0; i < l->rows; i++)
		draw_row(l, i, out);
	fputs("</svg>\n", out);
}
