"""What a request refuses: values of another kind as clearly as those out of range."""

import numpy as np
import pytest

from workbench.errors import RequestError
from workbench.models import GenerationRequest


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"bars": 2.5}, "bars must be a whole number, 1 to 512, got 2.5"),
        ({"bars": "4"}, "bars must be a whole number, 1 to 512, got '4'"),
        ({"bars": True}, "bars must be a whole number"),
        ({"bars": 0}, "bars must be 1 to 512, got 0"),
        ({"tempo_bpm": "fast"}, "tempo_bpm must be a number, 20.0 to 300.0, got 'fast'"),
        ({"temperature": float("nan")}, "temperature must be 0.0 to 2.0, got nan"),
        ({"seed": "a"}, "seed must be a whole number"),
        ({"roles": "bass"}, "roles must be a list such as"),
        ({"roles": [66]}, "roles must be a list such as"),
        ({"scale": "D dorian"}, "scale must be a list such as"),
        ({"instruments": ["tenor sax"]}, "instruments must be a list such as"),
        ({"pitch_range": (80, 40)}, "pitch_range must be"),
    ],
)
def test_it_says_what_was_expected_and_what_came(fields, says):
    with pytest.raises(RequestError) as caught:
        GenerationRequest(**fields)
    assert says in str(caught.value)


def test_numbers_of_numpy_are_numbers():
    request = GenerationRequest(
        bars=np.int64(4), tempo_bpm=np.float32(90), scale=tuple(np.arange(3))
    )
    assert (request.bars, request.tempo_bpm) == (4, 90)
