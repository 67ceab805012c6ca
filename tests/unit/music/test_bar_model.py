"""What the evidence for a reading of the bars is worth."""

import numpy as np

from scorewire.music.bar_model import BarModel, learned_bar_model


def test_evidence_counts_alone_and_together():
    """A linear sum, and what units make of the same evidence, of which one takes in both."""
    model = BarModel(
        linear=np.array([2.0, -1.0], dtype=np.float32),
        hidden=np.array([[1.0, 0.0], [1.0, 0.0]], dtype=np.float32),
        bias=np.array([0.0, 1.0], dtype=np.float32),
        output=np.array([3.0, 5.0], dtype=np.float32),
        track=np.array(0.5, dtype=np.float32),
    )
    odds = model.log_odds(np.array([[0.0, 0.0], [1.0, 2.0]]))
    assert np.allclose(odds[0], 5 * np.tanh(1))
    assert np.allclose(odds[1], 3 * np.tanh(3) + 5 * np.tanh(1))


def test_learned_weights_are_whole():
    """What is shipped fits together, and the tracker's own score speaks for a reading."""
    model = learned_bar_model()
    features, units = model.hidden.shape
    assert model.linear.shape == (features,)
    assert model.bias.shape == model.output.shape == (units,)
    assert model.track > 0
    assert all(np.isfinite(part).all() for part in (model.linear, model.hidden, model.output))
