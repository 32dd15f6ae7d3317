"""Figures that a script brings to life: the box, its figure and its data."""

import base64
import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from dam.figures import simulation


def test_box_has_figure_text_and_data():
    figure, _ = plt.subplots()
    shown = simulation.Simulation("kind", figure, " Bars <here>. ", words="a </script> b", numbers=[1, 2.5])
    page = shown.to_html()
    assert page.count("</script>") == 1 and 'class="simulation kind"' in page and 'alt="Bars &lt;here&gt;."' in page
    data = re.search(r'<script type="application/json">(.*)</script>', page)[1]
    assert json.loads(data) == {"words": "a </script> b", "numbers": [1, 2.5]}
    assert shown._repr_mimebundle_()["text/html"] == page and repr(shown) == "Simulation(kind)"
    assert figure.number not in plt.get_fignums()


def test_a_figure_needs_a_text_and_numbers_need_to_be_finite():
    with pytest.raises(ValueError, match="kind has no text alternative"):
        simulation.Simulation("kind", plt.figure(), " ")
    with pytest.raises(ValueError, match="not JSON compliant"):
        simulation.Simulation("kind", plt.figure(), "text", numbers=[float("nan")]).to_html()
    plt.close("all")


def test_crowd_holds_the_digits_bit_by_bit():
    stored = np.where(np.random.default_rng(0).random((5, 16)) < 0.5, -1.0, 1.0)
    positions = [{"n": 2}, {"beta": 0.1}]
    data = simulation.crowd(plt.figure(), "Bars.", stored[3], stored, 3, [1, 2, 3, 4, 5], positions, {"beta": 0.1}).data
    bits = np.unpackbits(np.frombuffer(base64.b64decode(data["stored"]), np.uint8))
    assert np.array_equal(2.0 * bits.reshape(5, 16) - 1, stored)
    assert (data["chosen"], data["classes"], data["start"]) == (3, "12345", 1)
