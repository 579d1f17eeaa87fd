#!/usr/bin/env python3
"""A ticket exported here has the same loss in PyTorch: `tools/check-ticket` and `coppice eval` agree
on networks of each model that were trained and pruned for a moment. Exit status 77 where there is no PyTorch.

    check_torch.py COPPICE SOURCE_DIR
"""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

PYTHON = "/usr/bin/python3"  # Debian's, for which python3-torch is; another one may come first
CONFIG = """
study   = { name = "t"; copies = 1; threads = 1; };
dataset = { plugin = "cifar10"; path = "data"; train_size = 64; test_size = 200; };
ticket  = { model = { plugin = %s };
            phases = ( { pruner = { plugin = "imp"; rate = 0.5; }; } ); };
train   = { recipe = "sgd"; duration = "%s"; batch = 32; lr = %g; augment = "none"; };
"""
MODELS = (  # the options, how long, the rate
    ('"convnet"; depth = 2; width = 8; norm = "group"; groups = 2;', "30ep", 0.1),
    ('"resnet"; depth = 14; width = 4;', "3ep", 0.05),
    ('"resnet"; depth = 10; width = 2; norm = "none"; stem = "large";', "3ep", 0.01),
    ('"resnet_ap"; depth = 10; width = 4; norm = "group"; groups = 2; stem = "mid";', "3ep", 0.05),
    ('"vgg"; depth = 11; width = 2; norm = "batch"; last_pool = "avg";', "3ep", 0.05),
    ('"mlp"; hidden = [20, 10]; norm = "layer"; activation = "tanh";', "3ep", 0.05),
    ('"lenet5"; norm = "batch";', "3ep", 0.05),
    ('"lenet5"; variant = "caffe";', "3ep", 0.01),
    ('"alexnet"; width = 4;', "3ep", 0.01))


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


def compare(coppice, source, python, folder, parts):
    """One model: what is exported, and with what `coppice eval` and PyTorch say of it."""
    config, weights, out = folder / "t.cfg", folder / "w.safetensors", folder / "out"
    for part in parts:
        run(coppice, "export", out, "--to", weights, *part)
        ours = json.loads(run(coppice, "eval", config, "--weights", weights, "--json"))
        theirs = run(python, source / "tools/check-ticket", weights,
                     folder / "data/test_batch.bin", "200").split()
        if abs(ours["loss"] - float(theirs[1])) > 1e-5 * abs(ours["loss"]):
            sys.exit(f"{config.read_text()}: loss {ours['loss']} here, and PyTorch says {theirs[1]}")
        if abs(100 * ours["accuracy"] - float(theirs[3])) > 0.51:  # one image of 200 at most
            sys.exit(f"{config.read_text()}: accuracy {ours['accuracy']} here, and PyTorch says "
                     f"{theirs[3]} %")


def main():
    coppice, source = sys.argv[1], pathlib.Path(sys.argv[2])
    python = PYTHON if os.access(PYTHON, os.X_OK) else sys.executable
    with tempfile.TemporaryDirectory(prefix="coppice-test-") as name:
        folder = pathlib.Path(name)
        write_data(folder / "data")
        for i, model in enumerate(MODELS):
            (folder / "t.cfg").write_text(CONFIG % model)
            run(coppice, "run", folder / "t.cfg", "--out", folder / "out")
            compare(coppice, source, python, folder, ([], ["--initial"]) if i == 0 else ([],))
            shutil.rmtree(folder / "out")


if __name__ == "__main__":
    main()
