/* The differential runner: plays every script to both sides, each in a process of its own, and holds what differs
 * against the ledger.
 *
 *   diff SCRIPTS LEDGER [--show] [--slow] [--once] [--jobs N] [SCRIPT...]
 *
 * Fails for a difference that the ledger does not have, for a line of the ledger that does not occur, and for a line of
 * class "ours wrong".  Exit 77: no root, or no /dev/net/tun. */
#include "diff.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOBS_MAX = 32, TRIES = 3 };

static struct script script[SCRIPTS_MAX];
static struct ledger ledger;

static struct {
	bool show, slow, once;
	unsigned jobs;
} options = {.jobs = 8};

/* What the child wrote: lines "D difference", "L line of the ladder", and "N counts" at the end. */
struct report {
	bool played, died;
	char *differences, *ladder;
	unsigned count, unknown; /* differences, and those that the ledger does not have */
	struct counts counts;
};

static struct report report[SCRIPTS_MAX];

/* In the child */

static void
copy_lines(const char *mark, char *text, FILE *to)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")))
		if (*line)
			fprintf(to, "%s %s\n", mark, line);
}

static void
play_both(const struct script *t, FILE *to)
{
	static struct play ours, kernel;
	struct counts n = {0};
	char *differences = NULL, *drawn = NULL;
	size_t size;
	FILE *f;

	alarm(180); /* a play that never ends is a failure of this script, not of the run */
	play(&ours, t, &core_side);
	play(&kernel, t, &kernel_side);
	f = open_memstream(&differences, &size);
	compare(&ours, &kernel, f, &n);
	fclose(f);
	f = open_memstream(&drawn, &size);
	ladder(&ours, &kernel, f);
	fclose(f);
	copy_lines("D", differences, to);
	copy_lines("L", drawn, to);
	fprintf(to, "N %u %u %u %u %u\n", n.steps, n.segments, n.results, n.states, n.skipped);
	free(differences);
	free(drawn);
}

/* In the parent */

struct job {
	pid_t pid;
	int fd;
	unsigned of; /* which script */
	char *text;
	size_t len;
};

static void
start(struct job *j, unsigned of)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0) {
		perror("pipe");
		exit(2);
	}
	fflush(stdout);
	*j = (struct job){.pid = fork(), .fd = ends[0], .of = of};
	if (j->pid == 0) {
		FILE *to = fdopen(ends[1], "w");

		play_both(&script[of], to);
		fclose(to);
		_exit(0);
	}
	close(ends[1]);
	if (j->pid < 0) {
		perror("fork");
		exit(2);
	}
}

static void
append(char **text, const char *line)
{
	size_t had = *text ? strlen(*text) : 0, more = strlen(line);

	*text = realloc(*text, had + more + 2);
	memcpy(*text + had, line, more);
	strcpy(*text + had + more, "\n");
}

/* Counts and, if asked, tells what the ledger says to the differences of a script. */
static void
judge(unsigned of, bool mark)
{
	struct report *r = &report[of];
	char *copy = strdup(r->differences ? r->differences : ""), *rest = copy, *what;

	r->count = r->unknown = 0;
	while ((what = strsep(&rest, "\n"))) {
		struct line *line;

		if (!*what)
			continue;
		line = ledger_find(&ledger, script[of].name, what);
		r->count++;
		r->unknown += line == NULL;
		if (line && mark)
			line->seen = true;
	}
	free(copy);
}

static void
finish(struct job *j)
{
	struct report *r = &report[j->of];
	char *rest = j->text, *line;
	bool whole = false;

	free(r->differences);
	free(r->ladder);
	*r = (struct report){.played = true};
	while ((line = strsep(&rest, "\n"))) {
		struct counts *n = &r->counts;

		if (line[0] == 'D')
			append(&r->differences, line + 2);
		else if (line[0] == 'L')
			append(&r->ladder, line + 2);
		else if (line[0] == 'N')
			whole = sscanf(line, "N %u %u %u %u %u", &n->steps, &n->segments, &n->results,
			               &n->states, &n->skipped) == 5;
	}
	r->died = !whole;
	free(j->text);
	waitpid(j->pid, NULL, 0);
	close(j->fd);
	judge(j->of, false);
}

/* One that differs as the ledger does not know, or lacks what the ledger has, for the second try. */
static bool
surprises(unsigned of)
{
	unsigned known = 0;

	for (unsigned i = 0; i < ledger.lines; i++)
		known += !strcmp(ledger.line[i].script, script[of].name);
	return report[of].died || report[of].unknown > 0 || report[of].count != known;
}

static void
play_all(const unsigned *which, unsigned count, unsigned jobs)
{
	struct job job[JOBS_MAX];
	unsigned running = 0, next = 0;

	while (running > 0 || next < count) {
		struct pollfd fds[JOBS_MAX];

		while (running < jobs && next < count)
			start(&job[running++], which[next++]);
		for (unsigned i = 0; i < running; i++)
			fds[i] = (struct pollfd){.fd = job[i].fd, .events = POLLIN};
		poll(fds, running, -1);
		for (unsigned i = running; i-- > 0;) {
			char piece[4096];
			ssize_t n;

			if (!fds[i].revents)
				continue;
			n = read(job[i].fd, piece, sizeof(piece));
			if (n > 0) {
				job[i].text = realloc(job[i].text, job[i].len + (size_t)n + 1);
				memcpy(job[i].text + job[i].len, piece, (size_t)n);
				job[i].len += (size_t)n;
				job[i].text[job[i].len] = '\0';
				continue;
			}
			finish(&job[i]);
			job[i] = job[--running];
		}
	}
}

