import errno

import pytest

from engine.readers import faults
from engine.readers.family import NotReadableError
from engine.readings import SkipReason


@pytest.mark.parametrize("error", [KeyError("r"), OSError("bad"), OSError(errno.EINVAL, "seek")])
def test_what_a_decoder_raises_means_damage(error: Exception) -> None:
    with pytest.raises(NotReadableError, match="archive") as caught, faults.refused(faults.archive):
        raise error
    assert caught.value.failure.reason is SkipReason.CORRUPT
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [MemoryError(), PermissionError(errno.EACCES, "no")])
def test_what_the_system_raises_passes(error: Exception) -> None:
    with pytest.raises(type(error)), faults.refused(faults.mail):
        raise error


def test_a_reason_that_is_known_stays() -> None:
    locked = NotReadableError(SkipReason.ENCRYPTED, "It asks for a password.")
    with pytest.raises(NotReadableError) as caught, faults.refused(faults.mail):
        raise locked
    assert caught.value is locked
