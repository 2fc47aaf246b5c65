"""One clause of a date text ("c.1905–6", "exhibited 1831", "before 1405") read into years.

    from data.date_clauses import read_clauses
    from data.date_tokens import normalize, tokenize
    read_clauses(tokenize(normalize("1829, exhibited 1831")))

`data/dates.py` puts the clauses of a text together; here each stands alone. A clause holds one or
more points in time ("late 15th", "early 16th century") joined by signs and words such as a dash;
what a point leaves unsaid (its century, its era) it takes from its neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from data.date_tokens import Kind, Token

LAST_YEAR = 2100
"""No work in a collection is dated later; a greater number is not a year."""

_JOINTS = {Kind.TO, Kind.OR, Kind.AND, Kind.SLASH}
_BREAKS = {Kind.COMMA, Kind.SEMICOLON, Kind.OPEN, Kind.CLOSE}


class NotADateError(Exception):
    """The clause says something this grammar does not know; it never leaves this module."""


@dataclass(slots=True)
class Point:
    """One point in time while its words are gathered; `number` is what the text wrote."""

    shape: Kind | None = None  # NUMBER, DECADE, CENTURY or MILLENNIUM once known
    number: int | None = None
    digits: int = 0
    ordinal: int | None = None  # a bare ordinal: of a century, or of a fraction
    part: str = ""
    fraction: tuple[str, int] | None = None  # ("quarter", 2); 0 stands for the last
    last: bool = False
    era: Kind | None = None

    @property
    def empty(self) -> bool:
        """Whether no word of a point has been met yet."""
        return self == Point()


@dataclass(slots=True)
class Clause:
    """What one clause gives; `points` is empty where it names no time."""

    earliest: int = 0
    latest: int = 0
    points: int = 0
    grain: Kind = Kind.NUMBER  # the coarsest kind of point: NUMBER, DECADE, CENTURY
    years: list[int] = field(default_factory=list)
    circa: bool = False
    doubt: bool = False
    bound: str = "at"
    event: str = ""
    in_brackets: bool = False
    is_period: bool = False
    understood: bool = True


def read_clauses(tokens: list[Token]) -> list[Clause]:
    """Split at commas, semicolons, brackets and event words, and read each piece."""
    clauses: list[Clause] = []
    piece: list[Token] = []
    depth = 0

    def close() -> None:
        if piece:
            clauses.append(_read(piece, in_brackets=depth > 0))
            piece.clear()

    for token in tokens:
        if token.kind in _BREAKS:
            close()
            depth += (token.kind is Kind.OPEN) - (token.kind is Kind.CLOSE and depth > 0)
            continue
        if token.kind is Kind.EVENT and any(t.kind in (Kind.NUMBER, Kind.DECADE) for t in piece):
            close()
        piece.append(token)
    close()
    return clauses


def _read(tokens: list[Token], *, in_brackets: bool) -> Clause:
    clause = Clause(in_brackets=in_brackets)
    if any(token.kind is Kind.PERIOD for token in tokens):
        clause.is_period = True
        return clause
    try:
        _gather(tokens, clause)
    except NotADateError:
        clause.understood = False
        clause.points = 0
        clause.years = [
            int(t.value)
            for t in tokens
            if t.kind is Kind.NUMBER and len(t.value) == 4 and 1000 <= int(t.value) <= LAST_YEAR
        ]
    return clause


def _gather(tokens: list[Token], clause: Clause) -> None:
    points: list[Point] = []
    joints: list[Kind] = []
    point = Point()
    position = 0
    while position < len(tokens):
        token = tokens[position]
        kind = token.kind
        if kind in _JOINTS:
            if point.empty and not points:
                raise NotADateError
            if not point.empty:
                points.append(point)
                joints.append(kind)
                point = Point()
        elif kind is Kind.HIJRI:
            position = _skip_hijri(tokens, position, point)
            if point.number is not None:
                point = Point()
                if joints:
                    joints.pop()
        elif _ends_clause(token, point, last=position + 1 == len(tokens)):
            clause.years += _stray_years(tokens[position:])
            break
        else:
            _take(token, point, points, clause, tokens[position - 1].kind if position else None)
        position += 1
    if not point.empty:
        points.append(point)
    elif len(joints) == len(points) and joints:
        _open_end(clause, tokens)
        joints.pop()
    _settle(points, clause)


def _ends_clause(token: Token, point: Point, *, last: bool) -> bool:
    """Whether the words from here on speak of a model or source and no longer of this work."""
    if point.shape is None and point.ordinal is None:
        return False
    if token.kind is Kind.ASIDE or (token.kind is Kind.NOISE and token.value in ("from", "in")):
        return True
    return token.kind is Kind.AFTER and not last


def _stray_years(tokens: list[Token]) -> list[int]:
    numbers = (t.value for t in tokens if t.kind is Kind.NUMBER and len(t.value) == 4)
    return [int(n) for n in numbers if 1000 <= int(n) <= LAST_YEAR]


def _skip_hijri(tokens: list[Token], position: int, point: Point) -> int:
    """The position of the sign after a Hijri year, whose Gregorian year follows a slash."""
    if point.number is not None:
        return position
    for index in range(position + 1, len(tokens)):
        if tokens[index].kind is Kind.SLASH:
            return index
        if tokens[index].kind not in (Kind.NUMBER, Kind.TO):
            break
    raise NotADateError


def _open_end(clause: Clause, tokens: list[Token]) -> None:
    """Nothing stands behind a joint: right in "or earlier", but a bare dash is not a date."""
    if clause.bound == "at" or tokens[-1].kind is Kind.TO:
        raise NotADateError


def _take(
    token: Token, point: Point, points: list[Point], clause: Clause, before: Kind | None
) -> None:
    """Add one token's meaning to the point or the clause."""
    kind, value = token.kind, token.value
    if kind in (Kind.NUMBER, Kind.DECADE):
        if point.shape is not None or point.ordinal is not None or len(value) > 4:
            raise NotADateError
        point.shape, point.number, point.digits = kind, int(value), len(value)
        if value.startswith("0"):
            raise NotADateError
    elif kind is Kind.ORDINAL or (kind is Kind.FRACTION and value == "third"):
        _take_ordinal(kind, value, point)
    elif kind is Kind.FRACTION:
        _take_fraction(value, point)
    elif kind in (Kind.CENTURY, Kind.MILLENNIUM):
        if point.shape is not None or point.ordinal is None:
            raise NotADateError
        point.shape, point.number, point.ordinal = kind, point.ordinal, None
    elif kind is Kind.PART:
        if value == "later" and before is Kind.OR and point.empty:
            clause.bound = "after"
        elif point.shape is not None or point.ordinal is not None or point.part:
            raise NotADateError
        else:
            point.part = value
    else:
        _take_remark(kind, value, point, points, clause, before)


