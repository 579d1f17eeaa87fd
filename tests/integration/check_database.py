#!/usr/bin/env python3
"""The results database says what the artifacts and the report's tables say, to the bit, and is whole or
the one of before whatever happens: read by Python's own SQLite, and computed again from the files.
Exit status 77 where Coppice was built without SQLite.

    check_database.py COPPICE PLUGIN_DIR
"""
import collections
import csv
import glob
import io
import json
import math
import os
import random
import resource
import shutil
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import time

COPPICE, PLUGINS = (os.path.abspath(a) for a in sys.argv[1:3])
LABEL = 'a "quoted", {x}; é \'single\' \\ --'  # of a cell
SHOWN = LABEL
SEEDS = (2**63 - 1, 2**53 + 1, 2**53)  # of which a double holds the last alone
TICKET = """
dataset = { plugin = "shapes"; train_size = 60; test_size = 40; };
ticket  = { model = { plugin = "convnet"; depth = 1; width = 4; };
            phases = ( { pruner = { plugin = "imp"; rate = 0.25; }; rounds = 2; } ); %s };
train   = { recipe = "sgd"; duration = "2ep"; batch = 32; lr = %s; };
"""
FIRST = """
study   = { name = "first"; seeds = [%dL, %dL, %dL]; copies = 2; threads = 1; baseline = %s; };
seeds   = { init = 9007199254740993L; };
distill = { plugin = "random"; ipc = 1; recipe = { recipe = "sgd"; duration = "2it"; }; };
analyze = ( { plugin = "lmc"; alphas = 3; }, { plugin = "mask"; } );
sweep   = ( { path = "ticket.phases.[0].data"; values = ["distilled", "real"]; labels = [%s, "B"]; } );
""" % (*SEEDS, json.dumps(LABEL, ensure_ascii=False), json.dumps(LABEL, ensure_ascii=False))
SECOND = """
study   = { name = "second"; seeds = [%dL]; copies = 2; threads = 1; };
seeds   = { init = 9007199254740993L; };
""" % SEEDS[0]
THIRD = """
study   = { name = "third"; seeds = [0]; copies = 1; threads = 1; };
sweep   = ( { path = "train.lr"; values = [0.01, 1e30]; labels = ["calm", "hot"]; } );
"""
CONTROLS = 'controls = ["shuffle"];'

work = tempfile.mkdtemp()


def fail(what):
    sys.exit(f"check_database: {what} (left in {work})")


def check(what, is_so):
    if not is_so:
        fail(what)


def same(what, got, wanted):
    if got != wanted:
        fail(f"{what}: {repr(got)[:600]}, wanted {repr(wanted)[:600]}")


def close(what, got, wanted):
    if got is None or abs(got - wanted) > 1e-12 * max(1.0, abs(wanted)):
        fail(f"{what}: {repr(got)[:600]}, wanted {repr(wanted)[:600]}")


ENVIRONMENT = {"PATH": "/nowhere", "COPPICE_PLUGIN_PATH": PLUGINS, "GOMP_SPINCOUNT": "30000",
               "OMP_NUM_THREADS": "1", "OPENBLAS_CORETYPE": os.environ.get("OPENBLAS_CORETYPE", "")}


def start(*words, **more):
    return subprocess.Popen([COPPICE, *words], env=ENVIRONMENT, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, cwd=work, **more)


def coppice(*words, status=0, says="", **more):
    process = start(*words, **more)
    out, err = (text.decode() for text in process.communicate())
    if process.returncode != status or says not in err:
        fail(f"coppice {' '.join(words)}: status {process.returncode}, wanted {status}: {err}")
    return out


def write(name, text):
    with open(os.path.join(work, name), "w", encoding="utf-8") as file:
        file.write(text)
    return name


def content(name):
    with open(os.path.join(work, name), "rb") as file:
        return file.read()


def ask(name, sql, *values):
    database = sqlite3.connect(f"file:{os.path.join(work, name)}?mode=ro", uri=True)
    try:
        return database.execute(sql, values).fetchall()
    finally:
        database.close()


