"""`campaign check` foretells what loading a list comes to, line by line, and leaves nothing."""

from pathlib import Path

from campaign.core.records import LineFate
from campaign.engine.loading import Loading
from campaign.intake import open_sheet
from campaign.settings import parse
from campaign.wiring.checking import Known, checked
from tests.integration.house import KEY, House, a_house
from tests.integration.test_lists import taken_in

HEADER = "phone,name,city"
FIRST = (HEADER, *(f"981230000{of},Person {of},Pune" for of in range(1, 6)))
LATER = (
    HEADER,
    "98123 00001,Person 1,Pune",  # known
    "9812300002,Person 2,Goa",  # changed
    "9812300002,Person 2,Surat",  # known: a file speaks of a lead once
    "9812300003,Person 3,",  # changed
    "9812300006,Person 6,Pune",  # new
    "9812300006,Person 6,Goa",  # a duplicate
    "9.81E+09,Person 7,Pune",  # the digits are gone
)


def a_list(folder: Path, name: str, lines: tuple[str, ...]) -> Path:
    path = folder / name
    path.write_text("\n".join(lines))
    return path


def there(house: House) -> Known:
    return Known(house.books, KEY, house.campaign)


async def test_a_later_list_is_told_as_it_would_be_loaded(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        await taken_in(house, open_sheet(a_list(tmp_path, "first.csv", FIRST)))
        sheet = open_sheet(a_list(tmp_path, "later.csv", LATER))
        told = (await checked(sheet, parse({}, "the test"), there(house))).taken
        assert (told.lines, told.new, told.known, told.changed) == (7, 1, 4, 2)
        assert told.rejects == {"duplicate": 1, "digits_lost": 1}
        loading, record = await taken_in(house, sheet)
        assert isinstance(loading, Loading)
        assert (record.lines, record.new, record.known, record.changed) == (7, 1, 4, 2)
        assert loading.fates[LineFate.REJECTED] == record.rejects == sum(told.rejects.values())


async def test_people_of_another_campaign_are_new_and_counted(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        await taken_in(house, open_sheet(a_list(tmp_path, "first.csv", FIRST)))
        sheet = open_sheet(a_list(tmp_path, "later.csv", LATER))
        told = await checked(sheet, parse({}, "the test"), Known(house.books, KEY, None))
        assert (told.taken.new, told.taken.known, told.taken.changed) == (4, 0, 0)
        assert told.elsewhere == {house.campaign.name: 3}
        assert await house.books.imports(house.campaign.id) != []


async def test_a_custom_field_that_grows_too_long_is_a_reject_before_anything_is_loaded(tmp_path: Path) -> None:
    settings = parse({"provider": {"custom_field": "{attempt} {name} {city}"}}, "the test")
    lines = (HEADER, "9812300001,Asha,Pune", f"9812300002,{'x' * 60},{'y' * 60}", f"9812300003,{'x' * 129},Pune")
    sheet = open_sheet(a_list(tmp_path, "list.csv", lines), needs=["name", "city"])
    found = await checked(sheet, settings, None)
    assert (found.taken.new, found.taken.rejects) == (1, {"field_too_long": 2})
    [some] = found.examples.values()
    assert [each.source_line for each in some] == [3, 4]
