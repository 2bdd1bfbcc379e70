/* Feeds a fuzz target as a test would: files that are named, or inputs drawn from a seed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static uint64_t
draw(uint64_t *s)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static int
replay(const char *name)
{
	static uint8_t octets[1 << 16];
	FILE *f = fopen(name, "rb");

	if (f == NULL) {
		perror(name);
		return 1;
	}
	LLVMFuzzerTestOneInput(octets, fread(octets, 1, sizeof(octets), f));
	fclose(f);
	return 0;
}

int
main(int argc, char **argv)
{
	uint64_t seed = 1;
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed += replay(argv[i]);
	for (unsigned run = 0; run < 20000 && argc == 1; run++) {
		uint8_t octets[512];
		size_t len = draw(&seed) % sizeof(octets);

		for (size_t i = 0; i < len; i++)
			octets[i] = (uint8_t)draw(&seed);
		LLVMFuzzerTestOneInput(octets, len);
	}
	return failed != 0;
}
