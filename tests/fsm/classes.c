/* How a connection ended: each class of lib/tcp/classes.h by the script that leads to it (the names of the scripts are
 * theirs), and what was lost with it.  Those of connections with ourselves are in self.c. */
#include "scripts.h"

#include <stdio.h>
#include <string.h>

/* One connection has ended, in this class; the application heard the same if it knew of it. */
static void
ended(struct peer *p, const char *name)
{
	struct fns_stat row[64];
	size_t rows = fns_shard_closes(p->shard, row, 64);
	uint64_t sum = 0;

	if (strncmp(name, "class__", 7) == 0)
		name += 7;
	expect_true(p, rows == fns_class_count() && rows <= 64);
	for (size_t i = 0; i < rows; i++) {
		sum += row[i].value;
		if (row[i].value && strcmp(row[i].name, name) != 0)
			peer_fail(p, HERE, "the class should be %s, not %s", name, row[i].name);
	}
	expect_equal(p, (int64_t)sum, 1);
	expect_equal(p, peer_stat(p, "ended"), 1);
	expect_equal(p, peer_stat(p, "conns"), 0);
	if (p->born)
		expect_true(p, p->end.close_class && strcmp(p->end.close_class, name) == 0);
}

/* A script named after its class. */
#define CLASS(name)                                                                                          \
	static void class__##name##_steps(struct peer *p);                                                   \
	static void class__##name(struct peer *p)                                                            \
	{                                                                                                    \
		class__##name##_steps(p);                                                                    \
		peer_forget(p);                                                                              \
		ended(p, __func__);                                                                          \
	}                                                                                                    \
	static void class__##name##_steps(struct peer *p)