def sheet(study, table):
    with open(os.path.join(work, study, "report", table + ".csv"), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(text):
    """A cell of a sheet as Python has it: integers whole, doubles bit for bit."""
    if text == "":
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def manifests(directory):
    found = {}
    for path in glob.glob(os.path.join(work, directory, "store", "*", "artifact.json")):
        name = os.path.basename(os.path.dirname(path))
        if "-" in name and name.split("-")[0] in ("distil", "train", "mask", "analyze"):
            with open(path, encoding="utf-8") as file:
                found[name] = json.load(file)
    return found


def leftovers():
    return [name for _, _, names in os.walk(work) for name in names if ".tmp-" in name]


# What is in it.

def is_sound(name):
    same("integrity", ask(name, "PRAGMA integrity_check"), [("ok",)])
    same("foreign keys", ask(name, "PRAGMA foreign_key_check"), [])
    same("its version", ask(name, "PRAGMA user_version"), [(1,)])
    same("its application", ask(name, "PRAGMA application_id"), [(int.from_bytes(b"Copp", "big"),)])
    for view, in ask(name, "SELECT name FROM sqlite_master WHERE type IN ('view', 'table')"):
        ask(name, f'SELECT * FROM "{view}"')  # each can be read


def compare_sheet(name, study, table, sql, columns):
    """The rows of a query are those of a sheet, in its order, in these of its columns."""
    wanted = [tuple(number(row[c]) for c in columns) for row in sheet(study, table)]
    same(f"{table} of {study}", ask(name, sql), wanted)
    check(f"{table} of {study} has no row", len(wanted) > 0)


def sheets_agree(name, study):
    title = os.path.basename(study)
    compare_sheet(name, study, "tickets", f"""
        SELECT c.label, seed, phase, round, sparsity, kept, training_points_stored,
               training_points_decoded, copies, test_accuracy, test_accuracy_min, test_accuracy_max,
               collapsed, failure, control, collapsed_layers
          FROM tickets t JOIN cells c ON c.id = cell_id JOIN studies s ON s.id = study_id
         WHERE s.name = '{title}' ORDER BY t.id""", list(sheet(study, "tickets")[0])[:16])
    keys = ["cell", "seed", "phase", "round", "role", "copy"]
    numbers = ["epochs", "steps", "samples", "train_loss", "train_accuracy", "test_loss", "test_accuracy"]
    rows = ask(name, f"SELECT {','.join(keys)}, identity, {','.join(numbers)}, collapsed FROM networks "
                     f"WHERE study = '{title}'")
    wanted = [tuple(number(row[c]) if c != "id" else row[c] for c in keys + ["id"] + numbers + ["collapsed"])
              for row in sheet(study, "trainings")]
    same("networks", sorted(rows, key=repr), sorted(wanted, key=repr))
    history = ask(name, f"""SELECT identity, epoch, lr, train_loss, train_accuracy, test_loss, test_accuracy
        FROM history JOIN stages g ON g.id = stage_id JOIN studies s ON s.id = study_id
        WHERE s.name = '{title}'""")
    wanted = [(row["id"],) + tuple(number(row[c]) for c in list(row)[1:]) for row in sheet(study, "history")]
    same("history", sorted(history, key=repr), sorted(wanted, key=repr))


def measures_agree(name, study):
    """Every further column of tickets.csv and summary.csv is a measure."""
    for row, (ticket,) in zip(sheet(study, "tickets"), ask(name, """
            SELECT t.id FROM tickets t JOIN cells c ON c.id = cell_id JOIN studies s ON s.id = study_id
             WHERE s.name = ? ORDER BY t.id""", os.path.basename(study))):
        got = dict(ask(name, "SELECT measure, value FROM results WHERE ticket_id = ? AND "
                             "measure != 'test_accuracy'", ticket))
        same("measures", got, {c: number(row[c]) for c in list(row)[16:] if row[c] != ""})
    for row, (line,) in zip(sheet(study, "summary"), ask(name, """
            SELECT u.id FROM summaries u JOIN cells c ON c.id = cell_id JOIN studies s ON s.id = study_id
             WHERE s.name = ? ORDER BY u.id""", os.path.basename(study))):
        for measure, mean, std in ask(name, "SELECT measure, mean, std FROM summary WHERE summary_id = ?", line):
            same(measure, mean, number(row[measure]))
            same(measure + "_std", std, number(row.get(measure + "_std", "")))


def first_study():
    name = "first/results.sqlite"
    is_sound(name)
    sheets_agree(name, "first/studies/first")
    measures_agree(name, "first/studies/first")
    same("labels", ask(name, "SELECT label, is_baseline FROM cells JOIN studies s ON s.id = study_id "
                             "WHERE s.name = 'first' ORDER BY number"), [(SHOWN, 1), ("B", 0)])
    same("seeds", ask(name, "SELECT seed, typeof(seed) FROM seeds JOIN studies s ON s.id = study_id "
                            "WHERE s.name = 'first' ORDER BY seed DESC"), [(s, "integer") for s in SEEDS])
    same("seeds of tickets", ask(name, "SELECT DISTINCT seed FROM tickets ORDER BY seed DESC"),
         [(s,) for s in SEEDS])
    for table in ("lmc_barrier", "lmc_curve", "mask_layer"):
        rows = sheet("first/studies/first", table)
        own = [c for c in rows[0] if c not in ("cell", "seed", "phase", "round", "sparsity", "control")]
        columns = ["cell", "seed", "phase", "round", "sparsity"] + own
        compare_sheet(name, "first/studies/first", table, f"""
            SELECT {','.join(columns)} FROM {table} JOIN analysed USING (analysis_id)
             WHERE study = 'first' ORDER BY analysis_id, row_number""", columns)


def statistics_agree():
    """Means and deviations, from the summaries in the store alone."""
    name, groups = "first/results.sqlite", collections.defaultdict(list)
    for row in sheet("first/studies/first", "trainings"):
        path = os.path.join(work, "first/store", "train-" + row["id"], "summary.json")
        with open(path, encoding="utf-8") as file:
            if row["role"] in ("copy", "shuffle"):
                groups[row["cell"], int(row["round"]), row["role"]].append(json.load(file)["test_accuracy"])
    check("groups", len(groups) == 10)
    for (cell, rounds, role), values in groups.items():
        control = None if role == "copy" else role
        (mean, std, seeds), = ask(name, """SELECT mean, std, seeds FROM summary WHERE study = 'first' AND
            cell = ? AND round = ? AND control IS ? AND measure = 'test_accuracy'""", cell, rounds, control)
        close("mean", mean, statistics.mean(values))
        close("deviation", std, statistics.stdev(values))
        same("seeds", seeds, len(SEEDS))
    best = {}
    for (cell, rounds, role), values in groups.items():
        if role == "copy":
            best.setdefault(rounds, []).append((statistics.mean(values), cell))
    for rounds, cells in best.items():
        top = max(mean for mean, _ in cells)
        got = ask(name, "SELECT cell, test_accuracy FROM best_cells WHERE study = 'first' AND round = ?", rounds)
        same("best cells", sorted(c for c, _ in got), sorted(c for m, c in cells if abs(m - top) < 1e-12))
    barriers = [number(r["test_error_barrier"]) for r in sheet("first/studies/first", "lmc_barrier")
                if r["cell"] == "B" and r["round"] == "2"]
    (mean,), = ask(name, """SELECT mean FROM summary WHERE study = 'first' AND cell = 'B' AND round = 2 AND
        control IS NULL AND measure = 'lmc_barrier_test_error_barrier'""")
    close("barrier", mean, statistics.mean(barriers))


def stages_agree():
    name, made = "first/results.sqlite", manifests("first")
    for kind, seconds in ask(name, "SELECT kind, sum(own_seconds) FROM time_spent GROUP BY kind"):
        close(f"seconds of {kind}", seconds, sum(m["seconds"] for n, m in made.items() if n.startswith(kind + "-")))
    rows = ask(name, "SELECT kind || '-' || identity, seconds, text, repeats IS NULL FROM stages "
                     "JOIN sources s ON s.id = source_id WHERE state = 'done'")
    same("stages", {row[0] for row in rows}, set(made))
    for stage, seconds, source, _ in rows:
        same(stage, (seconds, source), (made[stage]["seconds"], made[stage]["provenance"]))
    same("each once", sorted(row[0] for row in rows if row[3]), sorted(made))
    check("studies share stages", any(not row[3] for row in rows))
    for study in ("first", "second"):
        with open(os.path.join(work, "first/studies", study, "stages.json"), encoding="utf-8") as file:
            wanted = {(s["name"], i) for s in json.load(file)["stages"] for i in s["inputs"]}
        got = set(ask(name, """SELECT a.kind || '-' || a.identity, b.kind || '-' || b.identity
            FROM stage_inputs JOIN stages a ON a.id = stage_id JOIN stages b ON b.id = input_id
            JOIN studies s ON s.id = a.study_id WHERE s.name = ?""", study))
        same("inputs", got, wanted)
    makers = {row for row in ask(name, """SELECT g.kind || '-' || g.identity, p.kind || ' ' || p.id || ' ' ||
        p.version || ' ' || p.content FROM stage_plugins p JOIN stages g ON g.id = stage_id""")}
    same("plugins", makers, {(n, line) for n, m in made.items() for line in m["plugins"].splitlines()})


def layers_agree():
    """The masks' own files, read here: a header in JSON, then floats."""
    for identity, in ask("first/results.sqlite", "SELECT DISTINCT identity FROM masks JOIN stages ON id = stage_id"):
        data = content(f"first/store/mask-{identity}/mask.safetensors")
        length, = struct.unpack("<Q", data[:8])
        wanted = []
        for layer, told in json.loads(data[8:8 + length]).items():
            if layer != "__metadata__":
                begin, end = (8 + length + o for o in told["data_offsets"])
                values = struct.unpack(f"<{(end - begin) // 4}f", data[begin:end])
                wanted.append((layer, len(values), sum(v != 0.0 for v in values)))
        got = ask("first/results.sqlite", """SELECT DISTINCT l.name, l.weights, l.kept FROM layers l
            JOIN stages ON id = mask_id WHERE identity = ?""", identity)
        same("layers", sorted(got), sorted(wanted))
        (kept,), = ask("first/results.sqlite", "SELECT DISTINCT kept FROM masks JOIN stages ON id = stage_id "
                                               "WHERE identity = ?", identity)
        same("kept weights", kept, sum(k for _, _, k in wanted))


def settings_are_those_of_the_config():
    def of(path, cell="B"):
        rows = ask("first/results.sqlite", "SELECT value, typeof(value), type FROM cell_settings WHERE "
                                           "study = 'first' AND cell = ? AND path = ?", cell, path)
        same(f"rows of {path}", len(rows), 1)
        return rows[0]

    same("a seed", of("seeds.init"), (2**53 + 1, "integer", "integer"))
    same("a rate", of("ticket.phases.[0].pruner.rate"), (0.25, "real", "float"))
    same("a string", of("study.baseline"), (LABEL, "text", "string"))
    same("a bool", of("train.momentum_reset"), (0, "integer", "bool"))
    same("a default", of("train.momentum")[2], "float")
    check("a list", of("study.seeds")[0].count("L") == 3 and of("study.seeds")[2] == "list")
    same("what varies", ask("first/results.sqlite", "SELECT path, cell, value FROM varied_settings ORDER BY number"),
         [("ticket.phases.[0].data", SHOWN, "distilled"), ("ticket.phases.[0].data", "B", "real")])


def integers_are_whole_everywhere():
    for path in glob.glob(os.path.join(work, "first/studies/first/*.json")):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        check(f"{path} has the seed", str(SEEDS[0]) in text)
        check(f"{path} has no rounded one", "9223372036854775808" not in text and "9.22337" not in text)
    for name in ("tickets.csv", "trainings.csv", "cost.csv", "lmc_barrier.csv", "index.html"):
        text = content(f"first/studies/first/report/{name}").decode()
        check(f"{name} has both seeds", str(SEEDS[0]) in text and str(SEEDS[1]) in text)
        check(f"{name} has no rounded one", "9223372036854775808" not in text and "9.22337" not in text)
    check("the config has them", f"init = {2**53 + 1}L" in content("first/studies/first/config.cfg").decode())
    told = json.loads(coppice("report", "first", "--study", "first", "--json"))
    check("JSON has integers", all(isinstance(row["round"], int) for row in told["summary"]))


# What it answers.

def answers_are_csv():
    sql = "SELECT 'a,\"b\"\nc' AS \"the name\", '', NULL, 9223372036854775807, -9223372036854775808, 0.1, 1e300, 1/3.0"
    out = coppice("index", "first", "--query", sql)
    same("as CSV has it", out, 'the name,' + ",".join(csv_name(n) for n in (
        "''", "NULL", "9223372036854775807", "-9223372036854775808", "0.1", "1e300", "1/3.0")) + "\n"
        '"a,""b""\nc",,,9223372036854775807,-9223372036854775808,0.1,1e+300,0.3333333333333333\n')
    check("a query leaves no file", not os.path.exists(os.path.join(work, "third/results.sqlite")))
    for table in ("settings", "tickets", "history", "networks"):
        rows = list(csv.reader(io.StringIO(coppice("index", "first/results.sqlite", "--query", table), newline="")))
        wanted = ask("first/results.sqlite", f"SELECT * FROM {table}")
        same(f"rows of {table}", len(rows) - 1, len(wanted))
        for got, values in zip(rows[1:], wanted):
            for cell, value in zip(got, values):
                told = cell[1:] if cell.startswith("'") and isinstance(value, str) else cell
                is_same = (cell == "" if value is None else told == value if isinstance(value, str) else
                           int(cell) == value if isinstance(value, int) else float(cell) == value)
                check(f"{table}: {cell!r} is {value!r}", is_same)


def csv_name(name):
    """Names are texts: one that a spreadsheet takes for a formula is quoted, and numbers are none."""
    return name if number(name) != name or name[0] not in "=+-@" else "'" + name


def queries_only_read():
    before = content("first/results.sqlite")
    for sql, says in (("DELETE FROM tickets", "not authorized"), ("ATTACH 'x.sqlite' AS x", "not authorized"),
                      ("PRAGMA user_version = 7", "not authorized"), ("SELECT load_extension('x')", ""),
                      ("CREATE TABLE x (y)", "not authorized"), ("SELECT 1; SELECT 2", "more than one"),
                      ("", "empty"), ("SELEC 1", "syntax error"), ("nowhere", "no such table")):
        coppice("index", "first/results.sqlite", "--query", sql, status=2, says=says)
    same("the database", content("first/results.sqlite"), before)
    coppice("index", "first/results.sqlite", status=2, says="is a file")
    with open(os.path.join(work, "cut.sqlite"), "wb") as file:
        file.write(before[:2000])
    coppice("index", "cut.sqlite", "--query", "cells", status=1, says="cut.sqlite: is damaged: ")
    coppice("index", write("notes.txt", "not a database"), "--query", "tickets", status=2,
            says="is no results database")


def what_is_documented_works():
    """Every line of SQL in the table of README.md, and what the help of `index` shows."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..",
                           "framework/report/database/README.md"), encoding="utf-8") as file:
        queries = [line.split("`")[1] for line in file if line.startswith("| ") and "`SELECT" in line]
    check("queries", len(queries) > 10)
    for sql in queries:
        coppice("index", "first/results.sqlite", "--query", sql)
        if "FROM failures" not in sql and "FROM series" not in sql and "p_holm" not in sql:
            check(f"it answers: {sql}", len(ask("first/results.sqlite", sql)) > 0)
    schema = ask("first/results.sqlite", "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'view') AND "
                                         "name NOT IN (SELECT name FROM analysis_tables) AND name NOT LIKE 'sqlite_%'")
    check("tables and views", len(schema) > 35)
    told = [name for name, sql in schema if "--" not in sql]
    check(f"each explains itself: {told}", len(told) < 3)


# Several directories, and what goes wrong.

def several_directories():
    coppice("index", "first", "third", status=2, says="--to FILE")
    coppice("index", "first", "./first/", "--to", "all.sqlite", status=2, says="named twice")
    coppice("index", "first", "third", "--to", "all.sqlite")
    is_sound("all.sqlite")
    same("studies", ask("all.sqlite", "SELECT d.path, name FROM studies JOIN directories d ON d.id = directory_id"),
         [("first", "first"), ("first", "second"), ("third", "third")])
    sheets_agree("all.sqlite", "first/studies/first")
    sheets_agree("all.sqlite", "third/studies/third")
    (kind, reason, _), *more = ask("all.sqlite", "SELECT kind, reason, title FROM failures")
    same("what failed", kind, "train")
    check(f"why: {reason}", "the loss became" in reason and all(k == "train" for k, _, _ in more))
    check("what waits for it failed too", ask("all.sqlite", "SELECT count(*) FROM stages WHERE is_inherited")[0][0] > 0)
    same("as the report has it", sorted(r for r, in ask("all.sqlite", """SELECT failure FROM tickets
        WHERE failure IS NOT NULL""")), sorted(r["reason"] for r in sheet("third/studies/third", "failures")))


def directories_may_share_a_store():
    for out in ("one", "two"):
        coppice("run", "second.cfg", "--out", out, "--store", "shared", "--quiet")
    coppice("index", "one", "two", "first", "--to", "shared.sqlite")
    is_sound("shared.sqlite")
    sql = """SELECT path, s.name, count(*), count(repeats) FROM stages g JOIN studies s ON s.id = study_id
        JOIN directories d ON d.id = directory_id GROUP BY s.id"""
    (_, _, count, own), (_, _, again, repeated), (_, first, _, none), (_, second, _, some) = ask("shared.sqlite", sql)
    same("what repeats", (own, again, repeated), (0, count, count))
    same("of a store of its own", (first, none, second, some > 0), ("first", 0, "second", True))


def same_artifacts_same_bytes():
    coppice("index", "first", "third", "--to", "again.sqlite")
    same("bytes", content("again.sqlite"), content("all.sqlite"))
    coppice("report", "third", status=0)
    coppice("index", "third", "--to", "third.sqlite")
    same("a report's bytes", content("third/studies/third/report/results.sqlite"), content("third.sqlite"))


def without_room():
    resource.setrlimit(resource.RLIMIT_FSIZE, (20000, resource.RLIM_INFINITY))


def the_old_one_stays():
    before = content("all.sqlite")
    record = os.path.join(work, "third/studies/third/study.json")
    kept = content("third/studies/third/study.json")
    with open(record, "wb") as file:
        file.write(kept[: len(kept) // 2])
    coppice("index", "first", "third", "--to", "all.sqlite", status=1, says="study.json")
    same("after a record that cannot be read", content("all.sqlite"), before)
    with open(record, "wb") as file:
        file.write(kept)
    coppice("index", "first", "nowhere", "--to", "all.sqlite", status=1, says="holds no run")
    # Python lets SIGXFSZ be ignored, so that the limit is an error of the disk.
    coppice("index", "first", "third", "--to", "all.sqlite", status=1, says="all.sqlite", preexec_fn=without_room,
            restore_signals=False)
    same("without room", content("all.sqlite"), before)
    same("nothing is left", leftovers(), [])
    a_report_keeps_it_too()
    same("nothing is left", leftovers(), [])
    write("mine.sqlite", "my notes")
    coppice("index", "first", "--to", "mine.sqlite", status=2, says="no results database of Coppice")
    same("somebody's file", content("mine.sqlite"), b"my notes")
    coppice("index", "first", "--to", "nowhere/x.sqlite", status=1, says="nowhere/x.sqlite")


def a_report_keeps_it_too():
    """Where there is room for every other file of it, which then are all there."""
    folder = "third/studies/third/report"
    before = content(folder + "/results.sqlite")
    sizes = [os.path.getsize(os.path.join(at, n)) for at, _, names in os.walk(os.path.join(work, folder))
             for n in names if n != "results.sqlite"]
    check("the database is the largest file", max(sizes) + 4096 < len(before))
    os.remove(os.path.join(work, folder, "index.html"))
    room = max(sizes) + 2048
    coppice("report", "third", status=1, says="the report lacks its database", restore_signals=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY)))
    same("the report's database", content(folder + "/results.sqlite"), before)
    check("the page is there", os.path.exists(os.path.join(work, folder, "index.html")))
    says = coppice("report", "third")
    check("it is named again", "\ndatabase: results.sqlite\n" in says)
    os.remove(os.path.join(work, folder, "results.sqlite"))
    write(folder + "/results.sqlite", "my notes")
    coppice("report", "third", status=1, says="no results database of Coppice")
    coppice("report", "third", status=1, says="no results database of Coppice")
    same("somebody's file there", content(folder + "/results.sqlite"), b"my notes")
    os.remove(os.path.join(work, folder, "results.sqlite"))
    coppice("report", "third")


def a_kill_leaves_it_whole():
    sizes = (content("third.sqlite"), content("all.sqlite"))
    shutil.copy(os.path.join(work, "third.sqlite"), os.path.join(work, "killed.sqlite"))
    began = time.monotonic()
    coppice("index", "first", "third", "--to", "all.sqlite")
    length = time.monotonic() - began
    for i in range(24):
        process = start("index", *(("first", "third") if i % 2 else ("third",)), "--to", "killed.sqlite")
        time.sleep(random.uniform(0.2, 1.1) * length)
        process.kill()
        process.communicate()
        check("a killed one", content("killed.sqlite") in sizes)


def damage_is_left_out():
    shutil.copytree(os.path.join(work, "third"), os.path.join(work, "hurt"))
    identity, = ask("third.sqlite", "SELECT identity FROM masks JOIN stages ON id = stage_id")[0]
    with open(os.path.join(work, f"hurt/store/mask-{identity}/summary.json"), "ab") as file:
        file.write(b" ")
    coppice("index", "hurt", status=1, says="the database lacks a damaged artifact")
    is_sound("hurt/results.sqlite")
    (state, reason), = ask("hurt/results.sqlite", "SELECT state, reason FROM stages WHERE identity = ?", identity)
    check(f"it is {state}: {reason}", state == "damaged" and "summary.json" in reason + "summary.json")
    same("its ticket", ask("hurt/results.sqlite", """SELECT DISTINCT sparsity FROM tickets t JOIN stages g
        ON g.id = t.mask_id WHERE identity = ?""", identity), [(None,)])


def runs_at_work_are_not_waited_for():
    run = start("run", "first.cfg", "--out", "live", "--quiet")
    states = set()
    while run.poll() is None and len(states) < 3:
        if os.path.exists(os.path.join(work, "live/studies/first/study.json")):
            rows = list(csv.reader(io.StringIO(coppice("index", "live", "--query", "progress"))))
            states.update(row[3] for row in rows[1:])
    run.kill()
    run.communicate()
    check(f"what is not done is told: {states}", len(states) >= 2)


def main():
    for name, text in (("first", FIRST + TICKET % (CONTROLS, "0.05")), ("second", SECOND + TICKET % ("", "0.05")),
                       ("third", THIRD + TICKET % ("", "0.01"))):
        write(name + ".cfg", text)
    coppice("run", "first.cfg", "--out", "first", "--quiet")
    coppice("run", "second.cfg", "--out", "first", "--quiet")
    coppice("run", "third.cfg", "--out", "third", "--quiet", status=1)
    try:
        coppice("index", "first")
    except SystemExit as refused:
        if "built without SQLite" in str(refused):
            shutil.rmtree(work)
            sys.exit(77)
        raise
    check("infinities and the like", math.isinf(1e309))
    for promise in (first_study, statistics_agree, stages_agree, layers_agree, settings_are_those_of_the_config,
                    integers_are_whole_everywhere, answers_are_csv, queries_only_read, what_is_documented_works,
                    several_directories, directories_may_share_a_store, same_artifacts_same_bytes,
                    the_old_one_stays, a_kill_leaves_it_whole, damage_is_left_out,
                    runs_at_work_are_not_waited_for):
        promise()
    shutil.rmtree(work)


main()
