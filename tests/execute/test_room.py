"""How much memory this machine has."""

from paribus.execute.room import UNKNOWN, machine_memory


def test_this_machine_says_how_much_memory_it_has():
    assert 100_000_000 < machine_memory() < UNKNOWN
