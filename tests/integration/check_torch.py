#!/usr/bin/env python3
"""A ticket exported here has the same loss in PyTorch: `tools/check-ticket` and `coppice eval` agree
on a network that was trained and pruned for a moment. Exit status 77 where there is no PyTorch.

    check_torch.py COPPICE SOURCE_DIR
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

PYTHON = "/usr/bin/python3"  # Debian's, for which python3-torch is; another one may come first
CONFIG = """
study   = { name = "t"; copies = 1; threads = 1; };
dataset = { plugin = "cifar10"; path = "data"; train_size = 64; test_size = 200; };
ticket  = { model = { plugin = "convnet"; depth = 2; width = 8; norm = "group"; groups = 2; };
            phases = ( { pruner = { plugin = "imp"; rate = 0.5; }; } ); };
train   = { recipe = "sgd"; duration = "30ep"; batch = 32; lr = 0.1; augment = "none"; };
"""


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode == 77:
        sys.exit(77)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: status {done.returncode}\n{done.stderr}")
    return done.stdout


def write_data(folder):
    """Random records in the two files that are looked at, of the size that CIFAR-10's have."""
    folder.mkdir()
    source = random.Random(1)
    for name in ("data_batch_1.bin", "test_batch.bin"):
        records = [bytes([source.randrange(10)]) + source.randbytes(3072) for _ in range(200)]
        with open(folder / name, "wb") as out:
            out.write(b"".join(records))
            out.truncate(10000 * 3073)


def main():
    coppice, source = sys.argv[1], pathlib.Path(sys.argv[2])
    python = PYTHON if os.access(PYTHON, os.X_OK) else sys.executable
    with tempfile.TemporaryDirectory(prefix="coppice-test-") as name:
        folder = pathlib.Path(name)
        config, weights, out = folder / "t.cfg", folder / "w.safetensors", folder / "out"
        write_data(folder / "data")
        config.write_text(CONFIG)
        run(coppice, "run", config, "--out", out)
        for part in ([], ["--initial"]):
            run(coppice, "export", out, "--to", weights, *part)
            ours = json.loads(run(coppice, "eval", config, "--weights", weights, "--json"))
            theirs = run(python, source / "tools/check-ticket", weights,
                         folder / "data/test_batch.bin", "200").split()
            if abs(ours["loss"] - float(theirs[1])) > 1e-5 * abs(ours["loss"]):
                sys.exit(f"loss {ours['loss']} here, and PyTorch says {theirs[1]}")
            if abs(100 * ours["accuracy"] - float(theirs[3])) > 0.51:  # one image of 200 at most
                sys.exit(f"accuracy {ours['accuracy']} here, and PyTorch says {theirs[3]} %")


if __name__ == "__main__":
    main()
