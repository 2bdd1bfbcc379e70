/* A timing wheel of one level, and a two-level bitmap that finds its next occupied slot in at most 19 words. */
#include "wheel.h"

#include "seq.h"

#define SLOT_MASK (WHEEL_SLOTS - 1)
#define WORDS     (WHEEL_SLOTS / 64)
#define SUMMARIES (WORDS / 64)

static inline struct wheel_node *
node_at(const struct wheel *w, uint32_t index)
{
	return (void *)(w->objects + (size_t)index * w->stride + w->offset);
}

static inline uint64_t
bit(uint32_t n)
{
	return (uint64_t)1 << (n % 64);
}

size_t
wheel_bytes(void)
{
	return WHEEL_SLOTS * sizeof(uint32_t) + (WORDS + SUMMARIES) * sizeof(uint64_t);
}

void
wheel_init(struct wheel *w, void *mem, uint32_t now, void *objects, size_t stride, size_t offset)
{
	w->now = now;
	w->armed = 0;
	w->objects = objects;
	w->stride = stride;
	w->offset = offset;
	w->summary = mem;
	w->bits = w->summary + SUMMARIES;
	w->head = (void *)(w->bits + WORDS);
	for (uint32_t i = 0; i < SUMMARIES + WORDS; i++)
		w->summary[i] = 0;
	for (uint32_t i = 0; i < WHEEL_SLOTS; i++)
		w->head[i] = WHEEL_NONE;
}

static void
link_node(struct wheel *w, uint32_t index, uint32_t tick)
{
	struct wheel_node *n = node_at(w, index);
	uint32_t slot = tick & SLOT_MASK;
	uint32_t next = w->head[slot];

	n->prev = WHEEL_HEAD | slot;
	n->next = next;
	w->head[slot] = index;
	w->armed++;
	if (next != WHEEL_NONE) {
		node_at(w, next)->prev = index;
		return;
	}
	w->bits[slot / 64] |= bit(slot);
	w->summary[slot / 4096] |= bit(slot / 64);
}

static void
unlink_node(struct wheel *w, struct wheel_node *n)
{
	uint32_t slot = n->prev & SLOT_MASK; /* if it is at the head */

	if (n->next != WHEEL_NONE)
		node_at(w, n->next)->prev = n->prev;
	if (n->prev < WHEEL_HEAD) {
		node_at(w, n->prev)->next = n->next;
	} else {
		w->head[slot] = n->next;
		if (n->next == WHEEL_NONE) {
			w->bits[slot / 64] &= ~bit(slot);
			if (w->bits[slot / 64] == 0)
				w->summary[slot / 4096] &= ~bit(slot / 64);
		}
	}
	n->prev = WHEEL_UNARMED;
	w->armed--;
}

uint32_t
wheel_arm(struct wheel *w, uint32_t index, uint32_t due)
{
	struct wheel_node *n = node_at(w, index);

	if (seq_lt(due, w->now))
		due = w->now;
	else if (due - w->now > SLOT_MASK)
		due = w->now + SLOT_MASK;
	if (wheel_node_armed(n))
		unlink_node(w, n);
	link_node(w, index, due);
	return due;
}

void
wheel_disarm(struct wheel *w, uint32_t index)
{
	struct wheel_node *n = node_at(w, index);

	if (wheel_node_armed(n))
		unlink_node(w, n);
}

/* The first occupied word at or after `word`, going round; there is one. */
static uint32_t
next_word(const struct wheel *w, uint32_t word)
{
	uint32_t s = word / 64;
	uint64_t found = w->summary[s] & (UINT64_MAX << word % 64);

	while (found == 0) {
		s = (s + 1) % SUMMARIES;
		found = w->summary[s];
	}
	return s * 64 + (uint32_t)__builtin_ctzll(found);
}

bool
wheel_next(const struct wheel *w, uint32_t *tick)
{
	uint32_t from = w->now & SLOT_MASK, slot, word;
	uint64_t here = w->bits[from / 64] >> from % 64;

	if (w->armed == 0)
		return false;
	if (here != 0) {
		*tick = w->now + (uint32_t)__builtin_ctzll(here);
		return true;
	}
	/* When the search comes back to its own word, what it finds there lies before `from`: the last slots. */
	word = next_word(w, (from / 64 + 1) % WORDS);
	slot = word * 64 + (uint32_t)__builtin_ctzll(w->bits[word]);
	*tick = w->now + ((slot - from) & SLOT_MASK);
	return true;
}

uint32_t
wheel_expire(struct wheel *w, uint32_t now)
{
	uint32_t tick, index;

	if (!wheel_next(w, &tick)) {
		w->now = now;
		return WHEEL_NONE;
	}
	if (seq_gt(tick, now)) {
		w->now = seq_max(w->now, now);
		return WHEEL_NONE;
	}
	w->now = tick;
	index = w->head[tick & SLOT_MASK];
	unlink_node(w, node_at(w, index));
	return index;
}
