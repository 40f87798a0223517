"""What libraries raise where the machine lacks something, as one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from train.errors import TrainError
from train.faults import in_one_line

PLACE = Path("/runs/mine")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 8 GB"),
            "out of memory while training",
        ),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), "out of memory while training"),
        (MemoryError(), "out of memory while training"),
        (OSError(12, "Cannot allocate memory"), "out of memory while training"),
        (OSError(28, "No space left on device"), "/runs/mine: no space left on the disk while training"),
        (
            RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed"),
            "no space left on the disk",
        ),
        (PermissionError(13, "Permission denied", "/a/file"), "/a/file: cannot be written while training"),
        (OSError(30, "Read-only file system"), "/runs/mine: cannot be written while training"),
    ],
)
def test_what_the_machine_lacks_is_one_line(error, line):
    with pytest.raises(TrainError) as caught, in_one_line("training", PLACE):
        raise error
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is error


def test_a_disk_that_is_full_for_safetensors_is_known_too():
    from safetensors import SafetensorError

    with pytest.raises(TrainError, match="no space left on the disk"), in_one_line("training", PLACE):
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")


@pytest.mark.parametrize("error", [RuntimeError("a bug of ours"), FileNotFoundError(2, "No such file"), KeyError("x")])
def test_other_errors_are_left_as_they_are(error):
    with pytest.raises(type(error)) as caught, in_one_line("training", PLACE):
        raise error
    assert caught.value is error


def test_a_line_of_ours_passes_through():
    with pytest.raises(TrainError, match=r"^mine$"), in_one_line("training", PLACE):
        raise TrainError("mine")
