/* A drain that is only thought of: who would still be open at its deadline, and why. */
#ifndef FINESSED_SURVEY_H
#define FINESSED_SURVEY_H

#include <finesse/request.h>

#define SURVEY_ROWS 32

/* clang-format off */
/*        name        what it says                                                                                 */
#define SURVEY_LIST(X)                                                                                              \
	X(opening,    "not established yet: reset at once")                                                         \
	X(idle,       "nothing has moved for a while: closed with FIN, a few at a time")                               \
	X(recent,     "something has moved just now: closed when nothing does any more")                            \
	X(asked,      "a request has begun to come: the rest of it may take as long as it likes")                        \
	X(unread,     "octets that came and that the service has not taken yet")                                    \
	X(sending,    "the service still sends; it stays if that takes longer than the deadline at the present window and round trip") \
	X(blocked,    "the peer does not read: its window is closed")                                               \
	X(answer,     "we have half-closed, the peer has not: its answer may take as long as it likes")             \
	X(closing,    "our FIN waits for its acknowledgment")                                                       \
	X(fin_wait_2, "closed; the peer's FIN is waited for, as long as timeouts.fin_wait_2_s says")

enum survey_reason {
#define X(name, help) SURVEY_##name,
	SURVEY_LIST(X)
#undef X
	SURVEY_REASONS
};
/* clang-format on */

struct worker;

struct survey {
	struct fns_request request;
	struct worker *worker;
	double deadline_s;
	uint32_t at;
	uint64_t count[SURVEY_REASONS];
	uint64_t late[SURVEY_REASONS]; /* of those, would still be open */
	struct {
		struct fns_status status;
		uint64_t left; /* octets that its service has still to send */
		uint8_t why;
	} row[SURVEY_ROWS]; /* of these, some */
	unsigned rows;
};

/* The main thread: sets it up, to be posted to the worker's shard. */
void survey_ask(struct survey *, struct worker *, double deadline_s);

const char *survey_name(unsigned reason);
const char *survey_help(unsigned reason);

#endif