CLASS(active_4)
{
	orphan_in_fin_wait_2(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
}

CLASS(active_3)
{
	orphan_in_fin_wait_1(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
}

CLASS(active_half)
{
	in_fin_wait_2(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 2, .len = 10);
	arrive(p, FIN | ACK, .seq = 11, .ack = 2);
}

CLASS(passive_4)
{
	in_close_wait(p);
	call_close(p);
	arrive(p, ACK, .seq = 2, .ack = 2);
}

CLASS(passive_3)
{
	p->app.close_on = FNS_PEER_FIN;
	in_established(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	arrive(p, ACK, .seq = 2, .ack = 2);
}

CLASS(passive_half)
{
	in_close_wait(p);
	call_send(p, 10);
	arrive(p, ACK, .seq = 2, .ack = 11);
	call_close(p);
	arrive(p, ACK, .seq = 2, .ack = 12);
}

CLASS(simultaneous)
{
	in_closing(p);
	arrive(p, ACK, .seq = 2, .ack = 2);
}

CLASS(reset_unread)
{
	in_established(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	call_close(p);
	expect_equal(p, peer_stat(p, "lost_unread"), 10);
}

CLASS(reset_after_close)
{
	orphan_in_fin_wait_2(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 2, .len = 10);
	expect_equal(p, peer_stat(p, "lost_unread"), 10);
}

CLASS(reset_linger)
{
	p->options.linger = FNS_ON;
	in_established(p);
	call_close(p);
}

CLASS(reset_abort)
{
	in_established(p);
	call_send(p, 10);
	call_abort(p);
	expect_equal(p, peer_stat(p, "lost_unacked"), 10);
}

CLASS(reset_orphan_limit)
{
	p->config.orphans = 0;
	in_established(p);
	call_close(p);
}

CLASS(reset_fin_wait_2)
{
	p->options.fin_wait_2_ms = -1;
	orphan_in_fin_wait_1(p);
	arrive(p, ACK, .seq = 1, .ack = 2);
}

CLASS(reset_new_syn)
{
	orphan_in_fin_wait_2(p);
	arrive(p, SYN, .seq = 1);
}

CLASS(reset_unlisten)
{
	in_syn_received(p);
	fns_unlisten(p->listener);
	p->listener = NULL;
	turn(p);
}

CLASS(closed_syn_sent)
{
	in_syn_sent(p);
	call_close(p);
}

CLASS(peer_reset_syn_sent)
{
	in_syn_sent(p);
	arrive(p, RST | ACK, .seq = 0, .ack = 1);
}

CLASS(peer_reset_syn_received)
{
	in_syn_received(p);
	arrive(p, RST, .seq = 1);
}

CLASS(peer_reset_established)
{
	in_established(p);
	arrive(p, RST, .seq = 1);
}

CLASS(peer_reset_fin_wait_1)
{
	in_fin_wait_1(p);
	arrive(p, RST, .seq = 1);
}

CLASS(peer_reset_fin_wait_2)
{
	in_fin_wait_2(p);
	arrive(p, RST, .seq = 1);
}

CLASS(peer_reset_close_wait)
{
	in_close_wait(p);
	arrive(p, RST, .seq = 2);
}

CLASS(peer_reset_closing)
{
	in_closing(p);
	arrive(p, RST, .seq = 2);
}

CLASS(peer_reset_last_ack)
{
	in_last_ack(p);
	arrive(p, RST, .seq = 2);
}

CLASS(timeout_syn_sent)
{
	in_syn_sent(p);
	later(p, 3600000);
}

CLASS(timeout_syn_received)
{
	in_syn_received(p);
	later(p, 3600000);
}

CLASS(timeout_established)
{
	in_established(p);
	call_send(p, 10);
	later(p, 3600000);
	expect_equal(p, peer_stat(p, "lost_unacked"), 10);
}

CLASS(timeout_fin_wait_1)
{
	in_fin_wait_1(p);
	later(p, 3600000);
}

CLASS(timeout_fin_wait_2)
{
	orphan_in_fin_wait_2(p);
	later(p, 61000);
}

CLASS(timeout_close_wait)
{
	in_close_wait(p);
	call_send(p, 10);
	later(p, 3600000);
}

CLASS(timeout_closing)
{
	in_closing(p);
	later(p, 3600000);
}

CLASS(timeout_last_ack)
{
	in_last_ack(p);
	later(p, 3600000);
}

CLASS(timeout_user)
{
	p->options.user_timeout_ms = 5000;
	in_established(p);
	call_send(p, 10);
	later(p, 6000);
}

CLASS(timeout_keepalive)
{
	p->options.keepalive = FNS_ON;
	p->options.keepalive_ms = 1000;
	in_established(p);
	later(p, 3600000);
}

CLASS(unreachable)
{
	in_syn_sent(p);
	arrive_icmp(p, PORT_UNREACHABLE, 0, 0);
}

static void classes__each__has_its_script(struct peer *p);

const struct script classes_scripts[] = {
	SCRIPT(classes__each__has_its_script),
	SCRIPT(class__active_4),
	SCRIPT(class__active_3),
	SCRIPT(class__active_half),
	SCRIPT(class__passive_4),
	SCRIPT(class__passive_3),
	SCRIPT(class__passive_half),
	SCRIPT(class__simultaneous),
	SCRIPT(class__reset_unread),
	SCRIPT(class__reset_after_close),
	SCRIPT(class__reset_linger),
	SCRIPT(class__reset_abort),
	SCRIPT(class__reset_orphan_limit),
	SCRIPT(class__reset_fin_wait_2),
	SCRIPT(class__reset_new_syn),
	SCRIPT(class__reset_unlisten),
	SCRIPT(class__closed_syn_sent),
	SCRIPT(class__peer_reset_syn_sent),
	SCRIPT(class__peer_reset_syn_received),
	SCRIPT(class__peer_reset_established),
	SCRIPT(class__peer_reset_fin_wait_1),
	SCRIPT(class__peer_reset_fin_wait_2),
	SCRIPT(class__peer_reset_close_wait),
	SCRIPT(class__peer_reset_closing),
	SCRIPT(class__peer_reset_last_ack),
	SCRIPT(class__timeout_syn_sent),
	SCRIPT(class__timeout_syn_received),
	SCRIPT(class__timeout_established),
	SCRIPT(class__timeout_fin_wait_1),
	SCRIPT(class__timeout_fin_wait_2),
	SCRIPT(class__timeout_close_wait),
	SCRIPT(class__timeout_closing),
	SCRIPT(class__timeout_last_ack),
	SCRIPT(class__timeout_user),
	SCRIPT(class__timeout_keepalive),
	SCRIPT(class__unreachable),
	{NULL, NULL},
};

static void
classes__each__has_its_script(struct peer *p)
{
	for (size_t i = 0; i < fns_class_count(); i++) {
		const struct script *s = classes_scripts;
		char name[80];

		snprintf(name, sizeof(name), "class__%s", fns_class_name(i));
		while (s->name && strcmp(s->name, name) != 0)
			s++;
		if (!s->name && strncmp(fns_class_name(i), "self_", 5) != 0)
			peer_fail(p, HERE, "no script ends in class %s", fns_class_name(i));
		expect_true(p, strlen(fns_class_help(i)) > 3);
	}
}
