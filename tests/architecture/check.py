#!/usr/bin/env python3
"""Holds the source tree to its architecture. Usage:

    check.py SOURCE-DIR [--objects DIR] [--nm NM] [--only CHECK,…] [--circles]

SOURCE-DIR is the root of the repository; DIR is where the build put framework's objects (in
CMakeFiles/coppice_objects.dir/framework). Without it, what needs objects is left out. Prints one line
per finding, with the file and the line, and exits with 1 if there are any. Standard library only.
"""

import argparse
import collections
import glob
import os
import re
import shutil
import subprocess
import sys

import edges
import exempt
import words

Finding = collections.namedtuple("Finding", "place text")


# --- reading the tree ----------------------------------------------------------------------------------


class Tree:
    """The repository's C files, each read once."""

    def __init__(self, root):
        self.root = root
        self.text = {}
        for top in ("framework", "plugins"):
            for directory, folders, files in os.walk(os.path.join(root, top)):
                folders.sort()
                for name in sorted(files):
                    if name.endswith((".c", ".h")):
                        path = os.path.join(directory, name)
                        with open(path, encoding="utf-8") as file:
                            self.text[os.path.relpath(path, root)] = file.read()

    def under(self, top, *endings):
        return [p for p in self.text if p.startswith(top + "/") and p.endswith(endings or (".c", ".h"))]

    def public_headers(self):
        return self.under("framework/include/coppice", ".h")


def framework_folder(path):
    """framework/exec/program/run.c -> exec/program"""
    return os.path.dirname(path)[len("framework/"):]


def module(folder):
    return folder.split("/")[0]


COMMENT_OR_STRING = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def blank(text, comments=True, strings=False):
    """The text with comments (and strings) replaced by spaces; lines stay where they are."""

    def replace(match):
        is_comment = match.group().startswith("/")
        if is_comment and comments or not is_comment and strings:
            return re.sub(r"[^\n]", " ", match.group())
        return match.group()

    return COMMENT_OR_STRING.sub(replace, text)


def comments_and_strings(text):
    """(line, what) of each comment and string; a comment's lines are joined into one text."""
    for match in COMMENT_OR_STRING.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group()


# --- edges ---------------------------------------------------------------------------------------------


def read_rows(table):
    rows = []
    for line in table.strip().splitlines():
        ends, reason = line.split(": ", 1)
        source, target = ends.split(" -> ")
        rows.append((source, target, reason))
    return rows


def covers(pattern, folder):
    return folder == pattern or folder.startswith(pattern + "/")


def allows(row, source, target):
    """A folder stands for those within it, but where one end lies within the other: then the outer one is
    its own files alone."""
    outer, inner = row[0], row[1]
    if inner.endswith("/."):
        return covers(outer, source) and target == inner[:-2]
    if inner.startswith(outer + "/"):
        return source == outer and covers(inner, target)
    if outer.startswith(inner + "/"):
        return covers(outer, source) and target == inner
    return covers(outer, source) and covers(inner, target)


def row_of(source, target):
    """The row that allows a folder to use another; None: no row; True: it needs none."""
    if source == target or module(source) != module(target) == "core":
        return True
    if module(source) != module(target):
        rows, ends = edges.MODULES, (module(source), module(target))
    else:
        rows, ends = edges.FOLDERS, (source, target)
    return next((row for row in read_rows(rows) if allows(row, *ends)), None)


INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def includes(tree, path):
    code = blank(tree.text[path])
    for match in INCLUDE.finditer(code):
        yield code.count("\n", 0, match.start()) + 1, match.group(1), match.group(2)


