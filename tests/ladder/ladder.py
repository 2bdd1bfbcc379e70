#!/usr/bin/env python3
"""ladder.py PROGRAM EXPECTED: plays every exchange; the ladders are those of EXPECTED, the drawings are well-formed SVG.

Time is virtual and the secrets are fixed, so the same core draws the same ladders.  After a change that means to
change them:
(finesse-ladders --ascii; finesse-ladders --ascii --alone) > tests/ladder/expected.txt, and read the difference."""
import difflib
import os
import subprocess
import sys
import tempfile
import unicodedata
import xml.etree.ElementTree as xml

SVG = '{http://www.w3.org/2000/svg}'


def play(program, *args):
    run = subprocess.run([program, *args], capture_output=True, check=False)
    if run.returncode:
        sys.exit(f'{program} {" ".join(args)}: exit {run.returncode}: {run.stderr.decode()}')
    return run.stdout.decode('utf-8')


def ascii_form(program, expected):
    """The text is what it was, in 92 columns of plain characters."""
    text = play(program, '--ascii') + play(program, '--ascii', '--alone')
    with open(expected, encoding='ascii') as f:
        was = f.read()
    for line in difflib.unified_diff(was.split('\n'), text.split('\n'), 'expected', 'drawn', lineterm=''):
        yield line
    for line in text.split('\n'):
        if len(line) > 92 and '(T-' not in line:
            yield f'{len(line)} columns: {line}'


def unicode_form(program):
    """The other form differs in the strokes alone, so that its columns stand where they did."""
    strokes = str.maketrans('─▶◀┄', '-><.')
    text = play(program)
    if text.translate(strokes) != play(program, '--ascii'):
        yield 'the two forms differ in more than their strokes'
    for c in sorted(set(text) - set(map(chr, range(127)))):
        if unicodedata.east_asian_width(c) in 'WF':
            yield f'U+{ord(c):04X} is two columns wide'


def drawings(program):
    """One document for each exchange, each with two lifelines and with as many arrows as segments."""
    with tempfile.TemporaryDirectory() as folder:
        names = [line.split()[0] for line in play(program, '--list').splitlines()]
        text = play(program, '--ascii', '--svg', folder)
        if sorted(os.listdir(folder)) != sorted(n + '.svg' for n in names):
            yield f'drawn: {sorted(os.listdir(folder))}'
            return
        # a segment that arrives on a row of its own is the same arrow
        rows = [line for line in text.splitlines() if ' win ' in line or ' RST ' in line]
        crossing = sum(line.rstrip().endswith('..') or ' ..' in line for line in rows)
        arrows = 0
        for name in names:
            root = xml.parse(os.path.join(folder, name + '.svg')).getroot()
            lines = root.findall(f'{SVG}line')
            lives = [e for e in lines if e.get('class') == 'life']
            if root.tag != SVG + 'svg' or len(lives) != 2 or root.find(f'{SVG}title') is None:
                yield f'{name}: no title, or not two lifelines'
            for e in root.iter():
                if any('href' in a for a in e.attrib) or e.tag == SVG + 'script':
                    yield f'{name}: refers to something outside'
            arrows += len(lines) - len(lives)
        if arrows != len(rows) - crossing // 2:
            yield f'{arrows} arrows for {len(rows)} rows of which {crossing} cross'


def refusals(program):
    """What it does not know, it says, and exits 2."""
    for args in (['nothing'], ['--nothing']):
        run = subprocess.run([program, *args], capture_output=True, check=False)
        if run.returncode != 2 or not run.stderr:
            yield f'{args}: exit {run.returncode}'


def main():
    program, expected = sys.argv[1:]
    wrong = [*ascii_form(program, expected), *unicode_form(program), *drawings(program), *refusals(program)]
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)


main()
