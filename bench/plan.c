/* The command line (plan.h). */
#include "plan.h"

#include "flow.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct word {
	const char *word, *help;
};
#define X(name, word, help) {word, help},
static const struct word commands[] = {COMMANDS(X)};
static const struct word closes[] = {CLOSES(X)};
static const struct word links[] = {LINKS(X)};
#undef X

struct number {
	const char *name, *argument;
	uint64_t standard, least, most;
	size_t at;
	const char *help;
};
static const struct number numbers[] = {
#define X(field, name, argument, standard, least, most, help)                                                \
	{name, argument, standard, least, most, offsetof(struct plan, field), help},
	NUMBERS(X)
#undef X
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum { OPTION_CLOSE = 256, OPTION_LINK, OPTION_ORDER, OPTION_PLOT, OPTION_PLANT, OPTION_NUMBER };

const char *
plan_command(const struct plan *p)
{
	return commands[p->command].word;
}

const char *
plan_close(const struct plan *p)
{
	return closes[p->close].word;
}

const char *
plan_link(const struct plan *p)
{
	return p->kernel ? "loopback" : p->file != NULL ? "as configured" : links[p->link].word;
}

static void
usage_words(FILE *out, const struct word *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(out, "    %-14s %s\n", list[i].word, list[i].help);
}

static void
usage(FILE *out)
{
	fprintf(out, "usage: finesse-bench COMMAND [options] [--json] [--plot FILE.svg]\n\ncommands\n");
	usage_words(out, commands, COUNT(commands));
	fprintf(out, "\n  --close KIND\n");
	usage_words(out, closes, COUNT(closes));
	fprintf(out, "\n  --link LINK: what lies between the two ends; ring unless said otherwise\n");
	usage_words(out, links, COUNT(links));
	fprintf(out, "\n");
	for (size_t i = 0; i < COUNT(numbers); i++)
		fprintf(out, "  --%-9s %-4s %s (%llu)\n", numbers[i].name, numbers[i].argument,
		        numbers[i].help, (unsigned long long)numbers[i].standard);
	fprintf(out,
	        "  --order opened|random  in which connections are ended (opened)\n"
	        "  --offload      the link computes and checks TCP checksums, as a network card would\n"
	        "  -c FILE        one end alone, against a peer: a configuration of finessed with a client service\n"
	        "  --json         one object on standard output\n"
	        "  --plot FILE    draws the result, against the number of connections where it depends on them\n"
	        "  --plant octet|end  a fault that the run has to find\n"
	        "\n"
	        "exit status: 0 measured; 1 failed, and no figure: opens and ends differ, or an octet is wrong;\n"
	        "             2 wrong command line or configuration\n");
}

static int
find_word(const struct word *list, size_t n, const char *what, const char *word)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].word, word) == 0)
			return (int)i;
	}
	fprintf(stderr, "finesse-bench: %s: no \"%s\" (see --help)\n", what, word);
	return -1;
}

static bool
read_number(struct plan *p, const struct number *n, const char *text)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || *text == '-' || value < n->least ||
	    value > n->most) {
		fprintf(stderr, "finesse-bench: --%s: \"%s\" is no number from %llu to %llu\n", n->name, text,
		        (unsigned long long)n->least, (unsigned long long)n->most);
		return false;
	}
	memcpy((uint8_t *)p + n->at, &(uint64_t){value}, sizeof(uint64_t));
	return true;
}

/* True when it was understood. */
static bool
read_option(struct plan *p, int option, const char *value)
{
	int i = 0;

	switch (option) {
	case OPTION_CLOSE:
		i = find_word(closes, COUNT(closes), "--close", value);
		p->close = (uint8_t)i;
		break;
	case OPTION_LINK:
		i = find_word(links, COUNT(links), "--link", value);
		p->link = (uint8_t)i;
		break;
	case OPTION_ORDER:
		p->shuffled = strcmp(value, "random") == 0;
		if (!p->shuffled && strcmp(value, "opened") != 0) {
			fprintf(stderr, "finesse-bench: --order: opened or random\n");
			return false;
		}
		break;
	case OPTION_PLOT:
		p->plot = value;
		break;
	case OPTION_PLANT:
		p->plant = value;
		break;
	case 'c':
		p->file = value;
		break;
	case 'j':
		p->json = true;
		break;
	case 'o':
		p->offload = true;
		break;
	default:
		return read_number(p, &numbers[option - OPTION_NUMBER], value);
	}
	return i >= 0;
}

static void
standard(struct plan *p)
{
	memset(p, 0, sizeof(*p));
	p->link = LINK_RING;
	for (size_t i = 0; i < COUNT(numbers); i++)
		memcpy((uint8_t *)p + numbers[i].at, &numbers[i].standard, sizeof(uint64_t));
}

