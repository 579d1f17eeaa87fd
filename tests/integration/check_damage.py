#!/usr/bin/env python3
"""Whatever stands in a store and is not what its name says is named by those that read, and set
aside and made anew by a run, which ends with the bits of a run that nobody disturbed.

    check_damage.py BUILD_DIR [--each] [--records] [--flips N] [--seed N]

Without --each a few of all pairs of a file and a harm are tried, with it every one. --flips: so
often a random bit of a random file of the whole output directory is flipped, and the study run.
"""

import json
import os
import pathlib
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import storm  # noqa: E402

HUGE = 1 << 40

# Harms to a file. Each takes its path and what is random.


def truncated(path, chance):
    """Cut short anywhere."""
    os.truncate(path, chance.randrange(path.stat().st_size))


def flipped(path, chance):
    """One bit of it."""
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def missing(path, _):
    """Nothing at all."""
    path.unlink()


def empty(path, _):
    """Of no bytes."""
    os.truncate(path, 0)


def huge(path, _):
    """More than anybody has memory for; a hole on the disk."""
    os.truncate(path, HUGE)


def a_folder(path, _):
    """A folder in its place."""
    path.unlink()
    path.mkdir()


def a_loop(path, _):
    """A link to itself."""
    remove(path)
    path.symlink_to(path.name)


def a_pipe(path, _):
    """One that nobody ever writes to."""
    path.unlink()
    os.mkfifo(path)


def unreadable(path, _):
    """To everybody but root."""
    path.chmod(0)


FILE_HARMS = [truncated, flipped, missing, empty, huge, a_folder, a_loop, a_pipe]

# Harms to an artifact's folder. Each takes its path, the store and what is random.


def another_of_its_kind(path, store, chance):
    """The folder of another stage of the same kind under the name; of another kind, where there is
    one alone."""
    kind = path.name.partition("-")[0]
    others = [other for other in sorted(store.glob(f"{kind}-*")) if other != path]
    replace(path, chance.choice(others or [o for o in sorted(store.glob("*-????????????????????????????????")) if o != path]))


def one_of_another_kind(path, store, chance):
    """Whole, but of another stage."""
    kind = path.name.partition("-")[0]
    others = [other for other in sorted(store.glob("*-*/artifact.json"))
              if not other.parent.name.startswith(kind)]
    replace(path, chance.choice(others).parent)


def an_empty_folder(path, _store, _):
    """Without a manifest."""
    remove(path)
    path.mkdir()


def a_file(path, _store, _):
    """In the folder's place."""
    remove(path)
    path.write_text("x", encoding="ascii")


def a_loop_of_links(path, _store, chance):
    """In the folder's place."""
    a_loop(path, chance)


def a_link_to_nowhere(path, _store, _):
    """In the folder's place."""
    remove(path)
    path.symlink_to("nowhere")


def of_another_schema(path, _store, _):
    """A manifest that some other program wrote."""
    manifest = path / "artifact.json"
    manifest.write_text(json.dumps({"schema": 7, "kind": path.name.partition("-")[0],
                                    "outputs": []}), encoding="utf-8")


def without_identity(path, _store, _):
    """A manifest that says everything but what it is of."""
    manifest = path / "artifact.json"
    members = json.loads(manifest.read_text(encoding="utf-8"))
    del members["identity"], members["checksum"]
    manifest.write_text(json.dumps(members), encoding="utf-8")


FOLDER_HARMS = [another_of_its_kind, one_of_another_kind, an_empty_folder, a_file, a_loop_of_links,
                a_link_to_nowhere, of_another_schema, without_identity]


def names_in(out):
    """Those of all that the store holds."""
    return sorted(str(path) for path in (out / "store").rglob("*"))


