"""Weights of the evidence for bar lines, in the order of `evidence.list_readings`.

Written by `python evals/learn_bars.py`. Learned from music21's corpus: its chorales,
chamber and piano music, and the fiddle tunes of Aird and Ryan. The corpus holds
music in the public domain; its encodings are under their encoders' terms
(music21/corpus/license.txt), and none of it is here.
"""

WEIGHTS = (
    -5.22, 1.4, 1.83, 2.68, 6.39, -1.75, -5.94, -7.67, 8.66, 6.27,
    4.22, 2.91, -1.5, -4.2, -0.0165, -1.23, 7.68, 6.48, -0.546, 2.53,
    4.11, 5.08, 2.59, 8.33, 1.26, -1.37, 6.28, -3.15, -0.37, 3.8,
    -1.26, 0.798, 3.29, -0.0207, -2.11, 2.39, 0.727, 1.57, 1.62, 1.9,
    4.42, -3.63, 2.15, 0.0327, 0.994, 0.444, -2.5, -0.708, 0.426, 2.28,
    -1.82, 1.32, -0.748, 4.68, -0.895, 3.42, 0.56, 0.934, -0.819, 1.37,
    0.395, 1.13, -0.217, 1.4, -1.35, 0.872, 1.4, 0.0368, 0.801, -0.428,
    -0.514, 0.267, 0.583, -1.36, 0.524, -0.0378, 0, -0.0385, 0.38, 0.554,
    0.445, 0.429, 0.583, 0.608, -1.01, -3.54, 0.157, 0.061, 1.64, 0.665,
    0.00226, -0.773, 0.277, -0.897, -2.72, -1.24, -1.95, -0.266, -2.04, 0.104,
    -2.87, -3.16, -2.83, -2.32, -2.49, -1.28, 2.82, 4.4, 6.11, 5.24,
    0.68, -2.46,
)  # fmt: skip
