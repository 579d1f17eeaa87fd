#!/usr/bin/env python3
"""Headers of a minor version that is kept are those that plugins of it were built with.

    check_kept.py ROOT

While the public headers are of a minor version that is kept in tests/fixtures/abi, they are the same but for
comments: whoever changes a declaration raises COP_ABI_MINOR, and tests/abi/keep keeps the new version.
"""
import os
import re
import sys

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


def code(path):
    """A header without comments and line breaks."""
    with open(path, encoding="utf-8") as file:
        return re.sub(r"\s+", " ", COMMENT.sub(" ", file.read())).strip()


def version(folder):
    text = code(os.path.join(folder, "plugin.h"))
    return ".".join(re.search(rf"#define COP_ABI_{part} (\d+)", text).group(1) for part in ("MAJOR", "MINOR"))


def complaints(current, kept_root):
    now = version(current)
    kept = os.path.join(kept_root, now, "coppice")
    if not os.path.isdir(kept):
        yield f"the headers of ABI {now} are not kept: tests/abi/keep {now}"
        return
    names = set(os.listdir(current)) | set(os.listdir(kept))
    for name in sorted(names):
        pair = os.path.join(current, name), os.path.join(kept, name)
        if not all(os.path.exists(path) for path in pair):
            yield f"{name} is not in both: raise COP_ABI_MINOR, and tests/abi/keep the new version"
        elif code(pair[0]) != code(pair[1]):
            yield f"{name} has changed since ABI {now} was kept: raise COP_ABI_MINOR, and keep the new one"


def main(root):
    found = list(complaints(os.path.join(root, "framework", "include", "coppice"),
                            os.path.join(root, "tests", "fixtures", "abi")))
    print("\n".join(found) or "the headers are those that are kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
