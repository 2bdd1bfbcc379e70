#!/usr/bin/env python3
"""floors.py CHECK BUILDDIR: holds the compiler to the floors, with the very command lines of the build.

upward   an include of a header from a higher floor (or a sibling) does not compile
downward each header compiles on its own, from its own floor and from each floor above that sees it
c11      the core compiles as strict C11, with no header but its own and the C library's
"""
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from source import CORE, FLOORS, ROOT, files, floor


def commands(build):
    """The compiler and include flags of one file of each floor, as the build has them."""
    with open(os.path.join(build, 'compile_commands.json'), encoding='utf-8') as f:
        for entry in json.load(f):
            path = os.path.relpath(os.path.join(entry['directory'], entry['file']), ROOT)
            words = shlex.split(entry['command'])
            words = words[1:] if os.path.basename(words[0]) == 'ccache' else words
            flags = [w for w in words if w.startswith(('-I', '-isystem', '-D', '-std'))]
            yield path, entry['directory'], words[0], flags


def of_floors(build):
    first = {}
    for path, folder, cc, flags in commands(build):
        if floor(path) and floor(path) not in ('app', 'bench'):
            first.setdefault(floor(path), (folder, cc, flags))
    return first


def compiles(folder, cc, flags, text, extra=()):
    with tempfile.TemporaryDirectory() as away:
        probe = os.path.join(away, 'probe.c')
        with open(probe, 'w', encoding='utf-8') as f:
            f.write(text)
        run = subprocess.run([cc, *flags, *extra, '-fsyntax-only', probe], cwd=folder, capture_output=True, text=True,
                             check=False)
    return run.returncode == 0, run.stderr


def headers():
    return [(h, floor(h)) for h in files('.h', under=CORE + ('lib/io', 'lib/sock')) if floor(h)]


def below(lower, upper):
    return lower == upper or FLOORS[lower] < FLOORS[upper]


def upward(build):
    tried = 0
    for own, (folder, cc, flags) in of_floors(build).items():
        for header, home in headers():
            if below(home, own):
                continue
            tried += 1
            ok, said = compiles(folder, cc, flags, f'#include "{os.path.basename(header)}"\nint probe;\n')
            if ok:
                yield f'a file of {own} may include {header}'
            elif 'No such file' not in said and 'not found' not in said:
                yield f'a file of {own} including {header} fails for another reason: {said.splitlines()[0]}'
    print(f'{tried} upward includes tried')


def downward(build):
    tried = 0
    for own, (folder, cc, flags) in of_floors(build).items():
        for header, home in headers():
            if below(home, own):
                tried += 1
                ok, said = compiles(folder, cc, flags, f'#include "{os.path.basename(header)}"\nint probe;\n')
                unseen = home != own and re.search(re.escape(os.path.basename(header)) + "('|:)? (No such file|file not found)", said)
                if not ok and not unseen:  # lib/io, for one, sees base alone
                    yield f'{header} does not compile alone from {own}: {said.splitlines()[0]}'
    print(f'{tried} headers compiled alone')


def c11(build):
    tried = 0
    for path, folder, cc, flags in commands(build):
        if floor(path) not in CORE:
            continue
        tried += 1
        words = [f for f in flags if not f.startswith('-std')]
        source = os.path.join(ROOT, path)
        run = subprocess.run([cc, *words, '-std=c11', '-pedantic-errors', '-Wall', '-Wextra', '-Werror', '-fsyntax-only',
                              source], cwd=folder, capture_output=True, text=True, check=False)
        if run.returncode:
            yield f'{path}: {run.stderr.splitlines()[0]}'
        made = subprocess.run([cc, *words, '-std=c11', '-M', source], cwd=folder, capture_output=True, text=True,
                              check=False).stdout
        foreign = [w for w in made.split() if '/dpdk/' in w or os.path.basename(w).startswith(('rte_', 'libconfig', 'event'))]
        if foreign or any('dpdk' in w for w in flags):
            yield f'{path}: sees {foreign[:1] or "the include path"} of DPDK'
    print(f'{tried} files of the core compiled as strict C11')


def main():
    checks = {f.__name__: f for f in (upward, downward, c11)}
    if len(sys.argv) != 3 or sys.argv[1] not in checks:
        sys.exit(f'usage: floors.py {"|".join(checks)} BUILDDIR')
    if not os.path.exists(os.path.join(sys.argv[2], 'compile_commands.json')):
        print('skipped: no compile_commands.json')
        sys.exit(77)
    offences = list(checks[sys.argv[1]](sys.argv[2]))
    for offence in offences:
        print('  ' + offence)
    print(f'{len(offences)} found')
    sys.exit(1 if offences else 0)


main()
