"""How long the numbers of a list take: what a large list costs beside reading it."""

import random
import time
from functools import cache
from itertools import count, islice

import phonenumbers

from benchmarks.measure import QUICK, Row
from campaign.intake.number import NumberRules, read_numbers
from campaign.intake.spelling import usual
from campaign.intake.table import CHUNK

COUNT = 20_000
SPELLINGS = ("+91", "91", "0", "")


def usual_spellings() -> Row:
    return Row("usual numbers, checked", "phonenumbers", _ours, _theirs, 0.05, 2 if QUICK else 9)


@cache
def _cells() -> list[str]:
    luck = random.Random(1)
    spelt = (f"{luck.choice(SPELLINGS)}{luck.randrange(6 * 10**9, 10**10)}" for _ in count())
    return list(islice(filter(usual("IN"), spelt), COUNT))


def _ours() -> float:
    cells, rules = _cells(), NumberRules("IN")
    begun = time.process_time()
    for first in range(0, COUNT, CHUNK):
        read_numbers(cells[first : first + CHUNK], rules)
    return time.process_time() - begun


def _theirs() -> float:
    cells = _cells()
    begun = time.process_time()
    for cell in cells:
        number = phonenumbers.parse(cell, "IN")
        assert phonenumbers.is_valid_number(number)
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return time.process_time() - begun
