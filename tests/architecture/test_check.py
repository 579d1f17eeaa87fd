"""The architecture's test can fail: each tree below breaks one rule, and check.py says which.
Usage: test_check.py CC"""

import os
import subprocess
import sys
import tempfile
import unittest

import check

COMPILER = "cc"

PUBLIC = "framework/include/coppice/"

# A small tree without a fault: two modules, a public header, a plugin.
GOOD = {
    PUBLIC + "base.h": "/* base.h: what every header needs. */\n#define COP_API\n",
    PUBLIC + "graph.h": "/* graph.h (implemented in graph/): graphs. */\n#include <coppice/base.h>\n\n"
                        "/* A new graph. */\nCOP_API int cop_graph_new(void);\n",
    "framework/core/text.h": "/* text.h: text. */\nint cop_text_size(void);\n",
    "framework/core/text.c": '#include "core/text.h"\nint cop_text_size(void)\n{\n    return 1;\n}\n',
    "framework/graph/build.c": '#include <coppice/graph.h>\n\n#include "core/text.h"\n'
                               "int cop_graph_new(void)\n{\n    return cop_text_size();\n}\n",
    "plugins/pruners/mine/mine.h": "/* mine.h: mine. */\n",
    "plugins/pruners/mine/mine.c": '#include "mine.h"\n\n#include <coppice/graph.h>\n\n#include <math.h>\n',
}


