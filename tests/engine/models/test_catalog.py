"""Names of models, and what they cost to know."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine.errors import ModelError
from engine.models import catalog


def test_the_starter_is_loaded_by_name():
    encoder = catalog.load("starter", threads=1)
    assert encoder.card in catalog.available()
    encoder.close()


@pytest.mark.parametrize("spec", ["", "nonsense", "openclip"])
def test_another_name_is_a_model_error(spec):
    with pytest.raises(ModelError, match="openclip:"):
        catalog.load(spec)


def test_the_catalog_imports_nothing_heavy():
    program = (
        "import sys, engine.models.catalog as catalog; catalog.available()\n"
        "heavy = {'torch', 'torchvision', 'open_clip', 'onnxruntime'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert finished.stdout.strip() == "[]"


def test_the_starter_needs_no_torch():
    program = (
        "import sys; from engine.models.catalog import load\n"
        "load('starter').encode_texts(['a'])\n"
        "print(sorted({'torch', 'torchvision', 'open_clip'} & set(sys.modules)))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert (finished.stdout.strip(), finished.stderr) == ("[]", "")