def _take_ordinal(kind: Kind, value: str, point: Point) -> None:
    number = 3 if kind is Kind.FRACTION else int(value)
    if point.ordinal is not None and kind is Kind.FRACTION:  # "first third"
        point.fraction, point.ordinal = ("third", point.ordinal), None
    elif point.last and kind is Kind.FRACTION:
        point.fraction, point.last = ("third", 0), False
    elif point.ordinal is not None or point.shape is not None:
        raise NotADateError
    else:
        point.ordinal = number


def _take_fraction(value: str, point: Point) -> None:
    if point.shape is not None or point.fraction or (point.ordinal is None and not point.last):
        raise NotADateError
    point.fraction = (value, point.ordinal or 0)
    point.ordinal, point.last = None, False


def _take_remark(
    kind: Kind, value: str, point: Point, points: list[Point], clause: Clause, before: Kind | None
) -> None:
    if kind is Kind.CIRCA:
        clause.circa = True
    elif kind is Kind.DOUBT:
        clause.doubt = True
    elif kind in (Kind.BCE, Kind.CE):
        if point.era is not None:
            raise NotADateError
        point.era = kind
    elif kind is Kind.LAST:
        point.last = True
    elif kind in (Kind.BEFORE, Kind.AFTER, Kind.EARLIER):
        bound = "after" if kind is Kind.AFTER else "before"
        if points and before is not Kind.OR:  # "after 1248–by 1267": both ends are given
            if (clause.bound, bound, before) != ("after", "before", Kind.TO):
                raise NotADateError
            bound = "at"
        elif clause.bound != "at" or (kind is Kind.EARLIER and not points):
            raise NotADateError
        clause.bound = bound
    elif kind is Kind.EVENT:
        clause.event = clause.event or value
    elif kind not in (Kind.NOISE, Kind.MONTH):
        raise NotADateError


