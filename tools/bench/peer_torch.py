#!/usr/bin/python3
"""The cases of `coppice bench` in PyTorch: the same work, threads and shapes, one JSON line a case.

    /usr/bin/python3 tools/bench/peer_torch.py [CASE...] [--threads N] [--repeat N] [--seconds S]
                     [--memory-format contiguous|channels_last|best] [--mode eager|compile|best]
                     [--allocator tcmalloc|system] [--check]

In PyTorch's favour: images lie in memory, normalised, in the memory format of the case; training and
matching do without augmentation and CutMix; gradients are set to None; nothing is copied back; tcmalloc is
preloaded where it is installed (Debian: libtcmalloc-minimal4, from Debian 13 on libtcmalloc-minimal4t64),
since the system's malloc maps every large tensor anew, which costs PyTorch up to eight times its speed in
page faults on a virtual machine; and torch.compile is tried beside eager mode where it can serve the case
(it has no second derivatives). Each case, format and mode runs in a process of its own (of `best` the
fastest one's line is printed).
"""
import argparse
import gc
import glob
import json
import os
import statistics
import subprocess
import sys
import time

CLASSES = 10
SIDE = 32
WARM_SECONDS = 0.5
FEWEST_SAMPLES = 3
FORMATS = ("contiguous", "channels_last")
MODES = ("eager", "compile")
TCMALLOC = ("libtcmalloc_minimal.so.4", "libtcmalloc.so.4")


def tcmalloc():
    """The path of the installed tcmalloc, or None."""
    for name in TCMALLOC:
        found = sorted(glob.glob("/usr/lib/*/" + name) + glob.glob("/usr/lib/" + name))
        if found:
            return found[0]
    return None


def use_allocator(allocator):
    """Starts this program again with tcmalloc preloaded, if it is to be and is not yet; what is used."""
    library = tcmalloc() if allocator == "tcmalloc" else None
    if library is None:
        return "system"
    if library not in os.environ.get("LD_PRELOAD", ""):
        os.environ["LD_PRELOAD"] = library
        os.execv(sys.executable, [sys.executable, *sys.argv])
    return "tcmalloc"


