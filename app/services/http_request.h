/* The head of an HTTP/1.1 request, read octet by octet as it comes (RFC 9112). */
#ifndef FINESSED_HTTP_REQUEST_H
#define FINESSED_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_MAX  8192                  /* octets of a request's head */
#define HTTP_BODY_MAX  1048576               /* octets of a request's body, which nobody reads */
#define HTTP_BYTES_MAX UINT64_C(10000000000) /* N of /bytes/N */
#define HTTP_WORD      64

enum http_part { HTTP_METHOD, HTTP_TARGET, HTTP_VERSION, HTTP_FIELD, HTTP_BODY, HTTP_READY };

/* All zero: nothing read yet. */
struct http_request {
	uint8_t part;      /* enum http_part */
	bool head_only;    /* HEAD */
	bool get;          /* GET or HEAD */
	bool known;        /* another method of RFC 9110 */
	bool old;          /* HTTP/1.0 */
	bool keep;         /* the connection outlives the answer */
	bool close;        /* the peer said so, whatever else it says */
	bool host, length; /* the field was there */
	bool cr;           /* the octet before was CR */
	bool sized;        /* target is /bytes/N */
	uint16_t status;   /* of the answer: 200, or what is wrong; set when HTTP_READY */
	uint16_t octets;   /* of the head so far */
	uint16_t word_len; /* octets of the current word, of which HTTP_WORD are kept */
	uint64_t bytes;    /* N */
	uint64_t body;     /* octets of the body still to come */
	char word[HTTP_WORD];
};

/* Reads from `octets` until the request is whole (part == HTTP_READY) or `len` ends; returns how many it took. */
size_t http_request_read(struct http_request *, const uint8_t *octets, size_t len);

#endif
