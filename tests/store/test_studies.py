"""One PostgreSQL database holds many studies, and none sees another's trials."""

import pytest

from paribus.errors import StoreError
from paribus.records import Trial, TrialOutcome, Variant
from paribus.store.store import open_store
from paribus.store.studies import LONGEST, schema_of

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
IDENTITY = "a" * 64


def trial(variant):
    return Trial(IDENTITY, Variant(variant, {}, {}, {}, {}), 0)


def begun(url, study, variant="v"):
    with open_store(url, study=study) as store:
        store.register(study, "yaml", "{}", "now")
        store.add_trials([trial(variant)])
        store.finish(IDENTITY, TrialOutcome("done", 1, 1.0, {"loss": float(len(study))}))


def read(url, study=None):
    with open_store(url, read_only=True, study=study) as store:
        (found,) = store.trials()
        return found


def test_two_studies_share_no_trial_and_no_name(postgres_database):
    begun(postgres_database, "one", "left")
    begun(postgres_database, "other", "right")
    assert (read(postgres_database, "one").variant, read(postgres_database, "one").metrics) == ("left", {"loss": 3.0})  # fmt: skip
    assert (read(postgres_database, "other").variant, read(postgres_database, "other").metrics) == ("right", {"loss": 5.0})  # fmt: skip


def test_the_only_study_needs_no_name_and_one_of_several_does(postgres_database):
    begun(postgres_database, "one")
    assert read(postgres_database).metrics == {"loss": 3.0}
    begun(postgres_database, "other")
    with pytest.raises(StoreError, match=r"holds several studies \(one, other\), got no name"):
        read(postgres_database)
    with pytest.raises(
        StoreError, match=r"must hold the study 'third', got the studies one, other"
    ):
        read(postgres_database, "third")


def test_a_study_in_the_default_schema_stays_there(postgres_database):
    """As an earlier version has left it; a second one goes beside it."""
    with open_store(postgres_database) as store:
        store.register("old", "yaml", "{}", "then")
        store.add_trials([trial("old")])
    begun(postgres_database, "new")
    with open_store(postgres_database, study="old") as store:
        assert store.trials()[0].variant == "old"
        store.finish(IDENTITY, TrialOutcome("done", 1, 1.0, {"loss": 0.0}))
    assert read(postgres_database, "old").status == "done"
    assert read(postgres_database, "new").metrics == {"loss": 3.0}


def test_a_run_holds_its_study_and_no_other(postgres_database):
    with (
        open_store(postgres_database, study="one") as one,
        open_store(postgres_database, study="one") as again,
        open_store(postgres_database, study="other") as other,
        one.held(),
    ):
        with other.held():
            pass
        with pytest.raises(StoreError, match="must not be in use by another run"), again.held():
            pass


@pytest.mark.parametrize("name", ["a" * 100, "a" * 99 + "b", "A-_9", "Digits", "digits"])
def test_every_name_has_a_place_of_its_own(postgres_database, name):
    assert len(schema_of(name).encode()) <= LONGEST
    begun(postgres_database, name, "mine")
    begun(postgres_database, "a" * 99 + "c", "theirs")
    assert read(postgres_database, name).variant == "mine"


def test_a_role_without_the_right_to_make_schemas_has_one_study(postgres_database):
    import psycopg

    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("CREATE ROLE plain LOGIN")
        connection.execute("GRANT CREATE, USAGE ON SCHEMA public TO plain")
    plain = postgres_database.replace("paribus@", "plain@")
    try:
        begun(plain, "one")
        assert read(plain, "one").metrics == {"loss": 3.0}
        with pytest.raises(StoreError, match='CREATE SCHEMA "paribus:other" AUTHORIZATION'):
            begun(plain, "other")
        assert read(plain).metrics == {"loss": 3.0}
    finally:
        with psycopg.connect(postgres_database, autocommit=True) as connection:
            connection.execute("DROP OWNED BY plain")
            connection.execute("DROP ROLE plain")


def test_many_first_starts_make_one_schema(postgres_database):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: open_store(postgres_database, study="one").close(), range(32)))
    begun(postgres_database, "one")
    assert read(postgres_database).metrics == {"loss": 3.0}
