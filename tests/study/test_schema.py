"""The JSON Schema knows the examples and refuses a misspelt key."""

import pytest

from paribus.study.reading import read_text
from paribus.study.schema import json_schema
from tests.study.written import GOOD


def test_the_json_schema_knows_the_examples_and_refuses_a_misspelt_key():
    import jsonschema

    schema = json_schema()
    value = read_text(GOOD).value
    jsonschema.validate(value, schema)
    value["train"]["epocs"] = 3
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, schema)