def check_includes(tree, used):
    libraries = dict(line.split(": ") for line in edges.LIBRARIES.strip().splitlines())
    public = {os.path.basename(p) for p in tree.public_headers()}
    for path in tree.under("framework"):
        folder = framework_folder(path)
        for line, own, other in includes(tree, path):
            place = "%s:%d" % (path, line)
            if other is not None:
                if other.startswith("coppice/"):
                    if os.path.basename(other) not in public:
                        yield Finding(place, "<%s> is no public header" % other)
                elif other in libraries:
                    if not any(covers(f, folder) for f in libraries[other].split()):
                        yield Finding(place, "<%s> is for %s alone" % (other, libraries[other]))
                continue
            if folder.startswith("include/"):
                yield Finding(place, 'a public header includes "%s": <coppice/...> alone' % own)
                continue
            target = "framework/" + own
            if target not in tree.text:
                yield Finding(place, 'there is no framework/%s: includes are named from framework/' % own)
                continue
            row = row_of(folder, os.path.dirname(own))
            if row is None:
                yield Finding(place, 'includes "%s": %s may not use %s (tests/architecture/edges.py)'
                              % (own, folder, os.path.dirname(own)))
            elif row is not True:
                used.add(row)


STANDARD = {name + ".h" for name in (
    "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg "
    "stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype "
    "dirent fcntl strings unistd sys/mman sys/stat sys/types").split()}


def check_plugins(tree, _used):
    libraries = dict(line.split(": ") for line in edges.PLUGIN_LIBRARIES.strip().splitlines())
    for path in tree.under("plugins"):
        folder = os.path.dirname(path)[len("plugins/"):]
        for line, own, other in includes(tree, path):
            place = "%s:%d" % (path, line)
            if own is not None:
                if "/" in own or os.path.join(os.path.dirname(path), own) not in tree.text:
                    yield Finding(place, 'a plugin includes "%s": its own folder and <coppice/...> alone'
                                  % own)
            elif other in libraries:
                if folder not in libraries[other].split():
                    yield Finding(place, "<%s> is for %s alone" % (other, libraries[other]))
            elif not other.startswith("coppice/") and other not in STANDARD:
                yield Finding(place, "a plugin includes <%s>" % other)


class Objects:
    """Which source defines each symbol, and which asks for it, by the objects of a build."""

    def __init__(self, tree, directory, nm):
        self.defined = {}
        self.wanted = []
        sources = {}
        for source in tree.under("framework", ".c"):
            path = os.path.join(directory, source[len("framework/"):] + ".o")
            if os.path.exists(path):
                sources[path] = source
            elif source != "framework/cli/main.c": # the program's, not the library's
                raise SystemExit("check.py: %s is not built: build first" % path)
        listing = subprocess.run([nm, "-A", "-P"] + list(sources), check=True, capture_output=True,
                                 text=True).stdout
        for line in listing.splitlines():
            path, name, kind = re.match(r"(.*?): (\S+) (\S)", line).groups()
            if kind == "U":
                self.wanted.append((sources[path], name))
            elif kind in "TDBRVWCG":
                self.defined[name] = sources[path]


def check_symbols(_tree, objects, used):
    seen = set()
    for source, name in objects.wanted:
        target = objects.defined.get(name)
        if target is None:
            continue
        ends = framework_folder(source), framework_folder(target)
        row = row_of(*ends)
        if row is None and (source, target) not in seen:
            seen.add((source, target))
            yield Finding(source, "uses %s of %s: %s may not use %s (tests/architecture/edges.py)"
                          % (name, target, *ends))
        elif row is not None and row is not True:
            used.add(row)


def check_unused_rows(used):
    for row in read_rows(edges.MODULES) + read_rows(edges.FOLDERS):
        if row not in used:
            yield Finding("tests/architecture/edges.py",
                          "nothing uses %s -> %s any more: take the line out" % row[:2])


# --- headers and what implements them ------------------------------------------------------------------

IMPLEMENTED = re.compile(r"\(implemented in ([^)]*)\)")


def statements(text):
    """(line, statement) of each declaration at file level: bodies in braces are left out."""
    code = blank(text, strings=True)
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()), code,
                  flags=re.MULTILINE)
    depth, start = 0, 0
    for i, c in enumerate(code):
        if c == "{":
            depth += 1
        elif c == "}":
            depth -= 1
        elif c == ";" and depth == 0:
            statement = code[start:i]
            lead = len(statement) - len(statement.lstrip())
            yield code.count("\n", 0, start + lead) + 1, statement.strip()
            start = i + 1


