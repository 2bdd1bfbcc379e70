"""What the lint checks read: the tree's C files, their code without comments, their functions, their floors."""
import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get('FINESSE_TREE') or os.path.dirname(os.path.dirname(HERE))  # planted.py brings its own

# A floor may include itself, lower floors and lib/include.  shard and io are siblings; bench reads the daemon's configuration.
FLOORS = {'lib/base': 0, 'lib/wire': 1, 'lib/ip': 2, 'lib/tcp': 3, 'lib/shard': 4, 'lib/io': 4, 'lib/sock': 5,
          'app': 6, 'bench': 7}
CORE = ('lib/base', 'lib/wire', 'lib/ip', 'lib/tcp', 'lib/shard')


def files(*ends, under=('lib', 'app', 'bench', 'tests')):
    """Paths below `under`, relative to the root, that end in one of `ends`."""
    found = []
    for top in under:
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            found += [os.path.relpath(os.path.join(folder, n), ROOT) for n in names if n.endswith(ends)]
    return sorted(found)


def tracked():
    """What git would commit, or None where it cannot be asked (a release tarball, no git)."""
    if shutil.which('git') is None:
        return None
    git = subprocess.run(['git', '-C', ROOT, 'ls-files'], capture_output=True, text=True, check=False)
    return git.stdout.split('\n')[:-1] if git.returncode == 0 else None


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as f:
        return f.read()


PIECE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code(path):
    """The file with comments and the insides of strings blanked, line by line in place; includes keep theirs."""
    def blank(piece):
        text = piece.group(0)
        if text[0] in '"\'':
            return text[0] + ' ' * (len(text) - 2) + text[-1]
        return re.sub(r'[^\n]', ' ', text)
    return PIECE.sub(blank, read(path))


def functions(path):
    """(name, first line, last line) of each function: our style puts its name, `{` and `}` in column 0."""
    name, start, inside = None, 0, False
    for n, line in enumerate(code(path).split('\n'), 1):
        begun = re.match(r'(\w+)\(', line)
        if begun and not inside:
            name, start = begun.group(1), n
        elif line.startswith('{') and name:
            inside = True
        elif line.startswith('}') and inside:
            yield name, start, n
            name, inside = None, False


def floor(path):
    """The folder of FLOORS that holds the file, or None."""
    best = [f for f in FLOORS if path.startswith(f + '/')]
    return max(best, key=len) if best else None


def includes(path):
    """(line, name, quoted?) of each include."""
    for n, line in enumerate(read(path).split('\n'), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if found:
            yield n, found.group(2), found.group(1) == '"'
