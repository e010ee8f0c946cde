"""What the documents name is there."""

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
ROWS = [line for line in (CHECKOUT / "docs" / "comparison.md").read_text(encoding="utf-8").splitlines() if "|" in line]


@pytest.mark.parametrize("row", ROWS[2:], ids=lambda row: row.split("|")[1].strip())
def test_a_row_of_the_comparison_has_no_empty_cell_and_names_files_that_exist(row):
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert all(cells)
    assert len(cells) == len(ROWS[0].strip("|").split("|"))
    named = re.findall(r"`([\w/.]+)`", cells[-1])
    assert named
    assert [file for file in named if not (CHECKOUT / file).exists()] == []
