#!/usr/bin/env python3
"""The public headers as a later minor version may have them: every struct that may grow has a member more.

    grow.py HEADERS OUT

Writes to OUT/ what is in HEADERS/ (framework/include/coppice) with a member added at the end of each struct
that begins with its size, and of the rows whose size somebody states for them. A host is built from these,
and runs plugins that were built from the headers that are kept in tests/fixtures/abi.
"""
import os
import re
import sys

STRUCT = re.compile(r"^typedef struct (\w+) \{\n(.*?)^\} \1;$", re.M | re.S)
COMMENT = re.compile(r"/\*.*?\*/", re.S)
SIZE_FIRST = re.compile(r"\s*(uint32_t|size_t) size;")
# Rows and the descriptor: their size stands elsewhere. And what must be found, or this does not work.
SIZED_ELSEWHERE = {"cop_plugin", "cop_option", "cop_column"}
EXPECTED = SIZED_ELSEWHERE | {"cop_work_ops", "cop_model_ops", "cop_dataset_ops", "cop_training_request",
                              "cop_parameter", "cop_table_spec", "cop_plot", "cop_compile_options",
                              "cop_program_cost", "cop_objective_spec", "cop_evaluation",
                              "cop_trainer_spec", "cop_train_metrics", "cop_match_spec"}
MEMBER = "    uint64_t grown_in_tests[2]; /* what a later version might add */\n"


def grow(text):
    """The header's text with the members added, and the names of the structs that grew."""
    grown = []

    def add(match):
        name, body = match.groups()
        if name not in SIZED_ELSEWHERE and not SIZE_FIRST.match(COMMENT.sub("", body)):
            return match.group(0)
        grown.append(name)
        return f"typedef struct {name} {{\n{body}{MEMBER}}} {name};"

    return STRUCT.sub(add, text), grown


def write_if_new(path, text):
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main(headers, out):
    os.makedirs(out, exist_ok=True)
    all_grown = set()
    for name in sorted(os.listdir(headers)):
        with open(os.path.join(headers, name), encoding="utf-8") as file:
            text, grown = grow(file.read())
        all_grown.update(grown)
        write_if_new(os.path.join(out, name), text)
    missing = EXPECTED - all_grown
    if missing:
        sys.exit(f"grow.py: {', '.join(sorted(missing))}: no such struct, or not size-tagged")
    print("\n".join(sorted(all_grown)))


if __name__ == "__main__":
    main(*sys.argv[1:])
