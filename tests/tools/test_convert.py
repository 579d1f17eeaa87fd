#!/usr/bin/env python3
"""What torch.save wrote comes out of tools/convert/pt-to-safetensors with the same numbers. Without
PyTorch there is nothing to convert: skipped (exit status 77).
Usage: test_convert.py SOURCE_DIR"""
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import pathlib
import struct
import sys
import tempfile
import unittest

try:
    import torch
except ImportError:
    print('no PyTorch here: skipped')
    sys.exit(77)



def load_tool(path):
    """The script as a module: a process of its own would import PyTorch each time."""
    loader = importlib.machinery.SourceFileLoader('pt_to_safetensors', str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


sys.dont_write_bytecode = True
TOOL = load_tool(pathlib.Path(sys.argv.pop(1)) / 'tools/convert/pt-to-safetensors')


def read(path):
    """By the format's documentation, without the tool's own code."""
    data = path.read_bytes()
    length, = struct.unpack('<Q', data[:8])
    header = json.loads(data[8:8 + length])
    types = {'F32': torch.float32, 'F64': torch.float64, 'I64': torch.int64, 'I32': torch.int32,
             'U8': torch.uint8, 'BOOL': torch.bool, 'F16': torch.float16, 'BF16': torch.bfloat16}
    out, covered = {}, 0
    for name, entry in header.items():
        if name == '__metadata__':
            continue
        begin, end = entry['data_offsets']
        covered += end - begin
        raw = bytearray(data[8 + length + begin:8 + length + end])
        kind = types[entry['dtype']]
        flat = torch.frombuffer(raw, dtype=kind) if raw else torch.empty(0, dtype=kind)
        out[name] = flat.reshape(entry['shape'])
    assert covered == len(data) - 8 - length and length % 8 == 0
    return out


class Converting(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.dir = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def convert(self, *words, status=0):
        paths = [word if word.startswith('-') or word.isdigit() else
                 '='.join([*word.split('=')[:-1], str(self.dir / word.split('=')[-1])])
                 for word in words]
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            got = TOOL.main(['--to', str(self.dir / 'out'), *paths])
        self.said = said.getvalue()
        self.assertEqual(got, status, self.said)
        return read(self.dir / 'out') if status == 0 else None

    def save(self, name, value):
        torch.save(value, self.dir / name)

    def assert_same(self, got, wanted):
        self.assertEqual(set(got), set(wanted))
        for name, tensor in wanted.items():
            self.assertEqual(got[name].dtype, tensor.dtype)
            self.assertTrue(torch.equal(got[name], tensor), name)

    def test_a_tensor_is_called_as_is_said(self):
        images, labels = torch.randn(4, 3, 8, 8), torch.arange(4)
        self.save('images_best.pt', images)
        self.save('labels_best.pt', labels)
        self.assert_same(self.convert('images_best.pt'), {'images_best': images})
        self.assert_same(self.convert('images=images_best.pt', 'labels=labels_best.pt'),
                         {'images': images, 'labels': labels})

    def test_a_pair_is_images_and_labels(self):
        images, labels = torch.rand(2, 1, 4, 4), torch.tensor([1, 0])
        self.save('data.pt', [images, labels])
        self.assert_same(self.convert('data.pt'), {'images': images, 'labels': labels})

    def test_one_experiment_of_several_is_taken(self):
        pairs = [[torch.full((2, 3, 4, 4), float(i)), torch.tensor([0, i])] for i in range(3)]
        self.save('res.pt', {'data': pairs, 'accs_all_exps': {'ConvNet': [0.5]}})
        self.assert_same(self.convert('res.pt'), {'images': pairs[2][0], 'labels': pairs[2][1]})
        self.assertIn('accs_all_exps is no tensor', self.said)
        self.assert_same(self.convert('res.pt', '--experiment', '1'),
                         {'images': pairs[1][0], 'labels': pairs[1][1]})
        self.convert('res.pt', '--experiment', '3', status=1)
        self.assertIn('holds 3 experiments', self.said)

    def test_every_type_keeps_its_bits(self):
        state = {'conv.weight': torch.randn(2, 3)[:, ::2], 'half': torch.randn(3).half(),
                 'bf16': torch.randn(3).bfloat16(), 'double': torch.randn(2, dtype=torch.float64),
                 'bytes': torch.arange(3, dtype=torch.uint8), 'flag': torch.tensor([True, False]),
                 'count': torch.tensor(7), 'int': torch.tensor([-1], dtype=torch.int32),
                 'none': torch.empty(0, 3), 'parameter': torch.nn.Parameter(torch.ones(2))}
        self.save('state.pth', {'net': state, 'epoch': 3})
        self.assert_same(self.convert('state.pth'),
                         {f'net.{name}': tensor.detach() for name, tensor in state.items()})

    def test_what_cannot_be_converted_is_said(self):
        self.save('text.pt', 'text')
        self.convert('text.pt', status=1)
        self.assertIn('holds a str', self.said)
        self.convert('nowhere.pt', status=1)
        self.assertIn('nowhere.pt: is not there', self.said)
        (self.dir / 'noise.pt').write_bytes(b'noise')
        self.convert('noise.pt', status=1)
        self.assertIn('--trust', self.said)
        self.save('sparse.pt', torch.eye(2).to_sparse())
        self.convert('sparse.pt', status=1)
        self.assertIn('cannot be written', self.said)
        self.save('a.pt', {'x': torch.ones(1)})
        self.convert('a.pt', 'x=a.pt', 'a.pt', status=1)
        self.assertIn('already', self.said)


if __name__ == '__main__':
    unittest.main()
