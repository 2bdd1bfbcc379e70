/* finessectl: asks the daemon over its control socket, and shows the answers. */
#ifndef FINESSECTL_H
#define FINESSECTL_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

/* What was asked for on the command line. */
struct wish {
	const char *path;
	bool json, ages, dry_run, wait, ascii;
	const char *command;
	/* of conns, ladder, capture, drain; NULL or negative: not given */
	const char *state, *local, *remote, *conn, *close_class, *svg, *out;
	double older_s, deadline_s;
	long long limit, last;
};

enum { EXIT_BAD_USE = 2, EXIT_FORCED = 3 };

/* link.c: connects; false after a line on standard error. */
bool link_open(const struct wish *);
/* A request with these members besides command and version; takes `members` over. */
bool link_ask(const struct wish *, json_t *members);
/* The next line of the answer; NULL after a line on standard error.  With an "error" in it, that is told, and NULL. */
json_t *link_answer(void);
void link_patient(void); /* the next line may take as long as it likes */
void link_close(void);
/* One line: the shards of "stalled" did not answer. */
void tell_stalled(const json_t *answer);

/* One line on standard error; returns 1. */
int complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Members, with a value for what is not there. */
const char *text_of(const json_t *, const char *name);
long long number_of(const json_t *, const char *name);
double real_of(const json_t *, const char *name);

/* tables.c */
char *duration(double us, char text[32]); /* "3.2 s" */
void print_json(json_t *);                /* one object, taken over */

/* The commands: what finessectl exits with. */
int show_status(const struct wish *);
int show_states(const struct wish *);
int show_rows(const struct wish *); /* stats, drops */
int show_closes(const struct wish *);
int show_resets(const struct wish *);
int show_conns(const struct wish *);
int show_ladder(const struct wish *);
int run_drain(const struct wish *);
int run_capture(const struct wish *);

#endif