/* What options mean together. */
static bool
complete(struct plan *p)
{
	bool churns = p->command == COMMAND_CHURN,
	     taps = p->link == LINK_TAP && !p->kernel && p->file == NULL;

	if (p->conns == 0)
		p->conns = churns ? CHURN_AT_ONCE : CONNS;
	p->flows = churns ? CHURN_FLOWS : p->conns;
	if (churns && (p->conns > CHURN_FLOWS / 4 || p->bytes > CHURN_BYTES_MOST)) {
		fprintf(stderr, "finesse-bench: churn has at most %u connections at once, and %u octets\n",
		        CHURN_FLOWS / 4, CHURN_BYTES_MOST);
		return false;
	}
	if (churns && p->close != CLOSE_FIN && p->close != CLOSE_RST && p->close != CLOSE_HALF) {
		fprintf(stderr, "finesse-bench: churn: --close fin, rst or half-close\n");
		return false;
	}
	if (p->kernel &&
	    (p->close == CLOSE_SIMULTANEOUS || p->close == CLOSE_FIN_WAIT_2 || p->close == CLOSE_TIME_WAIT)) {
		fprintf(stderr,
		        "finesse-bench: kernel: --close fin, rst or half-close: over its loopback a FIN has arrived "
		        "before close returns, and its timers cannot be set forward\n");
		return false;
	}
	if (p->kernel && (p->ip != 4 || p->bytes > CHURN_BYTES_MOST || p->command == COMMAND_MICRO)) {
		fprintf(stderr, "finesse-bench: kernel: --ip 4, --bytes at most %u, not micro\n",
		        CHURN_BYTES_MOST);
		return false;
	}
	if (p->file != NULL && (p->kernel || p->command == COMMAND_MICRO || p->close > CLOSE_HALF)) {
		fprintf(stderr, "finesse-bench: -c: not kernel, not micro; --close fin, rst or half-close\n");
		return false;
	}
	if (taps && (p->command == COMMAND_HOLD || p->close == CLOSE_SIMULTANEOUS || p->ip != 4 ||
	             p->bytes > CHURN_BYTES_MOST)) {
		fprintf(stderr,
		        "finesse-bench: tap: not hold; --ip 4, --bytes at most %u; not --close simultaneous: nothing holds "
		        "back what the kernel's end sees\n",
		        CHURN_BYTES_MOST);
		return false;
	}
	if (p->ip != 4 && p->ip != 6) {
		fprintf(stderr, "finesse-bench: --ip: 4 or 6\n");
		return false;
	}
	flow_plan(p);
	if (taps && p->flows > flow_capacity(p))
		p->flows = flow_capacity(p); /* to one port of the kernel's */
	return true;
}

static int
read_command(struct plan *p, int argc, char **argv)
{
	int i;

	for (int k = 0; k < 2; k++) {
		if (optind >= argc) {
			usage(stderr);
			return 2;
		}
		i = find_word(commands, COUNT(commands), "command", argv[optind++]);
		if (i < 0)
			return 2;
		p->command = (uint8_t)i;
		if (i != COMMAND_KERNEL)
			break;
		p->kernel = true;
	}
	if (optind == argc && p->command != COMMAND_KERNEL)
		return complete(p) ? -1 : 2;
	fprintf(stderr, "finesse-bench: \"%s\" is too much (see --help)\n", argv[argc - 1]);
	return 2;
}

int
plan_read(struct plan *p, int argc, char **argv)
{
	struct option options[16 + COUNT(numbers)] = {
		{"close", required_argument, NULL, OPTION_CLOSE},
		{"link", required_argument, NULL, OPTION_LINK},
		{"order", required_argument, NULL, OPTION_ORDER},
		{"plot", required_argument, NULL, OPTION_PLOT},
		{"plant", required_argument, NULL, OPTION_PLANT},
		{"config", required_argument, NULL, 'c'},
		{"json", no_argument, NULL, 'j'},
		{"offload", no_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
	};
	int o, n = 9;

	standard(p);
	for (size_t i = 0; i < COUNT(numbers); i++)
		options[n++] =
			(struct option){numbers[i].name, required_argument, NULL, OPTION_NUMBER + (int)i};
	while ((o = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (o == 'h') {
			usage(stdout);
			return 0;
		}
		if (o == '?' || !read_option(p, o, optarg))
			return 2;
	}
	while (p->seed == 0) {
		if (getrandom(&p->seed, sizeof(p->seed), 0) != sizeof(p->seed)) {
			perror("finesse-bench: getrandom");
			return 1;
		}
		p->seed &= INT64_MAX;
	}
	return read_command(p, argc, argv);
}
