#!/usr/bin/env python3
"""last_words.py LOG: what finessed said at the end must add up."""
import re
import sys

with open(sys.argv[1], encoding='utf-8') as f:
    found = re.search(r'frames_in (\d+) = fates (\d+); mbufs (\d+) of (\d+) back', f.read())
if not found:
    sys.exit('last_words.py: no last words')
frames, fates, back, mbufs = map(int, found.groups())
if frames != fates or back != mbufs:
    sys.exit(f'last_words.py: {found.group(0)}')
