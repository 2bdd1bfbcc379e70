#!/usr/bin/env python3
"""rfc9293.py: holds tests/rfc9293.def against the list of requirements and against the tests that there are.  Then
breaks the list in every way it knows and expects to be told: a check that cannot fail checks nothing."""
import glob
import os
import re
import sys

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REQUIRED = ([f'MUST-{n}' for n in range(1, 70)] + [f'SHLD-{n}' for n in range(1, 32)] +
            [f'MAY-{n}' for n in range(1, 19)] + ['REC-1'])


def entries(text):
    """kind, id, the rest"""
    text = re.sub(r'/\*.*?\*/', '', text, flags=re.S)
    pattern = r'\b([A-Z]+)\(\s*([\w.-]+)\s*,((?:[^()"]|"(?:[^"\\]|\\.)*")*)\)'
    return [(m[1], m[2], m[3].strip()) for m in re.finditer(pattern, text)]


def registered():
    """Names of tests that a binary runs: defined, and named where tests are listed."""
    names = set()
    for path in glob.glob(os.path.join(ROOT, 'tests', '**', '*.c'), recursive=True):
        with open(path, encoding='utf-8') as f:
            text = f.read()
        defined = set(re.findall(r'^(\w+)\((?:struct peer \*|void \*\*)', text, flags=re.M))
        listed = set(re.findall(r'(?:SCRIPT|cmocka_unit_test\w*)\(\s*(\w+)', text))
        listed |= set(re.findall(r'\bX\((\w+__\w+)\)', text)) | set(re.findall(r'\bT\((\w+__\w+)\)', text))
        names |= defined & listed
    return names


def offences(text, tests):
    seen = {}
    for kind, name, rest in entries(text):
        if kind not in ('TEST', 'DEVIATION', 'UNUSED'):
            yield f'{name}: {kind} is no kind of entry'
        if name in seen:
            yield f'{name}: twice'
        seen[name] = kind
        if kind == 'TEST':
            named = [n.strip() for n in rest.split(',')]
            yield from (f'{name}: there is no test {n}' for n in named if n not in tests)
        elif not re.fullmatch(r'(?:"[^"]{4,}"\s*)+', rest):
            yield f'{name}: no reason'
        if kind == 'UNUSED' and name.startswith('MUST'):
            yield f'{name}: a MUST is tested, or it is a deviation'
    yield from (f'{name}: missing' for name in REQUIRED if name not in seen)


def planted(text, tests):
    """Broken lists, and what must be said of each."""
    first = next(n.strip() for kind, _, rest in entries(text) if kind == 'TEST' for n in rest.split(','))
    return [
        (text.replace('TEST(MUST-1,', 'TEST(MUST-70,'), tests, 'MUST-1: missing'),
        (text.replace('UNUSED(MAY-18,', 'UNUSED(MAY-17,'), tests, 'MAY-17: twice'),
        (text, tests - {first}, f'there is no test {first}'),
        (re.sub(r'DEVIATION\(MUST-53, "[^"]*"\)', 'DEVIATION(MUST-53, "")', text), tests, 'MUST-53: no reason'),
        (text.replace('DEVIATION(MUST-53,', 'UNUSED(MUST-53,'), tests, 'MUST-53: a MUST is tested'),
        (text.replace('TEST(MUST-3,', 'TRUST(MUST-3,'), tests, 'TRUST is no kind'),
    ]


def main():
    with open(os.path.join(ROOT, 'tests', 'rfc9293.def'), encoding='utf-8') as f:
        text = f.read()
    tests = registered()
    found = list(offences(text, tests))
    for broken, names, said in planted(text, tests):
        if not any(said in o for o in offences(broken, names)):
            found.append(f'planted, and not found: {said}')
    for offence in found:
        print('  ' + offence)
    kinds = [kind for kind, _, _ in entries(text)]
    print(f'{len(kinds)} entries: {kinds.count("TEST")} tested, {kinds.count("DEVIATION")} deviations, '
          f'{kinds.count("UNUSED")} unused; {len(tests)} tests known; {len(found)} found')
    sys.exit(1 if found else 0)


main()
