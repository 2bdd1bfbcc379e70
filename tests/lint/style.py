#!/usr/bin/env python3
"""style.py CHECK: reads the tree; prints a line for each offence; exits 1 if there is one, 77 if it cannot look."""
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from source import CORE, FLOORS, ROOT, code, files, floor, functions, includes, read, tracked

OWN = ('lib', 'app', 'bench')

# The core is a function of its arguments: no clock, no randomness, no file, no lock, no memory but what it was given.
CORE_HEADERS = {'assert.h', 'emmintrin.h', 'errno.h', 'inttypes.h', 'limits.h', 'stdalign.h', 'stdarg.h', 'stdatomic.h', 'stdbool.h',
                'stddef.h', 'stdint.h', 'stdio.h', 'stdnoreturn.h', 'string.h'}  # of stdio.h, snprintf alone: see below
CONSTRUCTION = {'arpa/inet.h', 'stdlib.h'}  # lib/shard reads addresses and allocates when it builds a shard
FORBIDDEN = re.compile(r'(?<![\w.>])(malloc|calloc|realloc|aligned_alloc|free|abort|exit|time|clock|clock_gettime'
                       r'|gettimeofday|rand|random|srand|getrandom|printf|fprintf|vprintf|puts|fputs|perror|fopen|getenv'
                       r'|system|signal|sleep|usleep|nanosleep|alloca|setjmp|longjmp|strtok|pthread_\w+|mtx_\w+|thrd_\w+'
                       r'|rte_\w+)\s*\(')
VAGUE = ('session', 'socket', 'stream', 'context', 'manager', 'engine', 'common', 'util', 'utils', 'misc', 'helper',
         'helpers', 'info', 'data')
TOP = {'app', 'lib', 'conf', 'tests', 'bench', 'meson.build', 'README.md', 'LICENSE'}


def lengths():
    """No file over 600 lines, no function over 60."""
    for path in files('.c', '.h', '.py', '.sh'):
        n = read(path).count('\n')
        if n > 600:
            yield f'{path}: {n} lines; a file of more than 600 usually holds two things'
    for path in files('.c', '.h'):
        for name, first, last in functions(path):
            if last - first + 1 > 60:
                yield f'{path}:{first}: {name} has {last - first + 1} lines; more than 60'


def names():
    """No name that says nothing: process_*, handle_*, do_*, and the dictionary's "not used"."""
    for path in files('.c', '.h', under=OWN):
        stem = os.path.splitext(os.path.basename(path))[0]
        if set(re.split(r'\W|_', stem)) & set(VAGUE):
            yield f'{path}: file name {stem}'
        text = code(path)
        for found in re.finditer(r'^(\w+)\(|^(?:static )?(?:struct|enum|union) (\w+) \{', text, re.M):
            name = found.group(1) or found.group(2)
            line = text.count('\n', 0, found.start()) + 1
            if re.search(r'(^|_)(process|handle|do)_', name):
                yield f'{path}:{line}: {name} does not say what it does'
            if found.group(2) and path.startswith('lib/') and set(name.split('_')) & set(VAGUE):
                yield f'{path}:{line}: {name} is not in the dictionary'


def tokens():
    """The core calls nothing that reads a clock, a file or a random source, prints, locks or allocates."""
    for path in files('.c', '.h', under=CORE):
        in_shard = path.startswith('lib/shard/')
        for line, name, quoted in includes(path):
            if not quoted and name not in CORE_HEADERS and not name.startswith('finesse/') \
                    and not (in_shard and name in CONSTRUCTION):
                yield f'{path}:{line}: <{name}> in the core'
        for n, line in enumerate(code(path).split('\n'), 1):
            for found in FORBIDDEN.finditer(line):
                if not (in_shard and found.group(1) in ('malloc', 'calloc', 'aligned_alloc', 'free')):
                    yield f'{path}:{n}: {found.group(1)}() in the core'
    allocating = {p for p in files('.c', under=('lib/shard',)) if re.search(r'\b(malloc|calloc|aligned_alloc)\(', code(p))}
    if len(allocating) > 1:
        yield f'memory is allocated in more than one file: {", ".join(sorted(allocating))}'


def states():
    """States are sets of bits: they are never ordered."""
    for path in files('.c', '.h', under=('lib/tcp', 'lib/shard')):
        for n, line in enumerate(code(path).split('\n'), 1):
            if re.search(r'\bstate\s*(>=|<=|<(?!<)|>(?!>))', line):
                yield f'{path}:{n}: a state is compared by order'


def include_text():
    """An include is of the own folder, a lower floor or lib/include."""
    home = {}
    for path in files('.h', under=OWN):
        home.setdefault(os.path.basename(path), []).append(path)
    for path in files('.c', '.h', under=OWN):
        own = floor(path)
        if own is None:
            continue
        for line, name, quoted in includes(path):
            if not quoted or name.startswith('finesse/'):
                continue
            there = [h for h in home.get(os.path.basename(name), []) if floor(h)]
            if there and not any(floor(h) == own or FLOORS[floor(h)] < FLOORS[own] for h in there):
                yield f'{path}:{line}: "{name}" is not below {own}'


def first_lines():
    """The first line of a file says what it is."""
    for path in files('.c', '.h', under=OWN):
        if not re.match(r'/\* ?\S', read(path)):
            yield f'{path}: begins without a comment that says what it is'


def tree():
    """The top level of the tree holds what the README's map shows, and nothing else."""
    listed = tracked()
    if listed is None:
        print('skipped: no git, or no clone')
        sys.exit(77)
    for top in sorted({p.split('/')[0] for p in listed} - TOP):
        if not top.startswith('.'):
            yield f'{top}: does not belong at the top of the tree'


def layout():
    """clang-format 14 has nothing to change."""
    tool = shutil.which('clang-format-14') or shutil.which('clang-format')
    if tool is None:
        print('skipped: no clang-format-14')
        sys.exit(77)
    for path in files('.c', '.h'):
        run = subprocess.run([tool, '--dry-run', '-Werror', path], cwd=ROOT, capture_output=True, text=True, check=False)
        if run.returncode:
            yield run.stderr.split('\n')[0] + f'   (clang-format-14 -i {path})'


CHECKS = {f.__name__: f for f in (lengths, names, tokens, states, include_text, first_lines, tree, layout)}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in CHECKS:
        sys.exit(f'usage: style.py {"|".join(CHECKS)}')
    check = CHECKS[sys.argv[1]]
    offences = list(check())
    print(check.__doc__)
    for offence in offences:
        print('  ' + offence)
    print(f'{len(offences)} found')
    sys.exit(1 if offences else 0)


main()
