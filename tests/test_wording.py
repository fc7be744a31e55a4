"""What steers a terminal is replaced letter by letter; what people write stays."""

import pytest

from paribus.wording import plain

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xD800, 0xDFFF])  # fmt: skip
def test_what_steers_is_replaced_letter_by_letter(code):
    letter = chr(code)
    expected = letter if letter in "\t\n" else "\ufffd"
    assert plain(f"a{letter}b") == f"a{expected}b"


@pytest.mark.parametrize(
    "text", ["größe 😀 e\u0301", "שלום", "مرحبا", "日本語", "a\u200db", "tab\tline\n"]
)
def test_what_people_write_stays(text):
    assert plain(text) == text
