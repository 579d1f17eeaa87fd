"""The edges that the architecture allows, one a line with its reason: what a folder of framework/ may
include and call. check.py holds the code to them, both ways: an edge that no line allows is a finding,
and so is a line that nothing uses any more.

`FROM -> TO: reason`. A folder stands for those within it, too; `exec/kernels/.` is that folder's own
files alone. Every module may use core, so that is not written down.
"""

# Between modules. The order is the picture in framework/README.md: an edge that goes up is a mistake.
MODULES = """
cli -> bench: `bench`
cli -> validate: `validate`
cli -> report: `report`, and the page after a run
cli -> study: `run` and `check`
cli -> config: each subcommand that takes a CONFIG reads it
cli -> plugin: `list` and `inspect`, and opening the plugins that a config names
cli -> store: `export`, and the lock on an output directory
cli -> train: `eval` and `explain` use objectives and training programs without a study
cli -> nn: the models of `eval` and `explain`
cli -> exec: `explain` prints listings; the number of threads is settled before anything runs
bench -> study: a distiller's step is timed as a study runs it
bench -> config: a case is a config
bench -> plugin: the models and distillers that are timed
bench -> train: the training steps that are timed
bench -> nn: the models that are timed
bench -> exec: convolutions alone, for the floor's share
validate -> study: drives a work in a study in small
validate -> store: an analyzer's tables are compared as files
validate -> plugin: opens the plugin and makes instances of it
validate -> train: short trainings as inputs; the loss of a model
validate -> nn: makes and frees models
validate -> graph: gradients against finite differences
validate -> exec: the oracle evaluates them
study -> config: a study is what a config describes
study -> plugin: opens and calls components
study -> store: artifacts and checkpoints
study -> train: trains
study -> exec: owns the cache of compiled programs; the instruction sets are part of identities
study -> nn: states, masks and synthetic sets pass through it
config -> train: recipes and durations are keys of a config
config -> plugin: option tables read and check a config's groups
report -> config: the database has the settings of every cell, from the resolved config
report -> store: reads artifacts
report -> nn: pixels of a synthetic set, for its images
plugin -> train: recipes are a type of option
plugin -> nn: makes and checks models
store -> train: a synthetic set's file holds its recipe
store -> nn: a synthetic set is a file format
store -> exec: provenance names the libraries' versions
distil -> study: whole distillers plan and run as a plugin does
distil -> train: a network that is trained between matches
distil -> nn: models, samples, augmentation and decoding
distil -> exec: compiles and runs the matching program
distil -> graph: builds it, and the distances in it
train -> nn: builds the step from a model
train -> exec: compiles and runs it
train -> graph: builds and differentiates it
nn -> exec: binds draws and states to programs; decodes by one
nn -> graph: layers are nodes
exec -> graph: compiles graphs
"""

# Between the folders of one module, files directly in the module's folder included. A reason that
# begins with "circle" is an edge against the order that has not been cut; `check.py --circles` lists
# them.
FOLDERS = """
exec/kernels -> exec/kernels/.: the rows and tables that kernels are described by
exec/kernels/plane -> exec/kernels/elementwise: a unit on planes computes in the same vectors of lanes
exec/kernels/plane -> exec/kernels/pool: pooling by 2 at the end of a unit on planes
exec/onednn -> exec/kernels/.: which convolution is wanted
exec/program -> exec/kernels: instructions call kernels
exec/program -> exec/onednn: instructions call oneDNN
exec/compiler -> exec/program: makes programs
exec/compiler -> exec/kernels: asks kernels for what they need
exec/compiler -> exec/onednn: asks oneDNN for its layouts and primitives
exec/inspect -> exec/program: describes programs
exec/inspect -> exec/compiler: counts the element operations of a unit on planes
exec/inspect -> exec/kernels: the instruction set that kernels were compiled for
exec/inspect -> exec/onednn: names of layouts and implementations
exec/program -> exec/inspect: circle: a program times its instructions by itself when asked to
exec/program -> exec/compiler: circle: what may overwrite what is asked again when outputs are bound
exec/compiler -> exec/inspect: circle: freeing a program writes its listing
train -> train/optimisers: the trainer applies them
train -> train/schedules: the trainer asks them for its rate
train/schedules -> train: circle: durations are the recipe's
plugin/options -> plugin: circle: a model is an option, and a component is options
plugin/options -> plugin/loading: `inspect` describes entries; an option names a plugin
plugin/options -> plugin/options/types: a value is of a type
plugin/options/types -> plugin/options: circle: a type refuses and prints by what all values share
plugin/loading -> plugin: circle: the descriptor's check needs the declaration of the table's check
plugin/loading -> plugin/options: circle: a plugin is refused for its option table
plugin -> plugin/loading: a component is an entry with options
plugin -> plugin/options: a component is an entry with options
store -> store/formats: an artifact is files
study -> study/graph: lays the study out
study -> study/data: opens the data of a config's groups
study/graph -> study/data: stages are of data that were read
study -> study/running: asks whether a stage is done, for `check`
study/graph -> study: circle: the opened cells and data are declared beside the study
study/running -> study/graph: runs stages
study/executors -> study/graph: goes through the stages
study/executors -> study/running: runs each
report -> report/data: what the page shows
report -> report/figures: draws
report -> report/making: makes its files
report -> report/page: writes the page
report/making -> report/data: what the files hold
report/making -> report/database: writes it
report/making -> report/figures: draws
report/making -> report/renderers: writes
report/database -> report/data: what its tables hold
report/database -> report/renderers: answers are CSV
report/page -> report/data: what the page shows
report/page -> report/figures: which figures there are
report/page -> report/making: what the report consists of
report/page -> report/renderers: pieces of HTML
report/figures -> report/data: figures of tables
report/figures -> report/renderers: the names and numbers of the files that hold a figure
report/renderers -> report/data: what people are shown of a column
report/renderers -> report/figures: circle: gnuplot draws the figure that figure.h describes
"""

# Headers of libraries, and the folders that may include them.
LIBRARIES = """
dnnl.h: exec/onednn exec/program
cblas.h: exec/kernels/linear exec/program exec/inspect nn
omp.h: core
libconfig.h: plugin
png.h: report/renderers store/formats
jpeglib.h: store/formats
sqlite3.h: report/database
jerror.h: store/formats
zip.h: store/formats
Random123/philox.h: core
xxhash.h: core
dlfcn.h: plugin/loading
"""

# Headers of libraries beside C's, and the plugins that may include them.
PLUGIN_LIBRARIES = """
zlib.h: datasets/mnist datasets/svhn
matio.h: datasets/svhn
"""
