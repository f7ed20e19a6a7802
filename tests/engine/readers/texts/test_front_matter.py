from datetime import UTC, datetime

import pytest

from engine.readers.texts import front_matter
from engine.readings import Details

NOTE = """---
title: "My trip: to Kyoto"
author: Ada Lindqvist
date: 2023-05-06T10:00:00Z
description: Temples and tea
tags: [travel, "japan"]
keywords:
  - tea
  - '#travel'
layout: post
---

We went to the temple.
title: not this
"""


def test_a_note_says_of_itself_what_stands_before_its_text() -> None:
    assert front_matter.details(NOTE) == Details(
        title="My trip: to Kyoto",
        author="Ada Lindqvist",
        taken_at=datetime(2023, 5, 6, 10, tzinfo=UTC),
        caption="Temples and tea",
        keywords=("travel", "japan", "tea"),
    )


@pytest.mark.parametrize(
    ("block", "found"),
    [
        ("date: 2023-05-06", Details(taken_at=datetime(2023, 5, 6))),
        ("created: 2023-05-06 18:30", Details(taken_at=datetime(2023, 5, 6, 18, 30))),
        ("date: some day\ntitle:\ntags:", Details()),
        ("tags: travel, 日本", Details(keywords=("travel", "日本"))),
        ("tags:\n- a b\n- c\ntitle: T", Details(title="T", keywords=("a b", "c"))),
    ],
)
def test_entries_may_be_written_in_many_ways(block: str, found: Details) -> None:
    assert front_matter.details(f"---\n{block}\n---\ntext") == found


@pytest.mark.parametrize(
    "text", ["", "title: T", "# Title\n---\ntitle: T\n---\n", "---\ntitle: T\n"]
)
def test_a_note_may_say_nothing_of_itself(text: str) -> None:
    assert front_matter.details(text) == Details()
