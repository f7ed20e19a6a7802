"""Makes a search for passages out of passages: how well texts find texts by what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.models.wordpiece import HAN_RUN
from engine.training.data.corpora.documents import sentences
from engine.training.data.corpora.sentence import Sentence

_QUERY_WORDS = range(5, 41)
_FEWEST_DOCUMENT_WORDS = 20


@dataclass(frozen=True, slots=True)
class PassageTrial:
    """Queries, documents, and by query the index of the one document that answers it."""

    queries: tuple[str, ...]
    documents: tuple[str, ...]
    right: tuple[int, ...]


def passage_trial(held: Sequence[Sentence]) -> PassageTrial:
    """The first sentence of each passage against the rest of every passage.

    The inverse cloze task (K. Lee et al., "Latent Retrieval for Weakly Supervised Open Domain
    Question Answering", ACL 2019), without its random choice of the sentence. Texts too short for
    both halves are left out, as are repeated ones, which would have two right answers.
    """
    answers: dict[str, str] = {}
    for sentence in held:
        query, *rest = sentences(sentence.text) or [""]
        document = " ".join(rest)
        if len(query.split()) in _QUERY_WORDS and len(document.split()) >= _FEWEST_DOCUMENT_WORDS:
            answers.setdefault(document, query)
    once = {query: document for document, query in answers.items()}
    return PassageTrial(tuple(once), tuple(once.values()), tuple(range(len(once))))


def translation_trial(held: Sequence[Sentence]) -> PassageTrial:
    """Each Chinese text against what all of them mean in English."""
    queries = {
        sentence.text: sentence.means
        for sentence in held
        if sentence.means and HAN_RUN.search(sentence.text)
    }
    places = {means: place for place, means in enumerate(dict.fromkeys(queries.values()))}
    return PassageTrial(
        tuple(queries), tuple(places), tuple(places[means] for means in queries.values())
    )
