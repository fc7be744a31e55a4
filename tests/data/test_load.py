"""The name of a source: unknown ones are refused with the nearest."""

from tests.data.reading import refusal


def test_an_unknown_source_suggests_the_nearest():
    assert refusal("minst") == (
        "data.source: must be one of digits, mnist, fashion-mnist, cifar10, or a path that exists, got 'minst'. "
        "Did you mean 'mnist'?"
    )
