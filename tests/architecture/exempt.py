"""What check.py passes over, each with its reason. Shorter is better."""

# Headers whose functions are not looked for.
HEADERS = set()

# Declared by us, defined by others.
SYMBOLS = {
    "coppice_plugin", # every plugin defines its own
}

# Functions and callbacks ("cop_x_ops.y") without a comment of their own.
UNDOCUMENTED = set()

# Headers in which comments still break declarations.
BROKEN = set()

# (folder, stems) of files whose names are near each other on purpose.
NAMES = set()