def import_torch(threads):
    """Imports torch with its OpenMP told how many threads there are."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    global torch, nn, F
    import torch
    import torch.nn.functional as F
    from torch import nn
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    assert torch.get_num_threads() == threads


# --- networks ---------------------------------------------------------------------------------------


def convnet3(width=128):
    """Three blocks of [3x3 convolution, instance norm, ReLU, 2x2 average pooling], a classifier. The norm
    is GroupNorm with a group a channel, as in the authors' code."""
    layers, channels = [], 3
    for _ in range(3):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.GroupNorm(width, width, affine=True),
                   nn.ReLU(inplace=True), nn.AvgPool2d(2)]
        channels = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(width * (SIDE // 8) ** 2, CLASSES))


def resnet18():
    """The standard CIFAR ResNet-18: a 3x3 stem, two basic blocks each of 64, 128, 256 and 512 filters."""

    class Block(nn.Module):
        def __init__(self, inner, outer, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(inner, outer, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(outer)
            self.conv2 = nn.Conv2d(outer, outer, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(outer)
            self.downsample = None
            if stride != 1 or inner != outer:
                self.downsample = nn.Sequential(nn.Conv2d(inner, outer, 1, stride, bias=False),
                                                nn.BatchNorm2d(outer))

        def forward(self, x):
            y = F.relu(self.bn1(self.conv1(x)), inplace=True)
            y = self.bn2(self.conv2(y))
            y += x if self.downsample is None else self.downsample(x)
            return F.relu(y, inplace=True)

    layers = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    channels = 64
    for stage, width in enumerate((64, 128, 256, 512)):
        layers += [Block(channels, width, 1 if stage == 0 else 2), Block(width, width, 1)]
        channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, CLASSES))


def weights_of(model):
    return sum(p.numel() for p in model.parameters())


# --- cases: each makes its data and gives a function that does one step -----------------------------------


class Bench:
    """Networks and data of a case in one memory format, eager or compiled."""

    def __init__(self, memory_format, mode="eager"):
        self.mode = mode
        self.memory_format = getattr(torch, memory_format + "_format"
                                     if memory_format == "contiguous" else memory_format)

    def model(self, make):
        return make().to(memory_format=self.memory_format)

    def run(self, model):
        """The model as the mode runs it: parameters are the same tensors."""
        return torch.compile(model) if self.mode == "compile" else model

    def images(self, count):
        return torch.randn(count, 3, SIDE, SIDE).contiguous(memory_format=self.memory_format)

    def labels(self, count):
        return torch.arange(count) % CLASSES

    def train(self, make, batch):
        model = self.model(make).train()
        optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
        batches = [(self.images(batch), self.labels(batch)) for _ in range(4)]
        forward = self.run(model)
        at = 0

        def step():
            nonlocal at
            x, y = batches[at % len(batches)]
            at += 1
            loss = F.cross_entropy(forward(x), y)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            return loss.item()

        return step

    def evaluate(self, make, batch):
        model = self.model(make).eval()
        x, y = self.images(batch), self.labels(batch)
        forward = self.run(model)

        @torch.no_grad()
        def step():
            logits = forward(x)
            return F.cross_entropy(logits, y).item(), (logits.argmax(1) == y).sum().item()

        return step

    def hessian(self, make, batch):
        """In training mode: batch norm on the batch's own statistics."""
        model = self.model(make).train()
        x, y = self.images(batch), self.labels(batch)
        parameters = list(model.parameters())
        v = [torch.randn_like(p) for p in parameters]

        def step():
            loss = F.cross_entropy(model(x), y)
            gradients = torch.autograd.grad(loss, parameters, create_graph=True)
            return torch.autograd.grad(gradients, parameters, grad_outputs=v)

        return step

    # IDC (Kim et al. 2022) with the published settings for CIFAR-10: 10 stored images a class, factor 2,
    # 64 real images, the summed squares of the differences of the convolutions' gradients.
    STORED, REAL, FACTOR = 10, 64, 2

    def decode(self, stored):
        """Each image's 2x2 tiles, upsampled to full size."""
        half = SIDE // self.FACTOR
        tiles = torch.cat([stored[:, :, top:top + half, left:left + half]
                           for top in range(0, SIDE, half) for left in range(0, SIDE, half)])
        return F.interpolate(tiles, size=SIDE, mode="bilinear", align_corners=False)

    def matcher(self):
        model = self.model(convnet3).train()
        matched = [m.weight for m in model if isinstance(m, nn.Conv2d)]
        real = [self.images(self.REAL) for _ in range(CLASSES)]
        # One tensor and one optimiser for all classes, as in the authors' code: a class's match moves the
        # others' pixels by their momentum.
        pixels = torch.rand(CLASSES * self.STORED, 3, SIDE, SIDE).requires_grad_()
        optimiser = torch.optim.SGD([pixels], lr=0.005, momentum=0.5)
        mean, std = torch.full((1, 3, 1, 1), 0.5), torch.full((1, 3, 1, 1), 0.25)

        def match(label):
            stored = pixels[label * self.STORED:(label + 1) * self.STORED]
            synthetic = (self.decode(stored) - mean) / std
            synthetic = synthetic.contiguous(memory_format=self.memory_format)
            y_real = torch.full((self.REAL,), label)
            y_synthetic = torch.full((synthetic.shape[0],), label)
            loss = F.cross_entropy(model(real[label]), y_real)
            wanted = torch.autograd.grad(loss, matched)
            loss = F.cross_entropy(model(synthetic), y_synthetic)
            got = torch.autograd.grad(loss, matched, create_graph=True)
            distance = sum((g - w.detach()).square().sum() for g, w in zip(got, wanted))
            optimiser.zero_grad(set_to_none=True)
            distance.backward(inputs=[pixels])
            optimiser.step()
            return distance.item()

        return model, match

    def idc_match(self):
        _, match = self.matcher()
        at = 0

        def step():
            nonlocal at
            at += 1
            return match(at % CLASSES)

        return step

    def idc_inner(self, images=2000, batch=64):
        """A match of every class, then the network's training on `images` real images in whole batches."""
        model, match = self.matcher()
        optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
        batches = [(self.images(batch), self.labels(batch)) for _ in range(4)]
        forward = self.run(model)  # the matches differentiate twice, which compiled code cannot

        def step():
            for label in range(CLASSES):
                match(label)
            for i in range(-(-images // batch)):
                x, y = batches[i % len(batches)]
                loss = F.cross_entropy(forward(x), y)
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                optimiser.step()
            return loss.item()

        return step


CASES = {
    "train.convnet3": (lambda b: b.train(convnet3, 128), 20),
    "eval.convnet3": (lambda b: b.evaluate(convnet3, 256), 20),
    "train.resnet18": (lambda b: b.train(resnet18, 128), 20),
    "idc.match": (lambda b: b.idc_match(), 20),
    "idc.inner": (lambda b: b.idc_inner(), 30),
    "hvp.convnet3": (lambda b: b.hessian(convnet3, 128), 20),
    "hvp.resnet18": (lambda b: b.hessian(resnet18, 64), 20),
}

# Those in which something runs that torch.compile can serve.
COMPILED = ("train.convnet3", "eval.convnet3", "train.resnet18", "idc.inner")


# --- measuring ------------------------------------------------------------------------------------------


def peak_mib():
    """The high-water mark of this process's resident memory."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


def measure(name, memory_format, mode, options):
    allocator = use_allocator(options.allocator)
    import_torch(options.threads)
    make, seconds = CASES[name]
    seconds = options.seconds if options.seconds is not None else seconds
    step = make(Bench(memory_format, mode))
    samples = []
    gc.disable()  # no pauses but those that memory needs; reference counting frees the graphs
    step()
    start = time.perf_counter()
    while not samples or time.perf_counter() - start < WARM_SECONDS:
        step()
        samples = [0]
    samples = []
    start = time.perf_counter()
    while len(samples) < options.repeat and (len(samples) < FEWEST_SAMPLES
                                             or time.perf_counter() - start < seconds):
        began = time.perf_counter()
        step()
        samples.append(time.perf_counter() - began)
    return {"name": name, "precision": "f32", "threads": options.threads,
            "median_s": round(statistics.median(samples), 7), "min_s": round(min(samples), 7),
            "peak_mib": round(peak_mib(), 1), "memory_format": memory_format, "mode": mode,
            "allocator": allocator, "samples": len(samples), "peer": "torch " + torch.__version__}


def measure_apart(name, memory_format, mode, options):
    """The line of one case, format and mode; None where torch.compile does not work here."""
    words = [sys.executable, os.path.abspath(__file__), name, "--memory-format", memory_format,
             "--mode", mode, "--allocator", options.allocator,
             "--threads", str(options.threads), "--repeat", str(options.repeat)]
    if options.seconds is not None:
        words += ["--seconds", str(options.seconds)]
    quiet = subprocess.DEVNULL if mode == "compile" else None
    done = subprocess.run(words, check=mode == "eager", stdout=subprocess.PIPE, stderr=quiet)
    return json.loads(done.stdout) if done.returncode == 0 else None


def modes_of(name, mode):
    if mode != "best":
        return (mode,)
    return MODES if name in COMPILED else MODES[:1]


def measure_best(name, options):
    """The fastest of the formats and modes that are asked for."""
    formats = FORMATS if options.memory_format == "best" else (options.memory_format,)
    lines = [measure_apart(name, f, m, options) for f in formats for m in modes_of(name, options.mode)]
    return min((line for line in lines if line is not None), key=lambda one: one["median_s"])


# --- checking: that the networks and products are what they are said to be -----------------------------------


def check(options):
    """The networks' sizes, a Hessian product against finite differences, the shape of what is decoded."""
    import_torch(options.threads)
    torch.set_default_dtype(torch.float64)
    assert weights_of(resnet18()) == 11_173_962, weights_of(resnet18())
    assert weights_of(convnet3()) == 320_010, weights_of(convnet3())
    b = Bench("contiguous")
    model, x, y = convnet3(8), b.images(6), b.labels(6)
    parameters = list(model.parameters())
    v = [torch.randn_like(p) for p in parameters]

    def gradient(shift):
        with torch.no_grad():
            for p, d in zip(parameters, v):
                p.add_(d, alpha=shift)
        out = torch.autograd.grad(F.cross_entropy(model(x), y), parameters)
        with torch.no_grad():
            for p, d in zip(parameters, v):
                p.sub_(d, alpha=shift)
        return out

    loss = F.cross_entropy(model(x), y)
    first = torch.autograd.grad(loss, parameters, create_graph=True)
    product = torch.autograd.grad(first, parameters, grad_outputs=v)
    h = 1e-8  # a longer way would cross the kinks of ReLU
    for p, up, down in zip(product, gradient(h), gradient(-h)):
        assert torch.allclose(p, (up - down) / (2 * h), rtol=1e-4, atol=1e-6)
    decoded = b.decode(torch.rand(3, 3, SIDE, SIDE))
    assert decoded.shape == (12, 3, SIDE, SIDE)
    print("the peer's networks, products and decoding are as they should be")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=10, help="samples of each case")
    parser.add_argument("--seconds", type=float, help="after which no further sample is taken")
    parser.add_argument("--memory-format", choices=FORMATS + ("best",), default="best")
    parser.add_argument("--mode", choices=MODES + ("best",), default="best")
    parser.add_argument("--allocator", choices=("tcmalloc", "system"), default="tcmalloc",
                        help="tcmalloc is preloaded where it is installed")
    parser.add_argument("--check", action="store_true", help="check the peer itself and stop")
    options = parser.parse_args()
    if options.threads < 1 or options.repeat < 1:
        parser.error("--threads and --repeat are at least 1")
    for name in options.cases:
        if name not in CASES:
            parser.error(f"unknown case '{name}', wanted one of {', '.join(CASES)}")
    if options.check:
        check(options)
        return
    names = options.cases or list(CASES)
    for name in names:
        if options.mode == "compile" and name not in COMPILED:
            parser.error(f"torch.compile has no part in case '{name}'")
    for name in names:
        if "best" not in (options.memory_format, options.mode) and len(names) == 1:
            line = measure(name, options.memory_format, options.mode, options)
        else:
            line = measure_best(name, options)
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