def _settle(points: list[Point], clause: Clause) -> None:
    """Complete every point from its neighbours and put their years into the clause."""
    if not points:
        return
    for left, right in zip(points[-2::-1], points[:0:-1], strict=True):
        _inherit(left, right)
    spans: list[tuple[int, int]] = []
    for index, point in enumerate(points):
        if index:
            if points[index - 1].era is Kind.CE and point.era is None:  # "A.D. 1306–7"
                point.era = Kind.CE
            _expand(point, points[index - 1])
        spans.append(_span(point))
    for earlier, later in pairwise(spans):
        if later[0] < earlier[0] or later[1] < earlier[1]:
            raise NotADateError
    clause.earliest, clause.latest = spans[0][0], spans[-1][1]
    clause.points = len(points)
    shapes = {point.shape for point in points}
    if shapes & {Kind.CENTURY, Kind.MILLENNIUM}:
        clause.grain = Kind.CENTURY
    elif Kind.DECADE in shapes:
        coarse = any(high - low > 9 for low, high in spans)
        clause.grain = Kind.CENTURY if coarse or _hundreds(points) else Kind.DECADE
    stated = [s[0] for p, s in zip(points, spans, strict=True) if p.shape is Kind.NUMBER]
    clause.years = stated + clause.years


def _hundreds(points: list[Point]) -> bool:
    return any(p.shape is Kind.DECADE and _decade_length(p) == 100 for p in points)


def _inherit(left: Point, right: Point) -> None:
    """Give "late 15th" the unit of "early 16th century", and "mid-" the number as well."""
    if left.shape is None:
        if right.shape in (None, Kind.NUMBER):
            raise NotADateError
        if left.ordinal is not None:
            if right.shape is Kind.DECADE:
                raise NotADateError
            left.number, left.ordinal = left.ordinal, None
        else:
            left.number, left.digits = right.number, right.digits
        left.shape = right.shape
    if left.era is None:
        left.era = right.era


def _expand(point: Point, previous: Point) -> None:
    """Fill the abbreviated number of "1851–3" or "1950s–60s" from the one before it."""
    if point.number is None or previous.number is None or point.shape is not previous.shape:
        return
    if point.shape not in (Kind.NUMBER, Kind.DECADE) or Kind.BCE in (point.era, previous.era):
        return
    if point.digits > 2 or point.digits >= previous.digits:
        return
    power: int = 10**point.digits
    point.number += previous.number // power * power
    point.digits = previous.digits


def _decade_length(point: Point) -> int:
    number = point.number or 0
    if number % 100 == 0 and number < 2000:
        return 100
    return 10


def _span(point: Point) -> tuple[int, int]:
    """First and last year of a complete point."""
    number = point.number
    if number is None or point.last or not number:
        raise NotADateError
    sign = -1 if point.era is Kind.BCE else 1
    if point.shape is Kind.NUMBER:
        if (point.era is None and point.digits < 3) or (sign > 0 and number > LAST_YEAR):
            raise NotADateError
        if point.fraction:
            raise NotADateError
        return sign * number, sign * number
    if point.shape is Kind.DECADE:
        length = _decade_length(point)
        if number % 10 or number < 100 or number > LAST_YEAR:
            raise NotADateError
        low = number if sign > 0 else -(number + length - 1)
    else:
        length = 1000 if point.shape is Kind.MILLENNIUM else 100
        if sign > 0 and (number - 1) * length >= LAST_YEAR:
            raise NotADateError
        low = (number - 1) * length + 1 if sign > 0 else -number * length
    return _section(point, low, low + length - 1)


def _section(point: Point, low: int, high: int) -> tuple[int, int]:
    """The part (early, mid, late) or fraction (2nd quarter) of low–high that the point names."""
    length = high - low + 1
    if point.fraction:
        name, which = point.fraction
        pieces = {"half": 2, "third": 3, "quarter": 4, "decade": 10}[name]
        which = which or pieces
        if which > pieces or point.part:
            raise NotADateError
        return low + length * (which - 1) // pieces, low + length * which // pieces - 1
    third = -(-length // 3)
    if point.part == "early":
        return low, low + third - 1
    if point.part == "mid":
        return low + third - 1, high - third + 1
    if point.part == "late":
        return high - third + 1, high
    if point.part == "later":
        return low + length // 2, high
    return low, high
