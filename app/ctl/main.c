/* finessectl: what a person or a program asks of a running finessed.
 *
 * Exit status: 0 answered; 1 not, or what was asked about does not hold; 2 wrong use; 3 a drain was forced. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

/* clang-format off */
static const struct command {
	const char *name, *options, *help;
	int (*run)(const struct wish *);
} commands[] = {
	{"status", "", "version, uptime, workers and their load, phase", show_status},
	{"states", "a", "connections per state, their ages, the oldest one  [--ages: with --json also those]", show_states},
	{"conns", "SLRlO", "connections  [--state S] [--local A:P] [--remote A:P] [--limit N] [--older-than SECONDS]", show_conns},
	{"stats", "", "counters and what they count", show_rows},
	{"drops", "", "what came of every frame", show_rows},
	{"closes", "", "how connections ended; exit status 1 if the sums do not add up", show_closes},
	{"resets", "", "resets by reason, and the last 64", show_resets},
	{"ladder", "cNgA", "a connection's segments and states  [--conn FLOW] [--last N] [--svg FILE] [--ascii]", show_ladder},
	{"capture", "cCo", "pcapng of one connection, or of the next that ends in a class  --conn FLOW | --class C --out FILE", run_capture},
	{"drain", "DnW", "stop accepting, let connections finish, end  [--deadline SECONDS] [--dry-run] [--wait]", run_drain},
};
/* clang-format on */

static const struct option options[] = {
	{"socket", required_argument, NULL, 's'},   {"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},           {"version", no_argument, NULL, 'v'},
	{"ages", no_argument, NULL, 'a'},           {"state", required_argument, NULL, 'S'},
	{"local", required_argument, NULL, 'L'},    {"remote", required_argument, NULL, 'R'},
	{"limit", required_argument, NULL, 'l'},    {"older-than", required_argument, NULL, 'O'},
	{"conn", required_argument, NULL, 'c'},     {"class", required_argument, NULL, 'C'},
	{"out", required_argument, NULL, 'o'},      {"last", required_argument, NULL, 'N'},
	{"svg", required_argument, NULL, 'g'},      {"ascii", no_argument, NULL, 'A'},
	{"deadline", required_argument, NULL, 'D'}, {"dry-run", no_argument, NULL, 'n'},
	{"wait", no_argument, NULL, 'W'},           {NULL, 0, NULL, 0},
};

static void
usage(FILE *out)
{
	fputs("usage: finessectl [-s SOCKET] [--json] COMMAND\n\n", out);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
	fputs("\n  -s, --socket SOCKET  of the daemon; /run/finesse/control.sock\n"
	      "      --json           one JSON object on standard output\n\n"
	      "exit status: 0 answered, 1 not, 2 wrong use, 3 a drain had to abort connections\n",
	      out);
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	complain("there is no command \"%s\" (--help)", name);
	return NULL;
}

/* A number that is not negative, or -1 after a complaint. */
static double
number(const char *option, const char *text)
{
	char *end;
	double n = strtod(text, &end);

	if (*text != '\0' && *end == '\0' && n >= 0 && n < 1e15)
		return n;
	complain("--%s: \"%s\" is no number of that kind", option, text);
	return -1;
}

static bool
set(struct wish *w, int o, const char *name, const char *value)
{
	const struct {
		int option;
		const char **text;
	} texts[] = {{'s', &w->path}, {'S', &w->state}, {'L', &w->local},       {'R', &w->remote},
	             {'c', &w->conn}, {'g', &w->svg},   {'C', &w->close_class}, {'o', &w->out}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].option == o)
			*texts[i].text = value;
	}
	w->json = w->json || o == 'j';
	w->ages = w->ages || o == 'a';
	w->dry_run = w->dry_run || o == 'n';
	w->wait = w->wait || o == 'W';
	w->ascii = w->ascii || o == 'A';
	if (o == 'N')
		return (w->last = (long long)number(name, value)) >= 0;
	if (o == 'D')
		return (w->deadline_s = number(name, value)) >= 0;
	if (o == 'l')
		return (w->limit = (long long)number(name, value)) >= 0;
	if (o == 'O')
		return (w->older_s = number(name, value)) >= 0;
	return true;
}

/* Options stand before or behind the command; -1: go on. */
static int
read_options(int argc, char **argv, struct wish *w, char given[32])
{
	int o, at = 0;
	size_t n = 0;

	while ((o = getopt_long(argc, argv, "s:hj", options, &at)) != -1) {
		if (o == 'h') {
			usage(stdout);
			return 0;
		}
		if (o == 'v') {
			printf("finessectl %s\n", FINESSE_VERSION);
			return 0;
		}
		if (o == '?')
			return EXIT_BAD_USE;
		if (o != 's' && o != 'j' && n < 31)
			given[n++] = (char)o;
		if (!set(w, o, options[at].name, optarg))
			return EXIT_BAD_USE;
	}
	if (optind != argc - 1) {
		usage(stderr);
		return EXIT_BAD_USE;
	}
	w->command = argv[optind];
	return -1;
}

int
main(int argc, char **argv)
{
	struct wish w = {.path = "/run/finesse/control.sock",
	                 .limit = -1,
	                 .last = -1,
	                 .older_s = -1,
	                 .deadline_s = -1};
	const struct command *command;
	char given[32] = "";
	int status = read_options(argc, argv, &w, given);

	if (status >= 0)
		return status;
	command = find_command(w.command);
	if (command == NULL)
		return EXIT_BAD_USE;
	if (given[strspn(given, command->options)] != '\0') {
		complain("%s has no such option (--help)", w.command);
		return EXIT_BAD_USE;
	}
	status = link_open(&w) ? command->run(&w) : 1;
	link_close();
	if (fflush(stdout) != 0 || ferror(stdout))
		return complain("standard output cannot be written");
	return status;
}
