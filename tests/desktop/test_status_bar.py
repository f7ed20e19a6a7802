from desktop.status_bar import StatusBar
from engine.events import IndexProgress, Phase
from engine.readings import SkipReason
from engine.records import Counts


def test_progress_is_told_in_words(qtbot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.show_progress(IndexProgress(Phase.INDEXING, 100, 7300, 0, 60.0, 120.0))
    assert bar._doing.text() == "Indexing 60/s, 2 minutes left"
    bar.show_progress(IndexProgress(Phase.INDEXING, 0, 7300))
    assert bar._doing.text() == "Indexing, 7,300 files left"
    bar.show_progress(IndexProgress(Phase.INDEXING))
    assert bar._doing.text() == "Indexing", "it is not known yet how many there are"
    bar.show_progress(IndexProgress(Phase.PAUSED, 100, 7300))
    assert bar._doing.text() == "Paused, 7,200 files left"
    preparing = IndexProgress(Phase.PREPARING, 100, 7300, 0, 1.0, 7200.0, model="ViT-B-32")
    bar.show_progress(preparing)
    assert bar._doing.text() == "Preparing ViT-B-32: 100 of 7,300, 2 hours left"
    bar.show_progress(IndexProgress(Phase.LOOKING_CLOSER, 100, 7300, 0, 5.0, 1800.0))
    assert bar._doing.text() == "Looking closer at photos: 100 of 7,300, 30 minutes left"
    bar.show_progress(IndexProgress(Phase.STOPPED, 100, 101))
    assert bar._doing.text() == "Stopped, 1 file left"
    bar.show_progress(IndexProgress(Phase.IDLE))
    assert bar._doing.text() == "Up to date"


def test_nothing_is_up_to_date_where_there_is_no_folder(qtbot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    assert bar._doing.isHidden()
    bar.show_counts(Counts(), has_folders=True)
    assert not bar._doing.isHidden()


def test_every_kind_is_counted_that_there_is(qtbot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.show_counts(Counts(photos=3), has_folders=True)
    before = bar.minimumSizeHint().width()
    assert bar._counts.text() == "3 photos · 0 documents"
    bar.show_counts(Counts(photos=3, videos=2, archives=1), has_folders=True)
    assert bar._counts.text() == "3 photos · 0 documents · 2 videos · 1 archive"
    assert bar.minimumSizeHint().width() == before, "a narrow window stays so"


def test_however_long_the_name_of_a_model_the_window_stays_as_narrow(qtbot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.show_progress(IndexProgress(Phase.PREPARING, 1, 2, model="M"))
    before = bar.minimumSizeHint().width()
    bar.show_progress(IndexProgress(Phase.PREPARING, 1, 2, model="SigLIP 2 " * 20))
    assert bar.minimumSizeHint().width() == before
    assert "SigLIP 2" in bar._doing.toolTip()


def test_the_button_pauses_and_resumes(qtbot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.show_progress(IndexProgress(Phase.INDEXING, 1, 2))
    with qtbot.waitSignal(bar.pause_requested):
        bar._pause.click()
    for phase in (Phase.PAUSED, Phase.STOPPED):
        bar.show_progress(IndexProgress(phase, 1, 2))
        with qtbot.waitSignal(bar.resume_requested):
            bar._pause.click()


def test_what_is_paused_does_not_move(qtbot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.show_progress(IndexProgress(Phase.PAUSED, 0, 0))
    assert bar._bar.isHidden()
    bar.show_progress(IndexProgress(Phase.PAUSED, 1, 2))
    assert not bar._bar.isHidden()


def test_unsupported_files_are_listed_but_not_counted_as_trouble(qtbot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    reasons = {SkipReason.UNSUPPORTED: 4, SkipReason.CORRUPT: 1}
    bar.show_counts(Counts(photos=1200, documents=1, skipped_by_reason=reasons), has_folders=True)
    assert bar._counts.text() == "1,200 photos · 1 document"
    assert bar._skips.text() == "1 skipped"
    warning = bar._skips.icon().pixmap(18).toImage()
    bar.show_counts(Counts(skipped_by_reason={SkipReason.UNSUPPORTED: 4}), has_folders=True)
    assert bar._skips.text() == "4 of other types"
    assert bar._skips.icon().pixmap(18).toImage() != warning
    bar.show_counts(Counts(skipped_by_reason={SkipReason.NO_TEXT: 2}), has_folders=True)
    assert bar._skips.text() == "2 skipped"
    assert bar._skips.icon().pixmap(18).toImage() != warning
    bar.show_counts(Counts(), has_folders=True)
    assert bar._skips.isHidden()
