"""What check.py passes over, each with its reason. Shorter is better."""

# Headers whose functions are not looked for.
HEADERS = set()

# Declared by us, defined by others.
SYMBOLS = {
    "coppice_plugin", # every plugin defines its own
}

# Headers that have functions or callbacks without a comment of their own. To be emptied.
UNDOCUMENTED = {
    "framework/include/coppice/dataset.h",
    "framework/include/coppice/model.h",
    "framework/include/coppice/recipe.h",
    "framework/include/coppice/table.h",
    "framework/include/coppice/work.h",
}

# Headers in which comments still break declarations. To be emptied.
BROKEN = {
    "framework/include/coppice/recipe.h",
    "framework/plugin/options/value.h",
    "framework/report/data/results.h",
}

# (folder, stems) of files whose names are near each other. To be emptied.
NAMES = {
    ("framework/train", ("recipe", "recipes")),
}
