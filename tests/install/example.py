#!/usr/bin/env python3
"""example.py README N: prints the README's Nth example program, of the two there are; fails if it has 80 lines."""
import re
import sys

with open(sys.argv[1], encoding='utf-8') as f:
    blocks = re.findall(r'^```c\n(.*?)^```$', f.read(), re.M | re.S)
if len(blocks) != 2:
    sys.exit(f'example.py: {len(blocks)} blocks of C in {sys.argv[1]}, expected two')
example = blocks[int(sys.argv[2]) - 1]
if example.count('\n') >= 80:
    sys.exit(f'example.py: the example has {example.count(chr(10))} lines, 80 or more')
sys.stdout.write(example)
