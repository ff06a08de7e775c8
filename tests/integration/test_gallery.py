"""Every file of the gallery is read as its table says, each line of it, or refused in the words it says."""

from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from campaign.core.records import NewLead, Reject
from campaign.errors import ListError
from campaign.intake import NumberRules, lines, open_sheet
from tests.integration.gallery import TEXTS, Exhibit
from tests.integration.gallery_books import BOOKS

GALLERY = [*TEXTS, *BOOKS]
READ = [each for each in GALLERY if not each.refused]
REFUSED = [each for each in GALLERY if each.refused]
IN = NumberRules("IN")


def fate(line: NewLead | Reject) -> str:
    what = str(int(line.number.e164.removeprefix("+9198123"))) if isinstance(line, NewLead) else line.reason
    return f"{line.source_line} {what}"


@pytest.mark.parametrize("exhibit", READ, ids=lambda each: each.what)
def test_every_line_of_a_file_has_its_fate(tmp_path: Path, exhibit: Exhibit) -> None:
    sheet = open_sheet(exhibit.lay(tmp_path), form=exhibit.form)
    assert exhibit.told in sheet.told
    assert ", ".join(map(fate, chain.from_iterable(lines(sheet, rules=IN)))) == exhibit.fates


@pytest.mark.parametrize("exhibit", REFUSED, ids=lambda each: each.what)
def test_a_file_that_is_no_list_is_refused_in_one_sentence_with_the_next_step(tmp_path: Path, exhibit: Exhibit) -> None:
    path = exhibit.lay(tmp_path)
    form = replace(exhibit.form, file_name="people")  # whatever its path is
    with pytest.raises(ListError) as refused:
        list(lines(open_sheet(path, form=form), rules=IN))
    message = refused.value.message
    assert exhibit.refused in message.replace("people, ", "")
    assert message.startswith("people")
    assert path.name not in message
    assert message.count("\n") == 0
    assert refused.value.hint


def test_the_gallery_is_large_and_every_exhibit_is_another() -> None:
    assert len({each.what for each in GALLERY}) == len(GALLERY) >= 100
