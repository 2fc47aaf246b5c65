"""PARENT: how well a text agrees with a table and a reference, where the reference may say more.

    from evaluate.parent import parent
    parent(guide_words, reference_words, [("title", ["the", "sea"]), …]).f1

Dhingra et al., "Handling Divergent Reference Texts when Evaluating Table-to-Text Generation",
ACL 2019, https://aclanthology.org/P19-1483, with the word-overlap model of entailment.
Precision counts an n-gram that the reference or the table supports; recall asks for what the
reference says of the table, and for the table's own values.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

ORDERS = 4
SMALLEST = 1e-5
"""What a precision or recall of 0 counts as in a geometric mean, as in the authors' own program."""

Words = Sequence[str]
Table = Sequence[tuple[str, Words]]
"""Attributes with their values; only the values are compared with texts."""


@dataclass(frozen=True, slots=True)
class Parent:
    """Entailed precision and recall with their harmonic mean, each from 0 to 1."""

    precision: float
    recall: float
    f1: float


def parent(text: Words, reference: Words, table: Table, weight: float | None = None) -> Parent:
    """PARENT of one text; all words must be folded alike.

    Args:
        text: the words to judge.
        reference: the words of a good text for the same table.
        table: the record; at least one value with a word in it.
        weight: λ, how much recall of the table counts against recall of the reference; None
            takes 1 minus the reference's own recall of the table, the paper's heuristic: what a
            good writer leaves out need not be said.
    """
    lexicon = {word for _, value in table for word in value}
    precision = _geometric_mean([_precision(text, reference, lexicon, n) for n in _orders()])
    of_reference = _geometric_mean([_recall(text, reference, lexicon, n) for n in _orders()])
    of_table = max(_table_recall(text, table), SMALLEST)
    share = 1 - _table_recall(reference, table) if weight is None else weight
    recall = of_reference ** (1 - share) * of_table**share
    total = precision + recall
    return Parent(precision, recall, 2 * precision * recall / total if total else 0.0)


def _orders() -> range:
    return range(1, ORDERS + 1)


def _precision(text: Words, reference: Words, lexicon: set[str], order: int) -> float:
    """Entailed precision: an n-gram of the reference counts in full, others as entailed."""
    ours, theirs = _ngrams(text, order), _ngrams(reference, order)
    if not ours:
        return 0.0
    entailed = 0.0
    for ngram, count in ours.items():
        matched = min(count, theirs[ngram])
        entailed += matched + (count - matched) * _entailment(ngram, lexicon)
    return entailed / ours.total()


def _recall(text: Words, reference: Words, lexicon: set[str], order: int) -> float:
    """Entailed recall: the reference's n-grams, weighted by how far the table entails them."""
    ours, theirs = _ngrams(text, order), _ngrams(reference, order)
    wanted = found = 0.0
    for ngram, count in theirs.items():
        entailment = _entailment(ngram, lexicon)
        wanted += count * entailment
        found += min(count, ours[ngram]) * entailment
    # A reference that says nothing of the table asks for nothing.
    return found / wanted if wanted else 1.0


def _table_recall(text: Words, table: Table) -> float:
    """Recall of the table: how much of each value stands in the text, in its order."""
    values = [value for _, value in table if value]
    return sum(_common_subsequence(value, text) / len(value) for value in values) / len(values)


def _entailment(ngram: tuple[str, ...], lexicon: set[str]) -> float:
    """Word overlap: the share of its words that are words of the table."""
    return sum(word in lexicon for word in ngram) / len(ngram)


def _ngrams(words: Words, order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[i : i + order]) for i in range(len(words) - order + 1))


def _common_subsequence(one: Words, other: Words) -> int:
    """Length of the longest common subsequence."""
    best = [0] * (len(other) + 1)
    for word in one:
        diagonal = 0
        for index, candidate in enumerate(other, 1):
            above = best[index]
            best[index] = diagonal + 1 if word == candidate else max(above, best[index - 1])
            diagonal = above
    return best[-1]


def _geometric_mean(values: Sequence[float]) -> float:
    """Over the orders; a text that shares no word with anything earns nothing."""
    if values[0] == 0:
        return 0.0
    return math.exp(math.fsum(math.log(value or SMALLEST) for value in values) / len(values))
