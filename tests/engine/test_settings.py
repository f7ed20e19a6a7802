"""What a person has chosen stays chosen."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from engine import settings
from engine.paths import Home


def test_what_two_threads_change_at_once_is_all_kept(home: Home) -> None:
    def rename(number: int) -> None:
        settings.change(home, lambda s: replace(s, model=f"{s.model}{number}"))

    settings.save(home, settings.Settings(model="", mixes=True))
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(rename, [7] * 40))
    assert settings.load(home) == settings.Settings(model="7" * 40, mixes=True)