FUNCTION = re.compile(r"\b(cop\w*|coppice\w*)\s*\(")
VARIABLE = re.compile(r"^(?:COP_BEGIN\s+)?(?:COP_API\s+)?extern\b.*?\b(cop\w*)\s*(?:\[[^]]*\])*$", re.DOTALL)


def declared(text):
    """(line, name) of every function and variable that a header declares."""
    for line, statement in statements(text):
        plain = re.sub(r"\b(?:COP_PRINTF|__attribute__)\s*\(.*", "", statement, flags=re.DOTALL)
        if re.match(r"(?:COP_BEGIN\s+)?(?:static|typedef)\b", plain) or "{" in plain:
            continue
        found = VARIABLE.match(plain) or FUNCTION.search(plain)
        if found:
            offset = statement.count("\n", 0, statement.find(found.group(1)))
            yield line + offset, found.group(1)


def implementers(header, text):
    """What may implement a header: files, or folders that end in "/", from the repository's root. None where
    its first line names none."""
    named = IMPLEMENTED.search(text.split("\n", 1)[0])
    if not named:
        return None
    here = os.path.dirname(header)
    return [os.path.join(here if "/" not in item else "framework", item)
            for item in named.group(1).split(", ")]


def check_headers(tree, objects):
    for header in tree.under("framework", ".h"):
        text = tree.text[header]
        stem = os.path.splitext(os.path.basename(header))[0]
        if not text.startswith("/* %s.h" % stem):
            yield Finding(header + ":1", 'begins with a comment "/* %s.h: what it is for"' % stem)
            continue
        if header in exempt.HEADERS:
            continue
        public = header in tree.public_headers()
        allowed = implementers(header, text)
        for item in allowed or []:
            if item.endswith("/") and not tree.under(item.rstrip("/"), ".c") \
                    or not item.endswith("/") and item not in tree.text:
                yield Finding(header + ":1", "there is no %s" % item)
        hits = set()
        for line, name in declared(text):
            if name in exempt.SYMBOLS:
                continue
            source = objects.defined.get(name)
            place = "%s:%d" % (header, line)
            if source is None:
                yield Finding(place, "%s is declared and not defined" % name)
                continue
            if allowed is None:
                own = os.path.basename(source) == stem + ".c" if public \
                    else source == header[:-2] + ".c"
                if not own:
                    yield Finding(place, "%s is implemented in %s, which the header's first line does "
                                  "not name" % (name, source[len("framework/"):]))
                continue
            matches = {a for a in allowed if source == a or a.endswith("/") and source.startswith(a)}
            if not matches:
                yield Finding(place, "%s is implemented in %s, which the header's first line does not "
                              "name" % (name, source[len("framework/"):]))
            hits |= matches
        for item in sorted(set(allowed or []) - hits):
            yield Finding(header + ":1", "nothing of it is implemented in %s" % item[len("framework/"):])


# --- every function and callback has its comment -------------------------------------------------------


def explained(name, comment):
    """Whether a comment that several declarations share names this one, by the last word of its name."""
    return name.rsplit("_", 1)[-1][:4].lower() in re.sub(r"\W+", " ", comment).lower()


def uncommented(text, pattern):
    """(line, name) of each declaration found by the pattern that no comment explains. A comment explains
    what follows it directly, or whose line it stands on. It may be shared by the declarations that follow
    without a blank line, if it names each."""
    code = blank(text)
    for found in pattern.finditer(code):
        begin, end = found.start(), code.find(";", found.end())
        line_end = text.find("\n", end)
        if "/*" in text[begin:line_end]:
            continue
        before = text[text.rfind("\n\n", 0, begin) + 1:begin]
        comments = [c for c in re.finditer(r"^[ \t]*/\*.*?\*/[ \t]*\n", before, re.DOTALL | re.MULTILINE)]
        if comments and not before[comments[-1].end():].strip():
            continue
        if not explained(found.group(1), " ".join(c.group() for c in comments)):
            yield text.count("\n", 0, begin) + 1, found.group(1)


