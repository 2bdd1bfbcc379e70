#!/usr/bin/env python3
"""last_words.py LOG: what finessed said at the end must add up."""
import re
import sys


def said(text, pattern):
    found = re.search(pattern, text)
    if not found:
        sys.exit(f'last_words.py: nothing like {pattern}')
    return found.group(0), [int(n) for n in found.groups()]


def main():
    with open(sys.argv[1], encoding='utf-8') as f:
        text = f.read()
    words, (frames, fates, back, mbufs) = said(text, r'frames_in (\d+) = fates (\d+); mbufs (\d+) of (\d+) back')
    if frames != fates or back != mbufs:
        sys.exit(f'last_words.py: {words}')
    if 'opened by shard' not in text:
        return
    words, (wrong,) = said(text, r'wrong_shard (\d+)')
    if wrong:
        sys.exit(f'last_words.py: {words}')
    words, (steered, over, left, lent, sent, kept) = said(
        text, r'steered (\d+) = taken over (\d+) and left (\d+), .* lent (\d+) = sent for others (\d+) and left (\d+)')
    if steered != over + left or lent != sent + kept:
        sys.exit(f'last_words.py: {words}')


main()
