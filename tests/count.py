#!/usr/bin/env python3
"""count.py BUILDS RESULTS: adds up what meson test wrote: a test of ours counts as its cases, be they cmocka's or TAP's.
Says what failed and what was skipped, and why; the last line is "N passed, N failed"; exits 1 if something failed."""
import json
import re
import sys

CMOCKA = {'passed': r'^\[  PASSED  \] (\d+) test', 'failed': r'^\[  FAILED  \] (\d+) test', 'skipped': r'^\[  SKIPPED \] (\d+) test'}


def cases(test):
    """(passed, failed, skipped, why) of one executable or script."""
    said = test.get('stdout', '') + '\n' + test.get('stderr', '')
    n = {kind: sum(map(int, re.findall(form, said, re.M))) for kind, form in CMOCKA.items()}
    tap = re.findall(r'^(not ok|ok)\b([^\n]*)', said, re.M)
    why = re.findall(r'^1\.\.0 # SKIP ([^\n]*)|^skipped: ([^\n]*)', said, re.M)
    for verdict, text in tap:
        skipped = re.search(r'# SKIP (.*)', text)
        n['skipped' if skipped else 'passed' if verdict == 'ok' else 'failed'] += 1
        if skipped:
            why.append((text.strip(' -'), ''))
    good = test['result'] in ('OK', 'EXPECTEDFAIL')
    if test['result'] == 'SKIP' and not n['skipped']:
        n['skipped'] = 1
    elif not good and test['result'] != 'SKIP' and not n['failed']:
        n['failed'] = 1
    elif good and not sum(n.values()):
        n['passed'] = 1
    return n, [a or b for a, b in why]


def trouble(test):
    """The failed cases of a script with what they said (meson keeps that to itself), and the names of cmocka's."""
    tap = False
    for line in test.get('stdout', '').split('\n'):
        tap = line.startswith(('not ok', 'Bail out!')) or (tap and line.startswith('#'))
        if tap:
            yield line
    yield from re.findall(r'^\[  FAILED  \] (?!\d).*', test.get('stdout', '') + test.get('stderr', ''), re.M)


def main():
    total = {'passed': 0, 'failed': 0, 'skipped': 0}
    with open(sys.argv[1], encoding='utf-8') as f:
        for line in f:
            total['failed' if line.strip() == 'fail' else 'skipped'] += 1
    with open(sys.argv[2], encoding='utf-8') as f:
        logs = f.read().split()
    for log in logs:
        with open(log, encoding='utf-8') as f:
            for line in f:
                test = json.loads(line)
                n, why = cases(test)
                for kind in total:
                    total[kind] += n[kind]
                build = log.split('/')[-3]
                if n['failed']:
                    print('\n'.join(trouble(test)) or '(see above)')
                    print(f'FAILED   {build}: {test["name"]}: {n["failed"]} of {sum(n.values())} ({test["result"]})')
                for text in why:
                    print(f'skipped  {build}: {test["name"]}: {text}')
    if not logs:
        print('nothing was run')
        total['failed'] += 1
    tail = f', {total["skipped"]} skipped' if total['skipped'] else ''
    print(f'{total["passed"]} passed, {total["failed"]} failed{tail}')
    sys.exit(1 if total['failed'] else 0)


main()