static void
tell(unsigned of)
{
	struct report *r = &report[of];
	char *rest = r->differences, *what;

	printf("%-44s %s\n", script[of].name, r->died ? "DIED" : r->count ? "differs" : "same");
	if (r->ladder && (options.show || r->unknown > 0))
		printf("%s", r->ladder);
	while (rest && (what = strsep(&rest, "\n"))) {
		const struct line *line;

		if (!*what)
			continue;
		line = ledger_find(&ledger, script[of].name, what);
		if (line)
			printf("    %-15s %s\n", line->class, what);
		else
			printf("    NOT IN LEDGER   %s | %s | ? | ?\n", script[of].name, what);
	}
}

struct sums {
	struct counts n;
	unsigned scripts, same, passed, failed, differences;
};

static void
sum_up(struct sums *s, unsigned of)
{
	const struct report *r = &report[of];
	bool wrong = false, stale = false;

	judge(of, true);
	tell(of);
	for (unsigned i = 0; i < ledger.lines; i++) {
		const struct line *line = &ledger.line[i];

		if (strcmp(line->script, script[of].name) != 0)
			continue;
		wrong |= !strcmp(line->class, "ours wrong");
		if (!line->seen && !r->died) {
			stale = true;
			printf("    NO LONGER       line %u: %s\n", line->number, line->what);
		}
	}
	s->scripts++;
	s->same += !r->died && !r->count;
	s->differences += r->count;
	if (r->died || r->unknown || wrong || stale)
		s->failed++;
	else
		s->passed++;
	s->n.steps += r->counts.steps;
	s->n.segments += r->counts.segments;
	s->n.results += r->counts.results;
	s->n.states += r->counts.states;
	s->n.skipped += r->counts.skipped;
}

static unsigned
choose(unsigned scripts, int argc, char **argv, unsigned *which)
{
	unsigned count = 0;

	for (unsigned i = 0; i < scripts; i++) {
		bool named = argc == 0;

		for (int j = 0; j < argc; j++)
			named |= !strncmp(script[i].name, argv[j], strlen(argv[j]));
		if (named && (options.slow || !script[i].set.slow || argc > 0))
			which[count++] = i;
	}
	return count;
}

/* Lines of scripts that there are none of are stale as well. */
static unsigned
homeless(unsigned scripts)
{
	unsigned count = 0;

	for (unsigned i = 0; i < ledger.lines; i++) {
		unsigned j = 0;

		while (j < scripts && strcmp(script[j].name, ledger.line[i].script) != 0)
			j++;
		if (j == scripts) {
			printf("    NO SUCH SCRIPT  line %u: %s\n", ledger.line[i].number,
			       ledger.line[i].script);
			count++;
		}
	}
	return count;
}

static int
run(unsigned scripts, int argc, char **argv)
{
	static const char *const classes[] = {"ours wrong", "kernel deviates", "free choice"};
	unsigned which[SCRIPTS_MAX], again[SCRIPTS_MAX], count = choose(scripts, argc, argv, which), n = 0;
	struct sums s = {0};

	play_all(which, count, options.jobs);
	for (unsigned try = 1; try < TRIES && !options.once; try++) {
		n = 0;
		for (unsigned i = 0; i < count; i++)
			if (surprises(which[i]))
				again[n++] = which[i];
		if (n > 0)
			printf("%u scripts once more, two at a time: a loaded machine moves real time\n", n);
		play_all(again, n, 2);
	}
	for (unsigned i = 0; i < count; i++)
		sum_up(&s, which[i]);
	s.failed += homeless(scripts);
	printf("\n%u scripts, %u the same; %u steps, %u segments of the kernel's, %u results and %u states "
	       "compared, %u results not\n%u differences in the ledger or not:",
	       s.scripts, s.same, s.n.steps, s.n.segments, s.n.results, s.n.states, s.n.skipped,
	       s.differences);
	for (unsigned c = 0; c < 3; c++) {
		unsigned of_class = 0;

		for (unsigned i = 0; i < ledger.lines; i++)
			of_class += ledger.line[i].seen && !strcmp(ledger.line[i].class, classes[c]);
		printf(" %u %s%s", of_class, classes[c], c < 2 ? "," : "\n");
	}
	printf("%u passed, %u failed\n", s.passed, s.failed);
	return s.failed > 0;
}

int
main(int argc, char **argv)
{
	unsigned scripts;
	int first = 3;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 3) {
		fprintf(stderr,
		        "usage: diff SCRIPTS LEDGER [--show] [--slow] [--once] [--jobs N] [SCRIPT...]\n");
		return 2;
	}
	for (; first < argc && argv[first][0] == '-'; first++) {
		if (!strcmp(argv[first], "--show"))
			options.show = true;
		else if (!strcmp(argv[first], "--slow"))
			options.slow = true;
		else if (!strcmp(argv[first], "--once"))
			options.once = true;
		else if (!strcmp(argv[first], "--jobs") && first + 1 < argc)
			options.jobs = (unsigned)atoi(argv[++first]);
	}
	options.jobs = options.jobs < 1 ? 1 : options.jobs > JOBS_MAX ? JOBS_MAX : options.jobs;
	if (geteuid() != 0 || access("/dev/net/tun", R_OK | W_OK) != 0) {
		printf("SKIPPED: the differential run makes a network namespace and a tap in it: it needs root and "
		       "/dev/net/tun\n");
		return 77;
	}
	scripts = scripts_read(argv[1], script, SCRIPTS_MAX);
	ledger_read(&ledger, argv[2]);
	return run(scripts, argc - first, argv + first);
}
