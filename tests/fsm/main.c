/* Runs every script at three pairs of initial sequence numbers, over IPv4 and IPv6; then holds the arrows that all of
 * them took against Figure 5.  Arguments: patterns of names to run ("T_09*"). */
#include "scripts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

static const struct script *const themes[] = {
#define X(theme) theme##_scripts,
	THEMES(X)
#undef X
};

struct run {
	const struct script *script;
	bool v6;
	unsigned pair;
	char name[128];
};

static struct peer peer; /* large, and one at a time */

static int
set_up(void **state)
{
	const struct run *r = *state;

	peer_init(&peer, r->v6, r->pair);
	peer.name = r->name;
	return 0;
}

static void
run(void **state)
{
	const struct run *r = *state;

	r->script->run(&peer);
	peer_end(&peer);
}

static int
tear_down(void **state)
{
	(void)state;
	peer_free(&peer);
	return 0;
}

static void
figure_5__every_arrow__was_taken(void **state)
{
	unsigned missing = 0;

	(void)state;
	for (size_t i = 0; i < fns_arrow_count(); i++)
		if (!(peer_arrows >> i & 1)) {
			print_error("no script took the arrow %s\n", fns_arrow_name(i));
			missing++;
		}
	assert_int_equal(missing, 0);
}

static size_t
count_scripts(void)
{
	size_t n = 0;

	for (size_t t = 0; t < sizeof(themes) / sizeof(themes[0]); t++)
		for (const struct script *s = themes[t]; s->name; s++)
			n++;
	return n;
}

int
main(int argc, char **argv)
{
	size_t scripts = count_scripts(), n = 0;
	struct run *runs = calloc(scripts * ISN_PAIRS * 2, sizeof(*runs));
	struct CMUnitTest *tests = calloc(scripts * ISN_PAIRS * 2 + 1, sizeof(*tests));
	int failed;

	for (size_t t = 0; t < sizeof(themes) / sizeof(themes[0]); t++)
		for (const struct script *s = themes[t]; s->name; s++)
			for (unsigned way = 0; way < ISN_PAIRS * 2; way++, n++) {
				runs[n] = (struct run){.script = s, .v6 = way & 1, .pair = way / 2};
				snprintf(runs[n].name, sizeof(runs[n].name), "%s %s isn%u", s->name,
				         way & 1 ? "v6" : "v4", way / 2);
				tests[n] =
					(struct CMUnitTest){runs[n].name, run, set_up, tear_down, &runs[n]};
			}
	if (argc > 1) /* a part of the scripts takes a part of the arrows */
		cmocka_set_test_filter(argv[1]);
	else
		tests[n++] = (struct CMUnitTest){"figure_5__every_arrow__was_taken",
		                                 figure_5__every_arrow__was_taken, NULL, NULL, NULL};
	failed = _cmocka_run_group_tests("fsm", tests, n, NULL, NULL);
	free(runs);
	free(tests);
	return failed != 0;
}
