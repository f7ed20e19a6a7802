"""Recognises text in pictures, printed and written by hand, in English, Chinese and Japanese.

The only module that imports RapidOCR. Its models are the ones in its package: they are named by
their paths, as it would fetch any that it does not find by name.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.readers.recognition import layout
from engine.readings import Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image
    from rapidocr import RapidOCR

EDGE_PX = 1600
"""Pictures are read at this length of the longer side; memory and time grow with its square."""
USUAL_SIDE_PX = 736
"""Small pictures are enlarged until their shorter side has this, as the models were trained."""
LEAST_SIDE_PX = 12
"""What is less high, or would be beside its width, has no text that could be read."""
MOST_LINES = 400
LEAST_CONFIDENCE = 0.65
LEAST_CONFIDENCE_OF_FEW = 0.85
"""The same for one or two characters, which anything may look like."""
THREADS = 1
"""More only make it hotter: threads of onnxruntime wait for each other by spinning."""

_MODELS = {
    "Det": "PP-OCRv6_det_small.onnx",
    "Cls": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
    "Rec": "PP-OCRv6_rec_small.onnx",
}


def recognise(image: Image.Image) -> tuple[Passage, ...]:
    """The text in an upright RGB picture, in reading order, with the boxes of its lines."""
    pixels = _pixels(image)
    if pixels is None:
        return ()
    found: Any = _engine()(pixels, use_det=True, use_cls=True, use_rec=True)
    # Where nothing is found, it answers with what its steps return.
    texts = getattr(found, "txts", None)
    if not texts or getattr(found, "boxes", None) is None:
        return ()
    lines = [
        _line(text, corners)
        for text, corners, confidence in zip(texts, found.boxes, found.scores, strict=True)
        if _is_text(text, float(confidence))
    ]
    return layout.passages(lines, width=pixels.shape[1], height=pixels.shape[0])


def _pixels(image: Image.Image) -> NDArray[np.uint8] | None:
    """(H, W, 3) uint8 in BGR, in the size to be read, or None where that is too narrow."""
    import numpy as np
    from PIL import Image

    shorter, longer = sorted(image.size)
    scale = min(EDGE_PX / longer, max(1.0, USUAL_SIDE_PX / shorter))
    width, height = (round(side * scale) for side in image.size)
    if min(width, height, shorter) < LEAST_SIDE_PX:
        return None
    if scale != 1.0:
        image = image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def _line(text: str, corners: NDArray[np.float32]) -> layout.Line:
    """A line from its corners, (4, 2) in pixels, clockwise from the top left."""
    import numpy as np

    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    return layout.Line(
        " ".join(text.split()),
        float(left),
        float(top),
        float(right),
        float(bottom),
        height=max(1.0, float(sides.min())),
    )


def _is_text(text: str, confidence: float) -> bool:
    characters = sum(character.isalnum() for character in text)
    least = LEAST_CONFIDENCE if characters > 2 else LEAST_CONFIDENCE_OF_FEW
    return characters > 0 and confidence >= least


@cache
def _engine() -> RapidOCR:
    import cv2
    import rapidocr

    cv2.setNumThreads(1)
    folder = Path(rapidocr.__file__).parent / "models"
    parameters: dict[str, Any] = {
        "Global.log_level": "error",
        "Global.max_side_len": EDGE_PX,
        "Det.limit_type": "max",
        "Det.limit_side_len": EDGE_PX,
        "Det.max_candidates": MOST_LINES,
        "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        **{f"{step}.model_path": str(folder / model) for step, model in _MODELS.items()},
    }
    return rapidocr.RapidOCR(params=parameters)