class Check(unittest.TestCase):
    def found(self, changes, only, build=False):
        """What check.py says of the good tree with these files changed, as one text."""
        files = {**GOOD, **changes}
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            objects = None
            if build:
                objects = os.path.join(root, "objects")
                for path in files:
                    if path.startswith("framework/") and path.endswith(".c"):
                        out = os.path.join(objects, path[len("framework/"):] + ".o")
                        os.makedirs(os.path.dirname(out), exist_ok=True)
                        subprocess.run([COMPILER, "-c", os.path.join(root, path), "-o", out,
                                        "-I", os.path.join(root, "framework"),
                                        "-I", os.path.join(root, "framework/include")], check=True)
            return "\n".join("%s: %s" % f for f in check.findings(root, objects, "nm", only)
                             if not f.place.startswith("tests/architecture/"))

    def test_passes_a_tree_that_keeps_the_rules(self):
        self.assertEqual(self.found({}, ["includes", "plugins", "symbols", "headers", "documented",
                                         "comments", "names"], build=True), "")

    def test_catches_an_include_that_goes_up(self):
        changed = {"framework/core/text.c": GOOD["framework/core/text.c"] + '#include "graph/node.h"\n',
                   "framework/graph/node.h": "/* node.h: nodes. */\n"}
        self.assertIn('framework/core/text.c:6: includes "graph/node.h": core may not use graph',
                      self.found(changed, ["includes"]))

    def test_catches_an_include_between_folders_of_a_module(self):
        changed = {"framework/exec/kernels/kernels.c": '#include "exec/compiler/compiler.h"\n',
                   "framework/exec/compiler/compiler.h": "/* compiler.h: passes. */\n"}
        self.assertIn("exec/kernels may not use exec/compiler", self.found(changed, ["includes"]))

    def test_catches_a_private_header_in_a_public_one(self):
        changed = {PUBLIC + "base.h": GOOD[PUBLIC + "base.h"] + '#include "core/text.h"\n'}
        self.assertIn("a public header includes", self.found(changed, ["includes"]))

    def test_catches_a_library_outside_its_folder(self):
        changed = {"framework/core/text.c": "#include <dnnl.h>\n"}
        self.assertIn("<dnnl.h> is for exec/onednn", self.found(changed, ["includes"]))

    def test_catches_a_plugin_that_sees_inside_the_framework(self):
        for line in ('#include "core/text.h"\n', '#include "../other/other.h"\n', "#include <dnnl.h>\n"):
            self.assertIn("a plugin includes",
                          self.found({"plugins/pruners/mine/mine.c": line}, ["plugins"]))

    def test_catches_a_library_that_is_another_plugins(self):
        changed = {"plugins/pruners/mine/mine.c": "#include <matio.h>\n"}
        self.assertIn("<matio.h> is for datasets/svhn alone", self.found(changed, ["plugins"]))

    def test_catches_a_call_that_goes_up_without_an_include(self):
        changed = {"framework/core/text.c": "int cop_graph_new(void);\nint cop_text_size(void);\n"
                                            "int cop_text_size(void)\n{\n    return cop_graph_new();\n}\n"}
        self.assertIn("framework/core/text.c: uses cop_graph_new of framework/graph/build.c",
                      self.found(changed, ["symbols"], build=True))

    def test_catches_a_header_that_does_not_say_who_implements_it(self):
        changed = {PUBLIC + "graph.h": GOOD[PUBLIC + "graph.h"].replace(" (implemented in graph/)", "")}
        self.assertIn("graph.h:5: cop_graph_new is implemented in graph/build.c, which the header's",
                      self.found(changed, ["headers"], build=True))

    def test_catches_a_header_that_names_another_module(self):
        changed = {PUBLIC + "graph.h": GOOD[PUBLIC + "graph.h"].replace("in graph/", "in core/")}
        found = self.found(changed, ["headers"], build=True)
        self.assertIn("cop_graph_new is implemented in graph/build.c", found)
        self.assertIn("nothing of it is implemented in core/", found)

    def test_catches_a_function_that_nobody_defines(self):
        changed = {"framework/core/text.h": "/* text.h: text. */\nint cop_text_size(void);\n"
                                            "int cop_text_gone(int (*of)(void));\n"}
        self.assertIn("text.h:3: cop_text_gone is declared and not defined",
                      self.found(changed, ["headers"], build=True))

    def test_catches_an_exported_function_without_a_comment(self):
        header = PUBLIC + "graph.h"
        free = "COP_API void cop_graph_free(\n    int g);\n"
        for text in (GOOD[header] + free, GOOD[header] + "\n" + free,
                     GOOD[header].replace("(void);", "(void); /* new */") + free):
            self.assertIn("cop_graph_free has no comment", self.found({header: text}, ["documented"]))
        for text in (GOOD[header] + "/* Frees it. */\n" + free, GOOD[header] + free[:-1] + " /* frees */\n",
                     GOOD[header].replace("A new graph", "A new graph, and freeing it") + free):
            self.assertEqual(self.found({header: text}, ["documented"]), "")

    def test_catches_a_callback_without_a_comment(self):
        text = "/* x.h: x. */\ntypedef struct cop_x_ops {\n    int size;\n\n    /* Makes one. */\n" \
               "    int (*create)(void);\n    void (*destroy)(void *self);\n} cop_x_ops;\n"
        found = self.found({PUBLIC + "x.h": text}, ["documented"])
        self.assertIn("x.h:7: callback destroy of cop_x_ops", found)
        self.assertNotIn("create", found)

    def test_catches_ruled_lines_and_long_ones(self):
        found = self.found({"framework/core/a.c": "/* ---- a ---- */\nint a; /* %s */\n" % ("x" * 99)},
                           ["comments"])
        self.assertIn("a.c:1: a ruled line", found)
        self.assertIn("a.c:2: 112 columns", found)

    def test_catches_a_for_per_across_lines(self):
        found = self.found({"framework/core/a.c": "/* Writes one row a\n * ticket. */\n"}, ["comments"])
        self.assertIn('"one row a ticket": say `per`', found)

    def test_catches_a_declaration_that_a_comment_breaks(self):
        found = self.found({"framework/core/a.h": "/* a.h: a. */\ntypedef struct a {\n    int\n"
                                                  "        b; /* long */\n} a;\n"}, ["comments"])
        self.assertIn("a.h:3: a comment behind it breaks the declaration", found)

    def test_catches_a_file_in_the_docs_that_is_not_there(self):
        doc = "Read `core/text.c`, `core/gone.c`, `plugins/pruners/mine/`, [it](framework/gone.md), one row a\nticket."
        found = self.found({"README.md": doc}, ["docs"])
        self.assertIn("README.md:1: there is no core/gone.c", found)
        self.assertIn("there is no framework/gone.md", found)
        self.assertIn("say `per`", found)
        self.assertNotIn("text.c", found)
        self.assertNotIn("mine", found)

    def test_catches_names_that_readers_mix_up(self):
        found = self.found({"framework/core/texts.c": ""}, ["names"])
        self.assertIn("framework/core: readers will mix up text and texts", found)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        COMPILER = sys.argv.pop(1)
    unittest.main()
