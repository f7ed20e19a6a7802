"""Gives each patch of a picture a vector in the model's joint space, to explain hits.

What a ViT's last layer says of a patch is mostly about the whole picture. So each patch goes
through that layer by itself, attending to nothing else (MaskCLIP: C. Zhou, C. C. Loy and B. Dai,
ECCV 2022), and then through the projection that the pooled vector goes through.
"""

from __future__ import annotations

from typing import Any

from engine.errors import ModelError


def patch_features(visual: Any, pictures: Any) -> Any:
    """(N, 3, E, E) prepared pictures to (N, rows, columns, D), not normalised.

    `visual` is an image tower of OpenCLIP. Raises ModelError where it has no patches.
    """
    import open_clip.timm_model
    import open_clip.transformer
    from open_clip.modified_resnet import ModifiedResNet

    if isinstance(visual, open_clip.transformer.VisionTransformer):
        return _of_vit(visual, pictures)
    if isinstance(visual, ModifiedResNet):
        return _of_resnet(visual, pictures)
    if isinstance(visual, open_clip.timm_model.TimmModel):
        return _of_timm(visual, pictures)
    raise _none(visual)


def _of_vit(visual: Any, pictures: Any) -> Any:
    blocks = visual.transformer.resblocks
    if visual.attn_pool is not None or len(blocks) < 2:
        raise _none(visual)
    before = visual.forward_intermediates(
        pictures,
        indices=[len(blocks) - 2],
        stop_early=True,
        intermediates_only=True,
        output_fmt="NLC",
    )["image_intermediates"][0]
    alone = before.flatten(0, 1).unsqueeze(1 if visual.transformer.batch_first else 0)
    projected = visual.ln_post(blocks[-1](alone)) @ visual.proj
    return projected.reshape(len(pictures), *visual.grid_size, -1)


def _of_resnet(visual: Any, pictures: Any) -> Any:
    maps = visual.forward_intermediates(pictures, indices=1, intermediates_only=True)
    places = maps["image_intermediates"][0].permute(0, 2, 3, 1)
    return visual.attnpool.c_proj(visual.attnpool.v_proj(places))


def _of_timm(visual: Any, pictures: Any) -> Any:
    """Each place of the last map, as if the picture were all like it: pooling changes nothing."""
    trunk = visual.trunk
    maps = trunk.forward_features(pictures)
    width = trunk.num_features
    if maps.ndim == 4 and maps.shape[1] == width:
        rows, columns = maps.shape[2:]
        alone = maps.permute(0, 2, 3, 1).reshape(-1, width, 1, 1)
    elif maps.ndim == 3 and hasattr(trunk, "patch_embed"):
        rows, columns = trunk.patch_embed.grid_size
        marks = trunk.num_prefix_tokens
        # Pooling may take the mark that stands first or the patches after it: both are the patch.
        alone = maps[:, marks:].flatten(0, 1).unsqueeze(1).expand(-1, marks + 1, -1)
    else:
        raise _none(visual)
    try:
        projected = visual.head(trunk.forward_head(alone))
        return projected.reshape(len(pictures), rows, columns, -1)
    except (RuntimeError, AssertionError) as error:  # a pooling that wants the whole map
        raise _none(visual) from error


def _none(visual: Any) -> ModelError:
    kind = type(getattr(visual, "trunk", visual)).__name__
    return ModelError(
        "This model cannot show where it saw something",
        f"Its image tower ({kind}) gives one vector a picture. Another model can; search is "
        "not affected.",
    )
