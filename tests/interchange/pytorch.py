# needs: numpy torch
# weft reads what torch.save writes. `--data DIR` makes the files in data/pytorch.
import os
import sys
import tempfile
import zipfile
from collections import OrderedDict

import torch


class Reduced:
    """A pickle that runs a command when Python loads it."""

    def __reduce__(self):
        return os.system, ("touch /tmp/weft_was_tricked",)


def trained_model():
    torch.manual_seed(3)
    table = torch.nn.EmbeddingBag(5, 3, mode="mean")
    layers = torch.nn.Sequential(OrderedDict(fc=torch.nn.Linear(3, 2), bn=torch.nn.BatchNorm1d(2)))
    model = torch.nn.ModuleDict({"video": table, "net": layers})
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.1, initial_accumulator_value=0.1)
    layers(table(torch.tensor([0, 1, 2, 4]), torch.tensor([0, 2]))).sum().backward()
    optimizer.step()
    return model, optimizer


def views():
    base = torch.arange(24, dtype=torch.float32)
    kinds = "float64 float16 bfloat16 int64 int32 int16 int8 uint8 uint16 bool".split()
    return {
        "transposed": base.view(4, 6).t(),
        "slice": base.view(4, 6)[1:3, 2:5],
        "rows": base[6:18].view(2, 6),
        "cube": base.view(2, 3, 4).permute(2, 0, 1),
        "expanded": torch.tensor([1.0, 2.0]).expand(3, 2),
        "one_row": base.view(4, 6)[2:3],
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "list": [torch.zeros(1), (torch.ones(1),)],
        **{kind: torch.tensor([1, 0, 3]).to(getattr(torch, kind)) for kind in kinds},
    }


def with_64_bits(source, target):
    """The same archive with every count and offset in 64 bits, as files of more than 4 GB have them."""
    zipfile.ZIP64_LIMIT = zipfile.ZIP_FILECOUNT_LIMIT = 1
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.namelist():
            new.writestr(zipfile.ZipInfo(member), old.read(member))
    with open(target, "r+b") as file:  # the size and the offset of the directory, which stand in the 64-bit record
        file.seek(-10, os.SEEK_END)
        file.write(b"\xff" * 8)


def files(directory):
    model, optimizer = trained_model()
    state = model.state_dict()
    whole = {"model": state, "optimizer": optimizer.state_dict(), "epoch": 3, "name": "x", "best": 0.5}
    torch.save(whole, f"{directory}/checkpoint.pt")
    torch.save(views(), f"{directory}/views.pt")
    torch.save(state, f"{directory}/legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(state, f"{directory}/protocol_4.pt", pickle_protocol=4)
    torch.save(torch.ones(2, 2), f"{directory}/bare.pt")
    torch.save(model, f"{directory}/module.pt")
    with_64_bits(f"{directory}/protocol_4.pt", f"{directory}/zip64.pt")
    torch.save({"a": Reduced()}, f"{directory}/hostile.pt")
    return {"checkpoint.pt": whole, "views.pt": views(), **{f"{name}.pt": state for name in ["legacy", "protocol_4", "zip64"]}}


def flat(value, name=""):
    if isinstance(value, (dict, OrderedDict)):
        items = value.items()
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    else:
        return {} if value is None else {name: value}
    return {k: v for key, item in items for k, v in flat(item, f"{name}.{key}" if name else str(key)).items()}


def compare(file, expected, read):
    check(set(read) == set(expected), f"{file}: other names: {set(read) ^ set(expected)}")
    for name, value in expected.items():
        if isinstance(value, str):
            check(read[name] == [value], f"{file}: '{name}'")
            continue
        if not isinstance(value, torch.Tensor):
            value = torch.tensor(value, dtype=torch.float64 if isinstance(value, float) else None)
        value = value.detach().contiguous()
        check(tuple(value.shape) == read[name].shape, f"{file}: shape of '{name}'")
        if value.dtype == torch.bfloat16:
            value = value.view(torch.int16)
        check(value.numpy().tobytes() == read[name].tobytes(), f"{file}: numbers of '{name}'")


if sys.argv[1] == "--data":
    files(sys.argv[2])
    sys.exit()

from support import check, run, show  # noqa: E402  (takes the program's path from the arguments)

with tempfile.TemporaryDirectory() as directory:
    for file, value in files(directory).items():
        compare(file, flat(value), show("pytorch", f"{directory}/{file}"))
    check((show("pytorch", f"{directory}/bare.pt")["tensor"] == 1).all(), "bare.pt")
    for file, name in [("module.pt", "ModuleDict"), ("hostile.pt", "system")]:
        result = run("show", "pytorch", f"{directory}/{file}")
        check(result.returncode == 1 and name in result.stderr, f"{file}: expected a refusal that names {name}")
    check(not os.path.exists("/tmp/weft_was_tricked"), "a command was run")