API = re.compile(r"^COP_API\b[^;={]*?\b(cop\w*)\s*\(", re.MULTILINE)
CALLBACK = re.compile(r"^[^\n;]*\(\*(\w+)\)\s*\(", re.MULTILINE)


def undocumented(header, text):
    for line, name in uncommented(text, API):
        yield Finding("%s:%d" % (header, line), "%s has no comment of its own" % name)
    for ops in re.finditer(r"struct (cop_\w+_ops) \{(.*?)^\}", text, re.DOTALL | re.MULTILINE):
        first = text.count("\n", 0, ops.start(2))
        for line, name in uncommented(ops.group(2), CALLBACK):
            yield Finding("%s:%d" % (header, first + line), "callback %s of %s has no comment of its own"
                          % (name, ops.group(1)))


def passed_over(header, found, which):
    """The findings in a header, or none where it is exempt; then one if it need not be any more."""
    found = list(found)
    if header not in getattr(exempt, which):
        return found
    return [] if found else [Finding("tests/architecture/exempt.py",
                                     "%s needs no line in %s any more" % (header, which))]


def check_documented(tree):
    for header in tree.public_headers():
        yield from passed_over(header, undocumented(header, tree.text[header]), "UNDOCUMENTED")


# --- style ---------------------------------------------------------------------------------------------

BROKEN = re.compile(r"^[ \t]+(?:const |struct |unsigned )*\w+(?: const)?(?: \*+)?(?: =)?\n"
                    r"[ \t]+\**\w[^\n(]*[;,]? /\*", re.MULTILINE)


def broken(path, text):
    for found in BROKEN.finditer(text):
        yield Finding("%s:%d" % (path, text.count("\n", 0, found.start()) + 1),
                      "a comment behind it breaks the declaration: put it above")


def check_comments(tree):
    phrases = [(re.compile(p), advice) for p, advice in words.PHRASES]
    for path in sorted(tree.text):
        text = tree.text[path]
        for start, what in comments_and_strings(text):
            if what.startswith("/"):
                for i, line in enumerate(what.split("\n")):
                    if re.search(r"-{4,}|={4,}|\*{4,}|_{4,}", line):
                        yield Finding("%s:%d" % (path, start + i), "a ruled line in a comment")
            joined = re.sub(r"\s*\n\s*\*?\s*", " ", what)
            for pattern, advice in phrases:
                found = pattern.search(joined)
                if found:
                    yield Finding("%s:%d" % (path, start), '"%s": %s' % (found.group(), advice))
        for i, line in enumerate(text.split("\n")):
            if len(line) > 100:
                yield Finding("%s:%d" % (path, i + 1), "%d columns: at most 100" % len(line))
        if path.endswith(".h"):
            yield from passed_over(path, broken(path, text), "BROKEN")


DOCS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] + [top + "/README.md" for top in
                                                          ("framework", "plugins", "configs", "tests")]
PATH = re.compile(r"`([a-z_][\w./*-]*/[\w.*-]*)`|\]\(([^)#:]+)\)")


def check_docs(tree):
    """Files that the docs name are there, and the docs' words are those of the code's comments."""
    phrases = [(re.compile(p), advice) for p, advice in words.PHRASES]
    tops = ("framework", "plugins", "configs", "tests", "tools")
    for doc in DOCS:
        if not os.path.exists(os.path.join(tree.root, doc)):
            continue
        with open(os.path.join(tree.root, doc), encoding="utf-8") as file:
            text = file.read()
        for found in PATH.finditer(text):
            place = "%s:%d" % (doc, text.count("\n", 0, found.start()) + 1)
            name, link = found.groups()
            if link:
                tried = [os.path.join(os.path.dirname(doc), link)]
            else:
                top = name.split("/")[0]
                if top in tops:
                    tried = [name]
                elif os.path.isdir(os.path.join(tree.root, "framework", top)):
                    tried = ["framework/" + name, os.path.join(os.path.dirname(doc), name)]
                else:
                    continue
            # NAME in a path stands for any name.
            if not any(glob.glob(os.path.join(tree.root, t.replace("NAME", "*"))) for t in tried):
                yield Finding(place, "there is no %s" % (link or name))
        prose = re.sub(r"```.*?```", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.DOTALL)
        joined = re.sub(r"(?<=\S)\n(?=\S)", " ", prose)
        for pattern, advice in phrases:
            for found in pattern.finditer(joined):
                yield Finding(doc, '"%s": %s' % (found.group(), advice))


