/* SIGHUP: which settings are taken over, and that they are those that a running shard takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "changes.h"
#include "config.h"

static struct conf old, fresh;

/* Another value for a number or word of a section that is no list; false: it has none. */
static bool
alter(struct conf *to, const struct setting *row)
{
	uint64_t n;

	if (settings_is_list(row->section) || row->type > CONF_WORD)
		return false;
	memcpy(&n, (char *)to + row->at, sizeof(n));
	if (row->type == CONF_NUMBER)
		n = n + 1 <= (uint64_t)row->max ? n + 1 : n - 1;
	else if (row->type == CONF_SWITCH)
		n = !n;
	else if (row->words[1] == NULL)
		return false;
	else
		n = n == 0 ? 1 : 0;
	memcpy((char *)to + row->at, &n, sizeof(n));
	return true;
}

static bool
shard_takes(const struct conf *was, const struct conf *now)
{
	static struct fns_config before, after, wanted;

	conf_shard(was, &before);
	after = before;
	conf_shard(now, &wanted);
	fns_config_adopt(&after, &wanted);
	return memcmp(&before, &after, sizeof(before)) != 0;
}

/* drain's settings are the daemon's own: no shard knows them. */
static void
what_is_allowed_is_what_a_running_shard_takes(void **state)
{
	unsigned allowed = 0;

	(void)state;
	for (size_t i = 0; i < settings_count(); i++) {
		const struct setting *row = settings_row(i);
		bool takes;

		conf_default(&old);
		fresh = old;
		if (!alter(&fresh, row))
			continue;
		takes = shard_takes(&old, &fresh) || strcmp(row->section, "drain") == 0;
		if (takes != changes_allowed(row))
			fail_msg("%s.%s: %s", row->section, row->name,
			         takes ? "a shard takes it, SIGHUP does not"
			               : "SIGHUP takes it, a shard does not");
		allowed += changes_allowed(row);
	}
	assert_true(allowed >= 15);
}

static void
what_differs_is_named_and_only_what_may_is_taken(void **state)
{
	struct changes changes;

	(void)state;
	conf_default(&old);
	fresh = old;
	fresh.drain.deadline_s = 7;
	fresh.timeouts.retries = 9;
	fresh.timeouts.time_wait_s = 5;
	fresh.ports = 2;
	fresh.service[0].port = 81;
	changes_take(&old, &fresh, &changes);
	assert_string_equal(changes.taken.text, " timeouts.retries drain.deadline_s");
	assert_string_equal(changes.refused.text, " timeouts.time_wait_s ports services");
	assert_int_equal(old.drain.deadline_s, 7);
	assert_int_equal(old.timeouts.retries, 9);
	assert_int_equal(old.timeouts.time_wait_s, 60);
	changes_take(&old, &old, &changes);
	assert_int_equal(changes.taken.len + changes.refused.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_allowed_is_what_a_running_shard_takes),
		cmocka_unit_test(what_differs_is_named_and_only_what_may_is_taken),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
