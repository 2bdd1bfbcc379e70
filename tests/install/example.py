#!/usr/bin/env python3
"""example.py README: prints the README's example program, the only block of C in it; fails if it has 80 lines."""
import re
import sys

with open(sys.argv[1], encoding='utf-8') as f:
    blocks = re.findall(r'^```c\n(.*?)^```$', f.read(), re.M | re.S)
if len(blocks) != 1:
    sys.exit(f'example.py: {len(blocks)} blocks of C in {sys.argv[1]}, expected one')
if blocks[0].count('\n') >= 80:
    sys.exit(f'example.py: the example has {blocks[0].count(chr(10))} lines, 80 or more')
sys.stdout.write(blocks[0])
