#!/usr/bin/env python3
"""last_words.py LOG [FATE COUNT]: what finessed said at the end must add up; with a fate, it was given COUNT times or
more."""
import re
import sys

text = open(sys.argv[1], encoding='utf-8').read()
if len(sys.argv) == 4:
    found = re.search(rf'\bfate {sys.argv[2]} (\d+)', text)
    given = int(found.group(1)) if found else 0
    sys.exit(0 if given >= int(sys.argv[3]) else f'last_words.py: {sys.argv[2]} {given} times, not {sys.argv[3]}')
found = re.search(r'frames_in (\d+) = fates (\d+); mbufs (\d+) of (\d+) back', text)
if not found:
    sys.exit('last_words.py: no last words')
frames, fates, back, mbufs = map(int, found.groups())
if frames != fates or back != mbufs:
    sys.exit(f'last_words.py: {found.group(0)}')
