-- schema.sql: the tables of a results database. views.sql has the views on them, and docs are in
-- README.md beside it. Comments stand within the statements, so that `.schema` shows them.
--
-- A change that a query of yesterday would notice raises user_version.

PRAGMA application_id = 1131376752; -- "Copp"
PRAGMA user_version = 1;

CREATE TABLE about ( -- what made this database
  key   TEXT PRIMARY KEY, -- "coppice": its version
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE directories ( -- the output directories that this is about
  id   INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE -- as it was named
);

CREATE TABLE studies (
  id           INTEGER PRIMARY KEY,
  directory_id INTEGER NOT NULL REFERENCES directories,
  folder       TEXT NOT NULL, -- DIR/studies/FOLDER is the study's record
  name         TEXT NOT NULL,
  UNIQUE (directory_id, folder)
);

CREATE TABLE seeds ( -- the replicates of a study
  study_id INTEGER NOT NULL REFERENCES studies,
  seed     INTEGER NOT NULL,
  PRIMARY KEY (study_id, seed)
) WITHOUT ROWID;

CREATE TABLE cells ( -- the combinations of swept values; one where nothing is swept
  id          INTEGER PRIMARY KEY,
  study_id    INTEGER NOT NULL REFERENCES studies,
  number      INTEGER NOT NULL, -- from 1, in the sweep's order
  label       TEXT NOT NULL,
  is_baseline INTEGER NOT NULL, -- 1: the cell that the others are compared with
  model       TEXT,             -- of the tickets, with its options
  channels    INTEGER,          -- of the images that it takes, as the next two
  height      INTEGER,
  width       INTEGER,
  classes     INTEGER,
  distiller   TEXT,             -- NULL: none
  chance      REAL,             -- test accuracy that guessing can reach
  UNIQUE (study_id, number)
);

CREATE TABLE settings ( -- every setting of every cell, defaults too
  cell_id INTEGER NOT NULL REFERENCES cells,
  path    TEXT NOT NULL, -- "ticket.phases.[0].pruner.rate"
  type    TEXT NOT NULL, -- "integer", "float", "bool" (1 or 0), "string", "list" (in libconfig syntax)
  value   NOT NULL,      -- an INTEGER, a REAL or a TEXT, as the type says
  PRIMARY KEY (cell_id, path)
) WITHOUT ROWID;
CREATE INDEX settings_by_path ON settings (path, value);

CREATE TABLE plugins ( -- that a study uses
  study_id INTEGER NOT NULL REFERENCES studies,
  kind     TEXT NOT NULL,
  id       TEXT NOT NULL,
  version  TEXT NOT NULL,
  summary  TEXT NOT NULL,
  citation TEXT NOT NULL,
  PRIMARY KEY (study_id, kind, id)
) WITHOUT ROWID;

CREATE TABLE sources ( -- on what results were computed
  id   INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE -- program, processor, instruction set, versions of libraries
);

CREATE TABLE stages ( -- what a study computes; each result is one's
  id            INTEGER PRIMARY KEY,
  study_id      INTEGER NOT NULL REFERENCES studies,
  kind          TEXT NOT NULL, -- "distil", "train", "mask", "analyze"
  identity      TEXT NOT NULL, -- with the kind its folder's name: DIR/store/KIND-IDENTITY
  title         TEXT,          -- NULL: the study's graph does not have it, or is not there
  data          TEXT,          -- fingerprint of its dataset
  state         TEXT NOT NULL, -- "done", "running", "failed", "ready", "waiting" as of `coppice
                               -- status`, "damaged", or "missing": not done, and no more is known
  reason        TEXT,          -- of a failed or damaged one
  is_inherited  INTEGER NOT NULL, -- 1: it failed as an input of it did
  seconds       REAL,          -- spent on it, all attempts together
  bytes         INTEGER,       -- of its files
  memory        INTEGER,       -- the most bytes that its process held; NULL: not recorded
  source_id     INTEGER REFERENCES sources,
  saved_step    INTEGER,       -- steps that its checkpoint has; NULL: it has none
  saved_seconds REAL,          -- spent on them
  repeats       INTEGER REFERENCES stages, -- the same artifact, of an earlier study of this store
  UNIQUE (study_id, kind, identity)
);

CREATE TABLE stage_inputs ( -- the study's graph
  stage_id INTEGER NOT NULL REFERENCES stages,
  number   INTEGER NOT NULL, -- from 0
  input_id INTEGER NOT NULL REFERENCES stages,
  PRIMARY KEY (stage_id, number)
) WITHOUT ROWID;

CREATE TABLE stage_plugins ( -- that made a stage's result
  stage_id INTEGER NOT NULL REFERENCES stages,
  number   INTEGER NOT NULL, -- from 0
  kind     TEXT NOT NULL,
  id       TEXT NOT NULL,
  version  TEXT NOT NULL,
  content  TEXT NOT NULL, -- hash of the shared object
  PRIMARY KEY (stage_id, number)
) WITHOUT ROWID;

CREATE TABLE trainings ( -- of stages that train
  stage_id       INTEGER PRIMARY KEY REFERENCES stages,
  epochs         REAL,
  steps          INTEGER,
  samples        INTEGER, -- training images seen: of a distilled set, as decoded
  train_loss     REAL,    -- mean of the last epoch
  train_accuracy REAL,    -- a fraction, as all accuracies here
  test_loss      REAL,    -- at the end
  test_accuracy  REAL
);

CREATE TABLE history ( -- every epoch of every training
  stage_id       INTEGER NOT NULL REFERENCES trainings,
  number         INTEGER NOT NULL, -- from 1
  epoch          REAL,
  lr             REAL, -- of the epoch's last step
  train_loss     REAL, -- mean over the epoch
  train_accuracy REAL,
  test_loss      REAL, -- behind the epoch; NULL where not evaluated
  test_accuracy  REAL,
  PRIMARY KEY (stage_id, number)
) WITHOUT ROWID;

CREATE TABLE series ( -- what distillers, pruners and analyzers recorded as they went
  stage_id INTEGER NOT NULL REFERENCES stages,
  name     TEXT NOT NULL,
  number   INTEGER NOT NULL, -- from 1, in the order of steps
  step     INTEGER NOT NULL,
  value    REAL,             -- NULL: no number
  PRIMARY KEY (stage_id, name, number)
) WITHOUT ROWID;

CREATE TABLE masks ( -- of stages that prune
  stage_id         INTEGER PRIMARY KEY REFERENCES stages,
  prunable         INTEGER, -- weights
  kept             INTEGER, -- of these
  sparsity         REAL,    -- share of the prunable weights that is removed
  collapsed_layers INTEGER  -- of which no weight is kept
);

CREATE TABLE layers ( -- of masks
  mask_id INTEGER NOT NULL REFERENCES masks,
  number  INTEGER NOT NULL, -- from 1
  name    TEXT NOT NULL,    -- of the parameter
  weights INTEGER NOT NULL,
  kept    INTEGER NOT NULL,
  PRIMARY KEY (mask_id, number)
) WITHOUT ROWID;

CREATE TABLE sets ( -- distilled sets, as cells use them
  id                INTEGER PRIMARY KEY,
  cell_id           INTEGER NOT NULL REFERENCES cells,
  seed              INTEGER NOT NULL,
  stage_id          INTEGER NOT NULL REFERENCES stages,
  trained_id        INTEGER REFERENCES stages, -- the dense network trained on it
  stored            INTEGER, -- images
  decoded           INTEGER, -- images that training sees
  recipe            TEXT,    -- that it is trained by; NULL: the one that it comes with
  real_images       REAL,    -- that networks looked at while distilling; NULL: not stated
  second_order      REAL     -- gradients through a gradient while distilling; likewise
);

CREATE TABLE set_trainings ( -- that a distiller asked for, such as experts
  set_id   INTEGER NOT NULL REFERENCES sets,
  number   INTEGER NOT NULL, -- from 0
  stage_id INTEGER NOT NULL REFERENCES stages,
  PRIMARY KEY (set_id, number)
) WITHOUT ROWID;

CREATE TABLE tickets ( -- subnetworks: the dense network, what each round left, and controls
  id                INTEGER PRIMARY KEY,
  cell_id           INTEGER NOT NULL REFERENCES cells,
  seed              INTEGER NOT NULL,
  phase             INTEGER NOT NULL, -- of pruning; -1: before any, as the dense network is
  round             INTEGER NOT NULL, -- of pruning so far, over all phases
  control           TEXT,    -- what stands beside the round's ticket; NULL: the ticket itself
  mask_id           INTEGER REFERENCES stages, -- NULL: no mask
  training_id       INTEGER REFERENCES stages, -- whose weights were pruned to find the mask
  data_id           INTEGER REFERENCES stages, -- the distilled set that it was on; NULL: real data
  sparsity          REAL,    -- share of the prunable weights that is removed
  kept              INTEGER, -- prunable weights that remain
  collapsed_layers  INTEGER, -- layers of which the mask keeps no weight
  training_points_stored  REAL, -- stored images seen while finding the mask, each once per epoch
  training_points_decoded REAL, -- training images seen while finding the mask
  copies            INTEGER NOT NULL, -- trained copies that are there
  test_accuracy     REAL,    -- mean over the copies
  test_accuracy_min REAL,
  test_accuracy_max REAL,
  collapsed         INTEGER, -- copies that are no better than guessing
  failure           TEXT     -- why parts of it are missing; NULL: none failed
);
CREATE INDEX tickets_by_cell ON tickets (cell_id, seed);

CREATE TABLE copies ( -- trainings of tickets on real data
  ticket_id INTEGER NOT NULL REFERENCES tickets,
  number    INTEGER NOT NULL, -- from 0
  stage_id  INTEGER NOT NULL REFERENCES stages,
  PRIMARY KEY (ticket_id, number)
) WITHOUT ROWID;

CREATE TABLE costs ( -- what it took to find a pruned ticket
  ticket_id           INTEGER PRIMARY KEY REFERENCES tickets,
  search_images       REAL, -- seen by the trainings whose weights were pruned on the way
  search_steps        REAL,
  search_seconds      REAL, -- spent on these, and on making the masks
  distil_images       REAL, -- real images that distilling looked at; NULL: not stated
  distil_second_order REAL,
  distil_seconds      REAL,
  images              REAL, -- of search and distilling
  seconds             REAL
);

CREATE TABLE analyses ( -- of tickets
  id        INTEGER PRIMARY KEY,
  ticket_id INTEGER NOT NULL REFERENCES tickets,
  stage_id  INTEGER NOT NULL REFERENCES stages,
  analyzer  TEXT NOT NULL,
  instance  TEXT, -- which of the analyzer's entries in the config; NULL: the only one
  unjudged  TEXT  -- why no verdict was passed on it; NULL: none was wanted, or it was passed
);
CREATE INDEX analyses_by_ticket ON analyses (ticket_id);

CREATE TABLE analysis_tables ( -- the tables that analyzers made, verdicts included: each is one of
                               -- this database, with columns (analysis_id, row_number, its own ...)
  name     TEXT PRIMARY KEY,
  analyzer TEXT NOT NULL,
  title    TEXT NOT NULL,
  help     TEXT
) WITHOUT ROWID;

CREATE TABLE analysis_columns ( -- what is in them
  table_name TEXT NOT NULL REFERENCES analysis_tables,
  number     INTEGER NOT NULL, -- from 1
  name       TEXT NOT NULL,    -- in the table
  unit       TEXT,
  help       TEXT,
  PRIMARY KEY (table_name, number)
) WITHOUT ROWID;

CREATE TABLE measures ( -- what analyzers say of a ticket in one number or text
  id          INTEGER PRIMARY KEY,
  name        TEXT NOT NULL, -- "lmc_barrier_test_error_barrier": a column of tickets.csv
  analyzer    TEXT NOT NULL,
  unit        TEXT,
  help        TEXT,
  is_headline INTEGER NOT NULL, -- 1: one of the few that are shown first
  is_control  INTEGER NOT NULL  -- 1: of a control within the analysis
);

CREATE TABLE measured (
  ticket_id  INTEGER NOT NULL REFERENCES tickets,
  measure_id INTEGER NOT NULL REFERENCES measures,
  value      NOT NULL, -- a REAL: mean over the analysis's repetitions; or a TEXT: a tally of verdicts
  PRIMARY KEY (ticket_id, measure_id)
) WITHOUT ROWID;

CREATE TABLE summaries ( -- tickets with seeds and copies averaged away
  id                INTEGER PRIMARY KEY,
  cell_id           INTEGER NOT NULL REFERENCES cells,
  phase             INTEGER NOT NULL,
  round             INTEGER NOT NULL,
  control           TEXT,
  sparsity          REAL,    -- mean over the seeds
  test_accuracy     REAL,    -- mean over seeds and copies
  test_accuracy_std REAL,    -- sample standard deviation over seeds and copies
  seeds             INTEGER NOT NULL, -- with a trained copy
  networks          INTEGER NOT NULL, -- trained copies of all seeds
  collapsed         INTEGER, -- of these, no better than guessing
  training_points_stored  REAL, -- mean over the seeds
  training_points_decoded REAL,
  collapsed_layers  REAL
);

CREATE TABLE summarised ( -- measures, likewise
  summary_id INTEGER NOT NULL REFERENCES summaries,
  measure_id INTEGER NOT NULL REFERENCES measures,
  value      NOT NULL, -- mean over the seeds, or a tally of texts
  std        REAL,     -- sample standard deviation over the seeds
  PRIMARY KEY (summary_id, measure_id)
) WITHOUT ROWID;

CREATE TABLE comparisons ( -- each cell beside the baseline, over matched seeds: comparisons.csv
  cell_id       INTEGER NOT NULL REFERENCES cells,
  baseline_id   INTEGER NOT NULL REFERENCES cells,
  round         INTEGER NOT NULL,
  sparsity      REAL,
  result        TEXT NOT NULL, -- "test_accuracy", or a measure's name
  unit          TEXT,
  seeds         INTEGER NOT NULL, -- under which both have the result, none collapsed
  collapsed     INTEGER NOT NULL, -- seeds left out, as a copy of one of both collapsed
  mean          REAL,
  baseline_mean REAL,
  difference    REAL, -- cell less baseline, mean
  difference_sd REAL,
  low           REAL, -- 95 % confidence interval of the mean difference
  high          REAL,
  effect        REAL, -- Cohen's d of the differences
  p             REAL, -- of the paired t-test, two-sided
  p_holm        REAL  -- corrected for as many cells as are compared
);

CREATE TABLE intervals ( -- of what is measured between copies: intervals.csv
  cell_id  INTEGER NOT NULL REFERENCES cells,
  round    INTEGER NOT NULL,
  sparsity REAL,
  result   TEXT NOT NULL, -- a measure's name
  unit     TEXT,
  seeds    INTEGER NOT NULL,
  pairs    INTEGER NOT NULL, -- of copies, under all seeds
  mean     REAL,
  low      REAL, -- 95 % confidence interval of the mean
  high     REAL,
  basis    TEXT  -- what it rests on
);