def check_names(tree):
    folders = collections.defaultdict(lambda: collections.defaultdict(set))
    for path in tree.text:
        stem = os.path.splitext(os.path.basename(path))[0]
        folders[os.path.dirname(path)][re.sub(r"s$", "", stem.lower().replace("_", ""))].add(stem)
    for folder, keys in sorted(folders.items()):
        for stems in keys.values():
            if len(stems) > 1 and (folder, tuple(sorted(stems))) not in exempt.NAMES:
                yield Finding(folder, "readers will mix up %s" % " and ".join(sorted(stems)))
    for folder, stems in exempt.NAMES:
        if not all(os.path.join(folder, s + ".c") in tree.text for s in stems):
            yield Finding("tests/architecture/exempt.py", "%s of %s need no line any more"
                          % (" and ".join(stems), folder))


def check_format(tree):
    """clang-format of version 14, which is Debian 12's: another version formats some lines otherwise."""
    for command in ("clang-format-14", "clang-format"):
        if not shutil.which(command):
            continue
        version = subprocess.run([command, "--version"], capture_output=True, text=True).stdout
        if re.search(r"version 14\.", version):
            break
    else:
        print("architecture: clang-format 14 is not here: the format is not checked")
        return
    files = []
    for top in ("framework", "plugins", "tests"):
        for directory, _, names in os.walk(os.path.join(tree.root, top)):
            files += [os.path.join(directory, n) for n in sorted(names) if n.endswith((".c", ".h"))]
    run = subprocess.run([command, "--dry-run", "--ferror-limit=1"] + files, capture_output=True, text=True)
    seen = set()
    for line in run.stderr.splitlines():
        found = re.match(r"(.*?):(\d+):\d+: (?:warning|error): code should be clang-formatted", line)
        if found and found.group(1) not in seen:
            seen.add(found.group(1))
            yield Finding("%s:%s" % (os.path.relpath(found.group(1), tree.root), found.group(2)),
                          "is not as %s has it: run %s -i on it" % (command, command))


# --- all of them ---------------------------------------------------------------------------------------


def circles():
    for row in read_rows(edges.FOLDERS):
        if row[2].startswith("circle"):
            yield "%s -> %s: %s" % (row[0], row[1], row[2].split(": ", 1)[1])


def findings(root, objects_dir=None, nm="nm", only=None):
    tree = Tree(root)
    used = set()
    objects = Objects(tree, objects_dir, nm) if objects_dir else None
    checks = [("includes", lambda: check_includes(tree, used)),
              ("plugins", lambda: check_plugins(tree, used)),
              ("documented", lambda: check_documented(tree)),
              ("comments", lambda: check_comments(tree)),
              ("docs", lambda: check_docs(tree)),
              ("names", lambda: check_names(tree)),
              ("format", lambda: check_format(tree))]
    if objects:
        checks[1:1] = [("symbols", lambda: check_symbols(tree, objects, used)),
                       ("headers", lambda: check_headers(tree, objects))]
        if not only:
            checks.append(("rows", lambda: check_unused_rows(used)))
    for name, check in checks:
        if not only or name in only:
            yield from check()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("root")
    parser.add_argument("--objects", help="where the build put framework's objects")
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--only", help="names of checks, separated by commas")
    parser.add_argument("--circles", action="store_true", help="list the edges against the order")
    given = parser.parse_args()
    if given.circles:
        print("\n".join(circles()))
        return 0
    found = list(findings(given.root, given.objects, given.nm, given.only and given.only.split(",")))
    for finding in found:
        print("%s: %s" % finding)
    if found:
        print("architecture: %d findings" % len(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