def remove(path):
    """Whatever it is."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def replace(path, other):
    """Puts a copy of another folder there."""
    remove(path)
    shutil.copytree(other, path)


def by_kind(store):
    """The folders of one stage of each kind."""
    found = {}
    for path in sorted(store.glob("*-????????????????????????????????")):
        found.setdefault(path.name.partition("-")[0], path)
    return sorted(found.values())


def all_cases(store):
    """Every harm to one artifact of each kind and to every file of it: (path, harm as a call)."""
    for folder in by_kind(store):
        for harm in FOLDER_HARMS:
            yield folder.name, harm, lambda at, chance, harm=harm: harm(at, at.parent, chance)
        for file in sorted(folder.iterdir()):
            for harm in FILE_HARMS + ([unreadable] if os.geteuid() != 0 else []):
                yield f"{folder.name}/{file.name}", harm, harm


def records_of(out):
    """What else a run writes that is read again: by relative path."""
    studies = out / "studies" / "storm"
    found = [studies / name for name in ("study.json", "stages.json", "config.cfg", "run",
                                         "run.lock", "run.guard")]
    return [str(path.relative_to(out)) for path in found + [out / "store" / "coppice-store"]]


class Damage:
    """A whole study that is damaged again and again."""

    def __init__(self, scene, chance):
        self.scene, self.chance = scene, chance
        self.whole = scene.whole()
        self.out = scene.dir / "damaged"
        self.artifacts = self.records = self.checkpoints = self.flips = 0

    def fresh(self):
        """A copy of the whole study."""
        remove(self.out)
        shutil.copytree(self.whole, self.out, symlinks=True)

    def words(self):
        """By one process or two."""
        return ["--jobs", self.chance.choice([1, 2])]

    def read_all(self, artifact, is_seen_at_once, what):
        """Those that only read name what is wrong, do not use it, and change nothing. Those that
        look at many look at manifests alone."""
        before = names_in(self.out)
        run = self.scene.run
        try:
            run("report", self.out).must(1).must_say(artifact, "lacks a damaged artifact")
            run("export", self.out).must(0).must_say(artifact, "left out")
            run("gc", self.out).must(0)
            looks = [run("status", self.out).must(0), run("why", self.out, artifact).must(0)]
            for look in looks if is_seen_at_once else []:
                storm.check("is damaged: " in look.out, f"nothing is said: {look.out}")
            self.run_reader_alone(artifact)
        except storm.Failure as failure:
            raise storm.Failure(f"{what}: {failure}") from None
        storm.check(before == names_in(self.out), f"{what}: the store is another")

    def run_reader_alone(self, artifact):
        """A stage that reads it, if any does: it is not made of it."""
        stages = json.loads((self.out / "studies/storm/stages.json").read_text(encoding="utf-8"))
        readers = [stage["name"] for stage in stages["stages"] if artifact in stage["inputs"]]
        if not readers:
            return
        reader = self.out / "store" / self.chance.choice(readers)
        kept = reader.rename(self.out / "kept")
        ended = self.scene.run("run", self.out, "--stage", reader.name)
        ended.must(1).must_say(artifact, "is damaged; run the study to have it mended")
        kept.rename(reader)

    def must_be_mended(self, what, words):
        """By a run, with the bits of before."""
        ended = self.scene.study(self.out, *words)
        try:
            ended.must(0)
            storm.must_be_alike(self.whole, self.out)
            storm.must_be_clean(self.out)
        except storm.Failure as failure:
            raise storm.Failure(f"{what}, {words}: {failure}\n{ended.text}") from None
        return ended

    def harm_artifact(self, name, harm, do_harm):
        """One harm, seen by all, then mended by a run that says so and keeps what it found."""
        self.fresh()
        path = self.out / "store" / name
        before = digest(path)
        do_harm(path, self.chance)
        what = f"{name}, {harm.__name__}"
        artifact = pathlib.PurePath(name).parts[0]
        if harm is flipped and name.endswith("artifact.json") and b'"checksum"' not in digest(path):
            return  # a manifest without one is of an earlier version, and of what it says
        storm.check(before != digest(path), f"{what}: no harm was done")
        is_seen_at_once = "/" not in name or name.endswith("/artifact.json")
        self.read_all(artifact, is_seen_at_once, what)
        ended = self.must_be_mended(what, self.words())
        ended.must_say("is computed again: ", "set aside as ", artifact)
        broken = list((self.out / "store").glob(f"broken-{artifact}-*"))
        storm.check(len(broken) == 1, f"{what}: {len(broken)} are set aside")
        self.artifacts += 1

    def harm_record(self, name, harm):
        """One harm to what is no artifact: a run writes it again, or refuses what it cannot."""
        self.fresh()
        path = self.out / name
        if path.exists() and (path.stat().st_size > 0 or harm not in (truncated, flipped)):
            harm(path, self.chance)
        what = f"{name}, {harm.__name__}"
        for words in (["report"], ["status"], ["gc", "--dry-run"], ["export"]):
            ended = self.scene.run(words[0], self.out, *words[1:])
            storm.check(ended.status in (0, 1, 2), f"{what}, {words}: {ended.status} {ended.text}")
            storm.check(ended.status == 0 or str(self.out) in ended.text,
                        f"{what}, {words}: names nothing: {ended.text}")
        if harm in (a_folder, a_loop, a_pipe) or path.name == "coppice-store":
            ended = self.scene.study(self.out)
            storm.check(ended.status == 0 or (ended.status in (1, 2) and str(path) in ended.text),
                        f"{what}: {ended.status} {ended.text}")
            remove(path)
        self.must_be_mended(what, self.words())
        self.records += 1

    def harm_checkpoint(self, harm):
        """One harm to the state that a run was interrupted with: what it is of starts over."""
        saved = []
        while not saved:
            remove(self.out)
            run = self.scene.start_study(self.out)
            run.wait_for(self.chance.choice(["distil", "copy 0", "prune round 1", "copy 1"]))
            run.kill_group()
            run.end()
            saved = self.states_of_use()
        path = self.chance.choice(saved)
        harm(path, self.chance)
        what = f"{path.name}, {harm.__name__}"
        if harm is a_folder:
            self.scene.study(self.out).must(1).must_say(path.name)
            remove(path)
        ended = self.must_be_mended(what, self.words())
        if harm in (truncated, flipped, empty):
            ended.must_say("starting over, checkpoint ", path.name)
        self.checkpoints += 1

    def states_of_use(self):
        """Saved states of stages that are not published; a kill may have come between the two."""
        ending = ".checkpoint.safetensors"
        return [path for path in sorted((self.out / "work").glob("*" + ending))
                if not (self.out / "store" / path.name.removesuffix(ending)).exists()]

    def flip_any(self):
        """A bit of any file of the whole directory."""
        self.fresh()
        files = sorted(path for path in self.out.rglob("*")
                       if path.is_file() and path.stat().st_size > 0)
        path = self.chance.choice(files)
        flipped(path, self.chance)
        what = f"a bit of {path.relative_to(self.out)}"
        words = self.words()
        if path.name == "coppice-store" and self.scene.study(self.out, *words).status == 2:
            return
        self.must_be_mended(what, words)
        self.flips += 1


def digest(path):
    """What tells whether a harm was done: bytes of a file, names of a folder."""
    if path.is_file() and not path.is_symlink() and path.stat().st_size < HUGE:
        return path.read_bytes()
    if path.is_dir() and not path.is_symlink():
        manifest = path / "artifact.json"
        return manifest.read_bytes() if manifest.is_file() else b"folder"
    return b"no file"


def test(scene, arguments, chance):
    """All of them, or some."""
    damage = Damage(scene, chance)
    artifacts = list(all_cases(damage.whole / "store"))
    records = [(name, harm) for name in records_of(damage.whole) for harm in FILE_HARMS]
    checkpoints = [truncated, flipped, empty, huge, a_folder]
    if not arguments.each:
        artifacts, records = chance.sample(artifacts, 4), chance.sample(records, 3)
        checkpoints = chance.sample(checkpoints, 2)
    for case in artifacts if not arguments.records else []:
        damage.harm_artifact(*case)
    for case in records:
        damage.harm_record(*case)
    for harm in checkpoints:
        damage.harm_checkpoint(harm)
    for _ in range(arguments.flips):
        damage.flip_any()
    print(f"the same bits after harm to {damage.artifacts} artifacts, {damage.records} records and "
          f"{damage.checkpoints} checkpoints, and {damage.flips} flipped bits")


def add_arguments(parser):
    """How much of it."""
    parser.add_argument("--each", action="store_true")
    parser.add_argument("--records", action="store_true", help="leave artifacts alone")
    parser.add_argument("--flips", type=int, default=3)


if __name__ == "__main__":
    storm.main(test, add_arguments)
