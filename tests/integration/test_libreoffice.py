"""What the gallery says of LibreOffice's files is what the program writes; skipped where there is none."""

import re
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from campaign.errors import ListError
from campaign.intake import open_sheet
from tests.integration import libreoffice
from tests.integration.gallery_books import OFFICE
from tests.integration.libreoffice import COMMAS, SEMICOLONS_AND_QUOTES, SHEET, STRINGS, TABS_IN_UTF_16

AS_TEXT = {
    COMMAS: libreoffice.as_text(OFFICE).encode(),
    SEMICOLONS_AND_QUOTES: libreoffice.as_text(OFFICE, ";", quoted=True).encode(),
    TABS_IN_UTF_16: libreoffice.as_text(OFFICE, "\t").encode("utf-16"),
}
A_CELL = re.compile(r'<c r="\w+" s="\d+" t="\w"><v>[^<]*</v></c>')


def converted(folder: Path, kind: str, options: str = "") -> Path:
    program = shutil.which("soffice")
    if not program:
        pytest.skip("no soffice here (LibreOffice Calc): its files were not made anew")
    sheet = folder / "list.fods"
    sheet.write_text(libreoffice.as_its_own(OFFICE), encoding="utf-8")
    own = f"-env:UserInstallation={(folder / 'office').as_uri()}"
    wanted = [program, own, "--headless", "--convert-to", f"{kind}{options}", "--outdir", str(folder), str(sheet)]
    subprocess.run(wanted, check=True, capture_output=True, timeout=50)
    return folder / f"list.{kind}"


@pytest.mark.parametrize("options", AS_TEXT)
def test_its_text_is_what_the_gallery_says(tmp_path: Path, options: str) -> None:
    made = converted(tmp_path, "csv", f":Text - txt - csv (StarCalc):{options}")
    assert made.read_bytes() == AS_TEXT[options]


def test_a_sheet_in_its_own_format_is_refused_by_that_name(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="a document of LibreOffice's own format"):
        open_sheet(converted(tmp_path, "ods"))


def test_the_cells_of_its_workbook_are_what_the_gallery_says(tmp_path: Path) -> None:
    made, said = converted(tmp_path, "xlsx"), libreoffice.parts(OFFICE)
    with ZipFile(made) as archive:
        written = {name: archive.read(name).decode() for name in said}
    assert written[STRINGS].endswith(said[STRINGS])
    # A date, a number shown as 9.81E+09 and lines in a cell have styles; the program counts them as they come.
    cells, ours = (
        [re.sub(' s="."', "", each) for each in A_CELL.findall(text)] for text in (written[SHEET], said[SHEET])
    )
    assert cells == ours
