"""Which precision is fast where."""

from __future__ import annotations

import torch  # noqa: TID253 -- asked only to train


def bfloat16_is_fast(device: str) -> bool:
    """Whether the device computes in bfloat16 itself; elsewhere it is emulated, and slower."""
    kind = torch.device(device).type
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return kind == "cpu" and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
