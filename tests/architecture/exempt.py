"""What check.py passes over, each with its reason. Shorter is better."""

# Headers whose functions are not looked for.
HEADERS = set()

# Declared by us, defined by others.
SYMBOLS = {
    "coppice_plugin", # every plugin defines its own
    "cop_page_css", # the build makes these two of page.css and page.js
    "cop_page_js",
}

# Headers that have functions or callbacks without a comment of their own. To be emptied.
UNDOCUMENTED = set()

# Headers in which comments still break declarations. To be emptied.
BROKEN = set()

# (folder, stems) of files whose names are near each other. To be emptied.
NAMES = set()
