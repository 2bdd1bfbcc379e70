/* capture: writes what the daemon passes on as a pcapng file (draft-ietf-opsawg-pcapng), block by block, so that an interrupted
 * one is whole too. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

enum { SNAP = 2000, ETHERNET = 1, OPT_FLAGS = 2, INBOUND = 1, OUTBOUND = 2 };

struct block {
	uint8_t octets[SNAP + 64];
	uint32_t len;
};

static void
add_u16(struct block *b, unsigned n)
{
	const uint16_t host = (uint16_t)n; /* the section says in which order: ours */

	memcpy(b->octets + b->len, &host, 2);
	b->len += 2;
}

static void
add_u32(struct block *b, uint32_t n)
{
	memcpy(b->octets + b->len, &n, 4);
	b->len += 4;
}

static void
begin_block(struct block *b, uint32_t type)
{
	memset(b, 0, sizeof(*b));
	add_u32(b, type);
	add_u32(b, 0);
}

static bool
write_block(struct block *b, FILE *out)
{
	uint32_t len;

	b->len = (b->len + 3) & ~3u;
	len = b->len + 4;
	memcpy(b->octets + 4, &len, 4);
	add_u32(b, len);
	return fwrite(b->octets, b->len, 1, out) == 1;
}

static bool
write_head(FILE *out)
{
	struct block b;

	begin_block(&b, 0x0a0d0d0a);
	add_u32(&b, 0x1a2b3c4d);
	add_u16(&b, 1);
	add_u16(&b, 0);
	add_u32(&b, UINT32_MAX); /* the length of the section is not said */
	add_u32(&b, UINT32_MAX);
	if (!write_block(&b, out))
		return false;
	begin_block(&b, 1); /* the interface: microseconds are the default */
	add_u16(&b, ETHERNET);
	add_u16(&b, 0);
	add_u32(&b, SNAP);
	return write_block(&b, out);
}

static int
nibble(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
}

static bool
write_frame(const json_t *frame, FILE *out)
{
	uint64_t at_us = (uint64_t)number_of(frame, "at_us");
	const char *text = text_of(frame, "octets");
	size_t kept = strlen(text) / 2;
	struct block b;

	if (kept > SNAP)
		return false;
	begin_block(&b, 6);
	add_u32(&b, 0);
	add_u32(&b, (uint32_t)(at_us >> 32));
	add_u32(&b, (uint32_t)at_us);
	add_u32(&b, (uint32_t)kept);
	add_u32(&b, (uint32_t)number_of(frame, "len"));
	for (size_t i = 0; i < kept; i++)
		b.octets[b.len++] = (uint8_t)(nibble(text[2 * i]) << 4 | nibble(text[2 * i + 1]));
	b.len = (b.len + 3) & ~3u;
	add_u16(&b, OPT_FLAGS);
	add_u16(&b, 4);
	add_u32(&b, json_is_true(json_object_get(frame, "sent")) ? OUTBOUND : INBOUND);
	add_u32(&b, 0); /* the end of the options */
	return write_block(&b, out);
}

/* Each line is in the file before the next is waited for. */
static bool
write_frames(const json_t *frames, FILE *out, unsigned long *n)
{
	const json_t *frame;
	size_t i;

	json_array_foreach(frames, i, frame)
	{
		if (!write_frame(frame, out))
			return false;
		++*n;
	}
	return fflush(out) == 0;
}

static json_t *
record(FILE *out, bool *written, unsigned long *n)
{
	json_t *a;

	while ((a = link_answer()) != NULL && json_object_get(a, "missed") == NULL) {
		*written = *written && write_frames(json_object_get(a, "frames"), out, n);
		json_decref(a);
		if (!*written)
			return NULL;
	}
	return a;
}

int
run_capture(const struct wish *w)
{
	json_t *m = json_object(), *a;
	unsigned long n = 0;
	bool written;
	FILE *out;

	if (w->out == NULL || (w->conn == NULL) == (w->close_class == NULL)) {
		json_decref(m);
		complain("capture --conn FLOW | --class CLASS --out FILE");
		return EXIT_BAD_USE;
	}
	if (w->conn != NULL)
		json_object_set_new(m, "conn", json_string(w->conn));
	else
		json_object_set_new(m, "class", json_string(w->close_class));
	if (!link_ask(w, m) || (a = link_answer()) == NULL)
		return 1;
	json_decref(a);
	out = fopen(w->out, "wb");
	if (out == NULL)
		return complain("%s: %s", w->out, strerror(errno));
	link_patient();
	written = write_head(out) && fflush(out) == 0;
	a = record(out, &written, &n);
	if (fclose(out) != 0 || !written)
		return complain("%s: not written: %s", w->out, strerror(errno));
	if (a == NULL)
		return 1;
	if (w->json)
		print_json(json_pack("{s:I, s:I, s:s}", "frames", (json_int_t)n, "missed",
		                     (json_int_t)number_of(a, "missed"), "file", w->out));
	else
		printf("%lu frames in %s, %lld missed\n", n, w->out, number_of(a, "missed"));
	json_decref(a);
	return 0;
}
